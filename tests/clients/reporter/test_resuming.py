# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sending that is broken off and taken up again: nothing is lost, little goes twice, and nothing stays that opens what was sent."""

import hashlib
import json
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from corncrake_crypto.block import block_ids, plan
from corncrake_crypto.codename import Codename
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.padding import BLOCK_CLASS, wire_size
from corncrake_crypto.randomness import random_bytes
from corncrake_reporter.attachments import attach
from corncrake_reporter.bringing import LARGE_WEIGHT
from corncrake_reporter.line import Line
from corncrake_reporter.sealing import Message
from corncrake_reporter.sending import send
from corncrake_reporter.sources import ChangedError, UnreadableError
from corncrake_reporter.visit import Link, visit
from tests.clients.reporter.program import PATIENCE_S, arrived_whole, digest, finish, last, opened, pieces, said, start
from tests.server.running import RunningServer
from tests.simulators.line import BadLine, Faults
from tests.simulators.organisation import TODAY

KILLS = {"quick": 3, "full": 5, "slow": 50}
SIZES = {"small": 12_000_000, "large": 30_000_000}
SLOW = Faults(delay=1, delay_seconds=0.003)
"""Some 20 MB a second: enough for a kill to strike in the middle."""


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, BadLine]]:
    """A server, and the one line to it."""
    server = RunningServer(tmp_path_factory.mktemp("far"), "")
    with BadLine(server.port) as line:
        server.origin = line.origin
        server.prepare()
        server.start()
        server.open_desk()
        yield server, line
        server.end()


@pytest.fixture
def line(far: tuple[RunningServer, BadLine]) -> Iterator[BadLine]:
    """The line, without faults again after each test."""
    yield far[1]
    far[1].faults, far[1].stands_at = Faults(), None


@pytest.fixture
def server(far: tuple[RunningServer, BadLine]) -> RunningServer:
    return far[0]


def file_of(path: Path, size: int) -> Path:
    path.write_bytes(random_bytes(size))
    return path


def wire(size: int) -> int:
    """Bytes on the wire of all blocks of a file."""
    return plan(size).total_blocks * wire_size(1, plan(size).block_class)


def wait_until(process: subprocess.Popen[bytes], line: BadLine, up: int) -> bool:
    """Wait until so many bytes have gone over the line; False when the process ended before."""
    deadline = time.monotonic() + PATIENCE_S
    while line.up < up and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    return process.poll() is None


