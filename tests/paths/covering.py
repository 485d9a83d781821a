# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real visits and cover visits before an observer, and a classifier that is asked to tell them apart.

Rules of this file: a real visit is the program's own `main`, with a person who types; a cover visit is `Cover.do`. What both do is drawn
from one model of a person, each by itself. Time is pressed: a person's minutes are parts of a second, for both in the same way.
"""

from __future__ import annotations

import io
import math
import os
import signal
import sys
import time
import zlib
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np
from sklearn.ensemble import RandomForestClassifier  # pyright: ignore[reportMissingTypeStubs] - it has none

from corncrake_crypto.codename import Codename
from corncrake_crypto.encoding import b64url, root_text
from corncrake_reporter.__main__ import main
from corncrake_reporter.cover import Cover
from corncrake_reporter.habits import Habits, draw_message
from corncrake_reporter.schedule import Schedule, Step
from corncrake_reporter.terminal import Terminal
from corncrake_reporter.visit import Link
from tests.server.running import RunningServer, free_port
from tests.simulators.observer import Observer
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path
    from random import Random

    from corncrake_reporter.habits import Kind, Said
    from tests.simulators.observer import Seen

PRESSED: Final = 1 / 1_000
HABITS: Final = Habits(size=300_000, most_size=2_500_000, brings_files=0.75, looks_in_log=0.5)
"""As people's, but for smaller files, so that hundreds of visits take minutes, and more often some, as the log, so that there is more to see."""
KINDS: Final[tuple[Kind, ...]] = ("first",) * 7 + ("add", "add", "check")
TREES: Final = 300
Draw: TypeAlias = "Callable[[Habits, Random], Said]"
Z: Final = 1.959964
"""Of a normal distribution, for 95 of 100."""


class Typing(io.StringIO):
    """A person at a terminal, who thinks before the first line."""

    def __init__(self, text: str, thinking: float) -> None:
        super().__init__(text)
        self._thinking = thinking

    def isatty(self) -> bool:
        return True

    def readline(self, size: int = -1, /) -> str:
        time.sleep(self._thinking)
        self._thinking = 0.0
        return super().readline(size)


@contextmanager
def _person(typing: Typing, codename: Codename) -> Generator[None]:
    before, stdin = dict(os.environ), sys.stdin
    os.environ["CORNCRAKE_TODAY"] = TODAY.isoformat()
    os.environ["CORNCRAKE_WORDS"] = " ".join(codename.words("en"))
    sys.stdin = typing
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        sys.stdin = stdin
        os.environ.clear()
        os.environ.update(before)


def _pause(seconds: float) -> None:
    time.sleep(seconds * PRESSED)


@dataclass
class Place:
    """A server behind an observer, and a folder for what the reporter's machine holds."""

    server: RunningServer
    observer: Observer
    origin: str
    folder: Path
    chance: Random

    @property
    def receipt(self) -> Path:
        """Of a report that was sent before anybody looked."""
        return self.folder / "receipt.note"

    def prepare(self) -> None:
        """Have a receipt, and a log to look for it in."""
        self._run(Typing("x\n\n\n", 0.0), "send", "--yes", "--receipt", str(self.receipt))
        self.server.publish()
        self.observer.seen()

    def _run(self, typing: Typing, task: str, *more: str) -> None:
        place = ["--server", self.origin, "--root", root_text(self.server.organisation.root), "--language", "en"]
        with _person(typing, Codename.generate()):
            assert main([task, *place, *more]) == 0

    def real(self, kind: Kind | None = None, draw: Draw = draw_message) -> Seen:
        """One visit of a person."""
        kind, said = kind or self.chance.choice(KINDS), draw(HABITS, self.chance)
        paths = [self.folder / f"file{at}.bin" for at in range(len(said.files))]
        for path, size in zip(paths, said.files, strict=True):
            path.write_bytes(bytes(size))
        more = ["--yes", *(word for path in paths for word in ("--file", str(path)))]
        if kind == "check":
            more = ["--receipt", str(self.receipt)] if said.looks_in_log else []
        self._run(Typing("x" * said.text + "\n\n\n", said.thinking * PRESSED), "send" if kind == "first" else kind, *more)
        return self.observer.seen()

    def cover(self, draw: Draw = draw_message, kind: Kind | None = None) -> Seen:
        """One visit of nobody, drawn as is said."""
        kind = kind or self.chance.choice(KINDS)
        link = Link(self.origin, self.server.organisation.root, None)
        schedule = Schedule(self.folder / "schedule.json", link, TODAY)
        step = Step(day=TODAY, kind=kind, entropy=b64url(Codename.generate().entropy))
        schedule.add(step)
        covering = Cover(link, schedule, 7.0, Terminal("en"), HABITS, self.chance, draw, _pause)
        told = io.StringIO()
        with _person(Typing("", 0.0), Codename.generate()), redirect_stderr(told):
            covering.do(step)
        assert "One visit is done" in told.getvalue()
        return self.observer.seen()


