# SPDX-License-Identifier: AGPL-3.0-or-later
"""The file that says what is still to be covered, by day.

Rules of this file: it names what is to come and nothing that was: a step is taken out before it is done, so that nobody who finds the file can
tell by it which of the reports that left were cover. Days, and no time finer than a day; the hour is drawn on the day.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, structs

from corncrake_crypto.codename import Codename
from corncrake_crypto.encoding import b64url, canonical, decode_canonical, root_text, unb64url
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError, UsageError
from corncrake_crypto.fields import Bytes16, Day, Wire
from corncrake_reporter.habits import Kind, draw_beginnings, draw_returns
from corncrake_reporter.places import exists

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path
    from random import Random

    from corncrake_reporter.habits import Habits
    from corncrake_reporter.visit import Link

MOST_STEPS: Final = 1_000
MAX_LENGTH: Final = 1 << 20
_ENTROPY: Final = 16


class Step(Wire, frozen=True, kw_only=True):
    """One visit to come: on which day, what for, under which codename that is nobody's."""

    day: Day
    kind: Kind
    entropy: Bytes16

    @property
    def codename(self) -> Codename:
        """Whose thread it pretends to be about."""
        return Codename.from_entropy(unb64url(self.entropy, _ENTROPY))

    def __repr__(self) -> str:
        """Return a form that hides the codename."""
        return f"Step({self.day}, {self.kind})"


class _File(Wire, frozen=True, kw_only=True):
    v: Literal[1]
    origin: str
    root: str
    until: Day
    steps: Annotated[tuple[Step, ...], Meta(max_length=MOST_STEPS)]


class Schedule:
    """What is to come. `until`: the day up to which beginnings were drawn."""

    def __init__(self, path: Path, link: Link, today: date) -> None:
        """Read the file, or begin one.

        Raises:
            UsageError: `misuse`, when it cannot be read, or covers another place.
        """
        self._path = path
        place = {"origin": link.origin, "root": root_text(link.root)}
        self._has_drawn = exists(path)
        self._kept = _read(path) if self._has_drawn else _File(v=1, until=today, steps=(), **place)
        if (self._kept.origin, self._kept.root) != (place["origin"], place["root"]):
            raise UsageError(Failure.MISUSE, f"{path.name} is the schedule of another server")

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is to come, the next first."""
        return self._kept.steps

    def draw(self, today: date, mean_days: float, chance: Random) -> None:
        """Draw what begins today, once a day. Days on which nobody was here are not made up for: nobody reports at once what was missed.

        Raises:
            StoreError: `store`, when the file cannot be written.
        """
        if self._has_drawn and self._kept.until >= today:
            return
        self._has_drawn = True
        begun = [Step(day=today, kind="first", entropy=b64url(Codename.generate().entropy)) for _ in range(draw_beginnings(mean_days, chance))]
        self._save([*self.steps, *begun], today)

    def add(self, step: Step) -> None:
        """Add one more step.

        Raises:
            StoreError: `store`.
        """
        self._save([*self.steps, step], self._kept.until)

    def take(self, step: Step, habits: Habits, chance: Random) -> None:
        """Take out a step that is done next; a first report is followed by visits.

        Raises:
            StoreError: `store`.
        """
        steps = list(self.steps)
        steps.remove(step)
        if step.kind == "first":
            steps += [structs.replace(step, day=_later(step.day, days), kind=kind) for days, kind in draw_returns(habits, chance)]
        self._save(steps, self._kept.until)

    def _save(self, steps: list[Step], until: date) -> None:
        self._kept = structs.replace(self._kept, until=until, steps=tuple(sorted(steps, key=lambda one: one.day)[:MOST_STEPS]))
        new = self._path.with_name(self._path.name + ".new")
        try:
            new.unlink(missing_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
                file.write(canonical(self._kept))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise StoreError(Failure.STORE, f"{self._path.name} cannot be written: {error.strerror}") from error


def _later(day: date, days: int) -> date:
    return day.fromordinal(day.toordinal() + days)


def _read(path: Path) -> _File:
    try:
        with path.open("rb") as file:
            return decode_canonical(file.read(MAX_LENGTH), _File)
    except (OSError, CorncrakeError) as error:
        raise UsageError(Failure.MISUSE, f"{path.name} is no schedule") from error