@pytest.mark.parametrize("kind", ["small", "large"])
def test_a_file_whose_sending_is_killed_again_and_again_arrives_whole_and_little_goes_twice(
    server: RunningServer, line: BadLine, tmp_path: Path, tier: str, kind: str
) -> None:
    line.faults = SLOW
    chance = random.Random(kind)  # noqa: S311 - when to kill is no secret
    path, kept = file_of(tmp_path / "film.bin", SIZES[kind]), tmp_path / "kept"
    words = ("--json", "--text", "x", "--file", path, "--continue-file", kept)
    before, kills = line.up, 0
    for _ in range(KILLS[tier]):
        # From before the report to after the last block, over all rounds; there the line stands until the kill has struck.
        line.stands_at = line.up + chance.randrange(2 * wire(SIZES[kind]) // KILLS[tier])
        process = start(server, "send", *words)
        kills += wait_until(process, line, line.stands_at)
        process.kill()
        finish(process)
        line.stands_at = None
        if not kept.exists() and line.up - before > wire(SIZES[kind]):
            break
    assert kills > 1
    went = said(start(server, "send", *words)) if kept.exists() or line.up - before < wire(SIZES[kind]) else None
    if went is not None:
        arrived_whole(server, went["report"], path)
    assert not kept.exists()
    cut = plan(SIZES[kind])
    at_once = 6 if cut.block_class == BLOCK_CLASS else 6 // LARGE_WEIGHT
    # What was on the line at each kill, and the reports, papers and questions of each run.
    assert line.up - before - wire(SIZES[kind]) <= (kills + 1) * (at_once * wire_size(1, cut.block_class) + 100_000)


def broken_off(
    server: RunningServer,
    line: BadLine,
    words: tuple[str | Path, ...],
    size: int,
    *,
    by: signal.Signals = signal.SIGKILL,
    folder: Path | None = None,
) -> tuple[int, str, str]:
    """Start sending, and end it by a signal when about half of it has gone; return as `finish`. The line has no faults then."""
    line.faults = SLOW
    line.stands_at = line.up + wire(size) // 2
    process = start(server, "send", *words, folder=folder)
    try:
        assert wait_until(process, line, line.stands_at)
        process.send_signal(by)
        return finish(process)
    finally:
        line.stands_at, line.faults = None, Faults()


def test_what_is_kept_to_go_on_from_is_these_fields_and_opens_nothing(server: RunningServer, line: BadLine, tmp_path: Path) -> None:
    path, kept = file_of(tmp_path / "holiday-film.bin", 12_000_000), tmp_path / "kept"
    words = ("--text", "it was the mayor", "--file", path, "--continue-file", kept)
    _, out, _ = broken_off(server, line, words, 12_000_000)
    assert kept.stat().st_mode & 0o777 == 0o600
    raw = kept.read_text()
    found = json.loads(raw)
    assert found.keys() == {"v", "origin", "root", "desk", "epoch", "report", "files"}
    (file,) = found["files"]
    assert file.keys() == {"recipient", "size", "sha256", "next", "tried", "key"}
    assert not any(secret in raw for secret in ("AGE-SECRET", "holiday", "mayor", str(tmp_path)))
    # A person has seen the words although the program was killed; the file has none of them.
    assert "Your twelve words:" in out
    entry = opened(server, found["report"]).report.files[0]
    names = list(block_ids(unb64url(entry.block_key), 48))
    assert 0 < file["next"] < 48
    assert list(block_ids(unb64url(file["key"]), 48 - file["next"])) == names[file["next"] :]
    code, out, err = finish(start(server, "send", *words))
    assert code == 0, err
    assert "Your twelve words" not in out
    arrived_whole(server, found["report"], path)
    assert sorted(tmp_path.iterdir()) == [path]


def test_nothing_is_left_on_the_disk_of_whoever_did_not_ask_for_it(server: RunningServer, line: BadLine, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    path = file_of(tmp_path / "a.bin", 12_000_000)
    for sent in (signal.SIGKILL, signal.SIGINT):
        _, _, err = broken_off(server, line, ("--text", "x", "--file", path), 12_000_000, by=sent, folder=folder)
        assert list(folder.rglob("*")) == []
    assert "Running send again would begin a new report." in err
    assert "corncrake-reporter add --file" in err


def test_whoever_ends_it_is_told_to_run_it_again_and_needs_no_words_for_that(server: RunningServer, line: BadLine, tmp_path: Path) -> None:
    path, kept = file_of(tmp_path / "a.bin", 12_000_000), tmp_path / "kept"
    words = ("--json", "--text", "x", "--file", path, "--continue-file", kept)
    code, out, err = broken_off(server, line, words, 12_000_000, by=signal.SIGINT)
    assert (code, len(last(out)["words"].split())) == (1, 12)
    assert "You ended it. The report is there and signed for." in err
    assert "Run the same command again, with the same --continue-file" in err
    again = said(start(server, "send", *words))
    assert (again["report"], again["blocks"]) == (last(out)["report"], plan(12_000_000).total_blocks)
    arrived_whole(server, again["report"], path)


def interrupted(server: RunningServer, line: BadLine, words: tuple[str | Path, ...], size: int) -> None:
    broken_off(server, line, words, size)


def test_files_may_be_named_in_another_order_and_changed_ones_are_refused_and_cost_nothing(
    server: RunningServer, line: BadLine, tmp_path: Path
) -> None:
    first, second, kept = file_of(tmp_path / "first.bin", 12_000_000), file_of(tmp_path / "second.bin", 400_000), tmp_path / "kept"
    words = ("--json", "--text", "x", "--continue-file", kept)
    interrupted(server, line, (*words, "--file", first, "--file", second), 12_000_000)
    was, begun_as = second.read_bytes(), kept.read_bytes()
    second.write_bytes(random_bytes(400_000))
    code, out, err = finish(start(server, "send", *words, "--file", second, "--file", first))
    assert (code, out, err.splitlines()[-1][:7]) == (2, "", "misuse:")
    assert "The file of --continue-file is still there" in err
    assert "nothing on this machine was changed" not in err
    assert kept.read_bytes() == begun_as
    second.write_bytes(was)
    went = said(start(server, "send", *words, "--file", second, "--file", first))
    arrived_whole(server, went["report"], first, second)
    assert not kept.exists()


def sending(server: RunningServer, paths: tuple[Path, ...], line: Line, kept: Path) -> None:
    codename = Codename.generate()
    papers = visit(Link(server.origin, server.organisation.root, None), codename, TODAY)
    send(papers, codename, Message("first", "en", (), tuple(attach(path, keep=True) for path in paths)), line, kept)


def test_a_stick_that_is_pulled_is_no_changed_file_and_it_goes_on_when_it_is_back(server: RunningServer, tmp_path: Path) -> None:
    here, stick, kept = file_of(tmp_path / "here.bin", 400_000), file_of(tmp_path / "stick.bin", 600_000), tmp_path / "kept"

    def pull(_: object) -> None:
        stick.rename(tmp_path / "away")

    line = Line(signed=pull)
    with pytest.raises(UnreadableError, match=r"stick\.bin cannot be read any more"):
        sending(server, (stick, here), line, kept)
    entry = opened(server, line.progress.report).report.files[1]
    assert digest(pieces(server, entry)) == hashlib.sha256(here.read_bytes()).hexdigest()
    assert line.progress.kept
    (tmp_path / "away").rename(stick)
    went = said(start(server, "send", "--json", "--text", "x", "--file", stick, "--file", here, "--continue-file", kept))
    arrived_whole(server, went["report"], stick, here)
    assert not kept.exists()


def test_a_file_that_changes_is_left_and_named_and_the_others_arrive_and_it_can_be_gone_on_with(server: RunningServer, tmp_path: Path) -> None:
    first, second, kept = file_of(tmp_path / "first.bin", 400_000), file_of(tmp_path / "second.bin", 400_001), tmp_path / "kept"
    was = first.read_bytes()

    def change(_: object) -> None:
        first.write_bytes(bytes(400_000))

    line = Line(signed=change)
    with pytest.raises(ChangedError, match=r"^altered: first\.bin is"):
        sending(server, (first, second), line, kept)
    entry = opened(server, line.progress.report).report.files[1]
    assert digest(pieces(server, entry)) == hashlib.sha256(second.read_bytes()).hexdigest()
    first.write_bytes(was)
    went = said(start(server, "send", "--json", "--text", "x", "--file", first, "--file", second, "--continue-file", kept))
    arrived_whole(server, went["report"], first, second)


def test_a_block_that_changed_after_it_was_hashed_is_never_sent(server: RunningServer, tmp_path: Path) -> None:
    path = file_of(tmp_path / "a.bin", 3 * 257_536)

    def change(_: object) -> None:
        with path.open("r+b") as file:
            file.seek(2 * 257_536)
            file.write(b"changed")

    line = Line(signed=change)
    codename = Codename.generate()
    papers = visit(Link(server.origin, server.organisation.root, None), codename, TODAY)
    with pytest.raises(ChangedError, match=r"a\.bin"):
        send(papers, codename, Message("first", "en", (), (attach(path, keep=True),)), line)
    (file,) = opened(server, line.progress.report).report.files
    there = [server.fetch(f"/v1/blocks/{name}").status_code == 200 for name in block_ids(unb64url(file.block_key), 3)]
    assert there[2] is False
    assert line.progress.sent == sum(there)


def test_other_files_than_those_that_were_begun_with_are_refused(server: RunningServer, line: BadLine, tmp_path: Path) -> None:
    path, kept = file_of(tmp_path / "a.bin", 12_000_000), tmp_path / "kept"
    words = ("--text", "x", "--continue-file", kept)
    broken_off(server, line, (*words, "--file", path), 12_000_000)
    for other in ((), ("--file", path, "--file", path)):
        code, _, err = finish(start(server, "send", *words, *other))
        assert (code, err.splitlines()[-1][:7]) == (2, "misuse:")
    kept.write_text("{}")
    code, _, err = finish(start(server, "send", *words, "--file", path))
    assert (code, kept.read_text()) == (2, "{}")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_file_over_a_line_that_cuts_truncates_delays_and_repeats_arrives_whole(
    server: RunningServer, line: BadLine, tmp_path: Path, seed: int
) -> None:
    path = file_of(tmp_path / "a.bin", 5_000_000)
    struck = dict(line.struck)
    line.reseed(seed)
    # It stands until it has its faults, however fast the program is.
    line.stands_at = line.up + 20_000
    process = start(server, "send", "--json", "--text", "x", "--file", path, "--continue-file", tmp_path / "kept")
    assert wait_until(process, line, line.stands_at)
    line.faults, line.stands_at = Faults(cut=0.3, truncate=0.15, delay=0.2, repeat=0.5, within=1_500_000), None
    went = said(process)
    line.faults = Faults()
    arrived_whole(server, went["report"], path)
    assert sum(line.struck.values()) > sum(struck.values())