@contextmanager
def observed(folder: Path, chance: Random) -> Generator[Place]:
    """A real server with an open desk, its origin the observer's port."""
    server = RunningServer(folder, f"sqlite+aiosqlite:///{folder}/database.sqlite")
    port = free_port()
    behind, server.origin = server.origin, f"http://127.0.0.1:{port}"
    server.prepare()
    # The charter names the port of whoever watches; what is asked on behalf of nobody goes past him.
    server.origin = behind
    server.start()
    try:
        server.origin = f"http://127.0.0.1:{port}"
        with Observer(server, port) as observer:
            server.open_desk()
            place = Place(server, observer, server.origin, folder, chance)
            place.prepare()
            yield place
    finally:
        server.end(signal.SIGKILL)


def features(seen: Seen) -> list[float]:
    """What an observer can count and measure of one run."""
    asked = seen.asked
    posts = [one for one in asked if one.method == "POST"]
    puts = [one for one in asked if one.method == "PUT"]
    visit = [one for one in asked if one.method == "GET"]
    begin = asked[0].at
    thought = posts[0].at - visit[-1].at if posts else -1.0
    gaps = [later.at - one.at for one, later in pairwise(puts)]
    visit_gaps = [later.at - one.at for one, later in pairwise(visit)]
    order = [float(zlib.crc32(f"{one.method} {one.path}".encode()) % 997) for one in asked[:8]]
    return [
        *(order + [0.0] * 8)[:8],
        float(len(asked)),
        float(len(visit)),
        float(len(puts)),
        float(sum(one.method == "HEAD" for one in asked)),
        float(seen.connections),
        float(seen.up),
        float(seen.down),
        float(sum(one.size for one in visit)),
        float(sum(one.size for one in posts)),
        float(sum(one.size for one in puts)),
        float(max((one.size for one in puts), default=0)),
        thought,
        sum(visit_gaps) / max(1, len(visit_gaps)),
        max(visit_gaps, default=0.0),
        puts[0].at - posts[0].at if puts else -1.0,
        sum(gaps) / max(1, len(gaps)),
        max(gaps, default=0.0),
        seen.ended - asked[-1].at,
        seen.ended - begin,
        float(len(seen.rows)),
        float(sum(seen.rows)),
        float(len(seen.blocks)),
        float(sum(seen.blocks)),
        float(seen.logged),
    ]


class Verdict(NamedTuple):
    """How many of so many runs that it had not seen the classifier named rightly."""

    right: int
    runs: int

    @property
    def accuracy(self) -> float:
        """From 0 to 1; a guess has a half."""
        return self.right / self.runs

    @property
    def interval(self) -> tuple[float, float]:
        """Where the accuracy lies in 95 of 100 cases (Wilson)."""
        n, share = self.runs, self.accuracy
        middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
        return middle - half, middle + half

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.right} of {self.runs} right, {self.accuracy:.3f} (95 of 100: {low:.3f} to {high:.3f})"


def make_runs(place: Place, count: int, covers: Mapping[str, Draw]) -> dict[str, list[list[float]]]:
    """Make so many visits of people, and as many of each kind of cover, all in random order; what is seen of each, by kind, `real` for people."""
    kinds = [kind for kind in ("real", *covers) for _ in range(count)]
    place.chance.shuffle(kinds)
    found: dict[str, list[list[float]]] = {kind: [] for kind in ("real", *covers)}
    for kind in kinds:
        found[kind].append(features(place.real() if kind == "real" else place.cover(covers[kind])))
    return found


def _forest() -> Any:
    # Scikit-learn says little about its types.
    return RandomForestClassifier(n_estimators=TREES, min_samples_leaf=3, random_state=1, n_jobs=1)


def _right(forest: Any, values: list[list[float]], labels: list[int]) -> int:
    return int((forest.predict(np.array(values)) == np.array(labels)).sum())


def judge(real: list[list[float]], cover: list[list[float]], held_out: int) -> Verdict:
    """Train on the earlier runs of both, and ask about the last ones: `held_out` in all."""
    part = held_out // 2
    forest = _forest().fit(np.array(real[:-part] + cover[:-part]), np.array([0] * (len(real) - part) + [1] * (len(cover) - part)))
    return Verdict(_right(forest, real[-part:] + cover[-part:], [0] * part + [1] * part), 2 * part)


def judge_by_turns(real: list[list[float]], cover: list[list[float]]) -> Verdict:
    """Ask about every run, in four turns, each time a forest that was trained on the other three quarters: where there are few runs."""
    right = 0
    for turn in range(4):
        train = [(value, label) for label, runs in enumerate((real, cover)) for at, value in enumerate(runs) if at % 4 != turn]
        ask = [(value, label) for label, runs in enumerate((real, cover)) for at, value in enumerate(runs) if at % 4 == turn]
        forest = _forest().fit(np.array([value for value, _ in train]), np.array([label for _, label in train]))
        right += _right(forest, [value for value, _ in ask], [label for _, label in ask])
    return Verdict(right, len(real) + len(cover))
