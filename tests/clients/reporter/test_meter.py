# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a person sees while it goes on: a bar where one can be drawn, plain lines where not, and results alone on standard output."""

import os
from pathlib import Path

import pytest

from corncrake_reporter.meter import PLAIN_SECONDS, Meter, amount
from corncrake_reporter.terminal import Terminal
from tests.clients.reporter.program import finish, last, start
from tests.server.running import RunningServer


class Screen(Terminal):
    """Remembers what is shown; `can` says whether a line can be written over."""

    def __init__(self, *, can: bool) -> None:
        super().__init__("en")
        self.can = can
        self.lines: list[str] = []

    @property
    def can_rewrite(self) -> bool:
        return self.can

    def bar(self, text: str) -> None:
        self.lines.append(text)

    def show(self, text: str) -> None:
        self.lines.append(text)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_bar_says_how_much_how_fast_and_how_long_yet() -> None:
    screen, clock = Screen(can=True), Clock()
    meter = Meter(screen, "sending", clock)
    for second in range(5):
        clock.now = 1_000.0 + second
        meter.show(second * 3_000_000, 1_200_000_000)
    assert screen.lines[0] == "Sending [....................] 0 %  0 bytes of 1.20 GB"
    assert screen.lines[-1] == "Sending [....................] 1 %  12.0 MB of 1.20 GB  3.0 MB/s, about 7 min left"


@pytest.mark.parametrize(("rate", "left"), [(100_000_000, "less than a minute left"), (100_000, "about 2 h 44 min left")])
def test_the_time_left_is_said_in_minutes_and_hours(rate: int, left: str) -> None:
    screen, clock = Screen(can=True), Clock()
    meter = Meter(screen, "sending", clock)
    meter.show(0, 1_000_000_000)
    clock.now += 10
    meter.show(10 * rate, 985_000_000 + 10 * rate)
    assert screen.lines[-1].endswith(left)


def test_where_no_bar_can_be_drawn_a_line_is_said_now_and_then() -> None:
    screen, clock = Screen(can=False), Clock()
    meter = Meter(screen, "sending", clock)
    for step in range(1_000):
        clock.now = 1_000.0 + step / 10
        meter.show(step, 1_000)
    assert len(screen.lines) == int(100 // PLAIN_SECONDS) - 1


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (12_345, "12.3 kB"), (2_500_000, "2.5 MB"), (68_609_000_000, "68.61 GB")]
)
def test_bytes_are_said_as_people_write_them(count: int, text: str) -> None:
    assert amount(count) == text


def test_a_person_sees_a_bar_and_a_program_reads_one_object(server: RunningServer, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(2_000_000))
    ours, theirs = os.openpty()
    process = start(server, "send", "--json", "--text", "x", "--file", path, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while piece := os.read(ours, 65_536):
            seen += piece
    except OSError:
        pass  # the other side has closed its terminal
    os.close(ours)
    code, out, _ = finish(process)
    assert (code, last(out)["blocks"]) == (0, 8)
    assert b"\rReading your files [" in seen
    assert b"\rSending [" in seen
    assert b"%" in seen


def test_no_bar_is_drawn_into_a_file(server: RunningServer, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(2_000_000))
    code, _, err = finish(start(server, "send", "--json", "--text", "x", "--file", path))
    assert (code, "\r" in err, "\x1b" in err) == (0, False, False)
