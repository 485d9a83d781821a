# SPDX-License-Identifier: AGPL-3.0-or-later
"""The schedule of cover: what is drawn, what the file says, and what it never says."""

from __future__ import annotations

import re
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.errors import UsageError
from corncrake_reporter.cover import FROM_HOUR, TO_HOUR, Cover
from corncrake_reporter.habits import DAY, Habits, draw_beginnings, draw_message, draw_returns
from corncrake_reporter.schedule import Schedule
from corncrake_reporter.terminal import Terminal
from corncrake_reporter.transport import BusyError
from corncrake_reporter.visit import Link
from tests.clients.reporter.program import opened, reports
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from corncrake_reporter.line import Line
    from tests.clients.reporter.conftest import Run
    from tests.server.running import RunningServer

LINK = Link("https://report.example.org", bytes(32), None)
SMALL = Habits(size=20_000, most_size=100_000)


def chance() -> Random:
    return Random(5)  # noqa: S311 - a model's chance


def nothing_begins(_mean_days: float, _chance: Random) -> int:
    return 0


class Day:
    """A clock that goes on by what is waited for."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def pause(self, seconds: float) -> None:
        self.seconds += seconds

    def clock(self) -> float:
        return self.seconds


def test_beginnings_come_by_themselves_and_as_often_as_was_said() -> None:
    drawn = chance()
    counts = [draw_beginnings(7.0, drawn) for _ in range(20_000)]
    mean = sum(counts) / len(counts)
    spread = sum((count - mean) ** 2 for count in counts) / len(counts)
    assert mean == pytest.approx(1 / 7, rel=0.1)
    # Those of a Poisson process: as often two on a day as chance has it.
    assert spread == pytest.approx(mean, rel=0.1)


def test_people_come_back_days_later_and_some_write_more() -> None:
    drawn, habits = chance(), Habits()
    returns = [draw_returns(habits, drawn) for _ in range(5_000)]
    assert sum(map(len, returns)) / len(returns) == pytest.approx(habits.comes_back, rel=0.1)
    assert {kind for each in returns for _, kind in each} == {"add", "check"}
    assert all(days >= 1 for each in returns for days, _ in each)


def test_what_is_sent_has_all_sizes(tmp_path: Path) -> None:
    drawn = chance()
    said = [draw_message(Habits(), drawn) for _ in range(3_000)]
    assert sum(bool(one.files) for one in said) / len(said) == pytest.approx(Habits().brings_files, rel=0.1)
    assert any(one.text > 12_000 for one in said)
    assert any(len(one.files) > 2 for one in said)
    assert sum(one.looks_in_log for one in said) / len(said) == pytest.approx(Habits().looks_in_log, rel=0.2)
    assert not list(tmp_path.iterdir())


def test_a_schedule_is_drawn_once_a_day_and_days_that_were_missed_are_not_made_up_for(tmp_path: Path) -> None:
    path, drawn = tmp_path / "schedule", chance()
    Schedule(path, LINK, TODAY).draw(TODAY, 0.1, drawn)
    first = Schedule(path, LINK, TODAY).steps
    assert 3 <= len(first) <= 25
    again = Schedule(path, LINK, TODAY)
    again.draw(TODAY, 0.1, drawn)
    assert again.steps == first
    later = Schedule(path, LINK, TODAY)
    later.draw(TODAY + timedelta(days=30), 0.1, drawn)
    assert len(later.steps) - len(first) <= 25


def test_the_file_says_what_is_to_come_and_nothing_that_was(tmp_path: Path, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORNCRAKE_TODAY", TODAY.isoformat())
    path, drawn, day = tmp_path / "schedule", chance(), Day()
    link = Link(server.origin, server.organisation.root, None)
    schedule = Schedule(path, link, TODAY)
    before = set(reports(server))
    cover = Cover(link, schedule, 0.3, Terminal("en"), SMALL, drawn, pause=day.pause, clock=day.clock)
    cover.run(1)
    sent = [name for name in reports(server) if name not in before]
    assert sent
    assert {opened(server, name).report.kind for name in sent} == {"cover"}
    assert all(step.day > TODAY and step.kind != "first" for step in schedule.steps)
    text = path.read_text()
    assert not [name for name in sent if name in text]
    assert not [name for name in sent if opened(server, name).report.thread in text]
    assert not re.search(r"\d\d:\d\d", text)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["schedule"]
    # All of it in the hours in which people write.
    assert day.seconds >= FROM_HOUR * 3_600
    assert day.seconds < (TO_HOUR + 3) * 3_600


class Earth:
    """A clock of a machine so many hours from Greenwich, which goes on by what is waited for; it begins at midnight there."""

    def __init__(self, hours: float) -> None:
        self.ahead = hours * 3_600.0
        self.seconds = -self.ahead

    def pause(self, seconds: float) -> None:
        # Some time always goes by, also where a number could not tell.
        self.seconds += max(seconds, 0.001)

    def clock(self) -> float:
        return (self.seconds + self.ahead) % DAY

    def here(self) -> date:
        return TODAY + timedelta(seconds=self.seconds + self.ahead)

    def utc(self) -> date:
        return TODAY + timedelta(seconds=self.seconds)

    def stand_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Be this machine's clock."""
        monkeypatch.setattr("corncrake_reporter.cover.today", self.utc)
        monkeypatch.setattr("corncrake_reporter.cover.day_here", self.here)

    def note_visits(self, monkeypatch: pytest.MonkeyPatch, hours: list[float]) -> None:
        """Have visits do nothing but note at which hour they are."""

        def visit(*_: object, **__: object) -> None:
            hours.append(self.clock() / 3_600)

        monkeypatch.setattr("corncrake_reporter.cover.cover_message", visit)
        monkeypatch.setattr("corncrake_reporter.cover.cover_look", visit)


@pytest.mark.parametrize("hours", [-9, -5, -1, 0, 5.5, 12])
def test_cover_comes_at_all_hours_of_a_persons_day_wherever_the_machine_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: float) -> None:
    hit: list[float] = []
    earth = Earth(hours)
    earth.stand_in(monkeypatch)
    earth.note_visits(monkeypatch, hit)
    schedule = Schedule(tmp_path / "schedule", LINK, TODAY)
    Cover(LINK, schedule, 0.5, Terminal("en"), SMALL, chance(), pause=earth.pause, clock=earth.clock).run(40)
    assert FROM_HOUR <= min(hit) <= FROM_HOUR + 1
    assert TO_HOUR - 1 <= max(hit) <= TO_HOUR + 0.1
    assert sum(hit) / len(hit) == pytest.approx((FROM_HOUR + TO_HOUR) / 2, abs=1.5)


def test_what_is_due_when_cover_is_begun_at_night_waits_for_the_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hit: list[float] = []
    earth = Earth(0)
    earth.seconds = 23.5 * 3_600
    earth.stand_in(monkeypatch)
    earth.note_visits(monkeypatch, hit)
    Cover(LINK, Schedule(tmp_path / "schedule", LINK, TODAY), 0.1, Terminal("en"), SMALL, chance(), pause=earth.pause, clock=earth.clock).run(2)
    assert len(hit) > 3
    assert FROM_HOUR <= min(hit) <= max(hit) < TO_HOUR


def test_a_server_that_stays_busy_does_not_end_cover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[date] = []
    earth = Earth(0)
    earth.stand_in(monkeypatch)
    earth.note_visits(monkeypatch, [])

    def busy(_link: object, _codename: object, _said: object, _today: object, line: Line) -> None:
        tried.append(earth.here())

        def full() -> None:
            assert earth.here() < TODAY + timedelta(days=30), "one visit has taken all days"
            raise BusyError(507, "3600")

        line.persist(full)

    monkeypatch.setattr("corncrake_reporter.cover.cover_message", busy)
    Cover(LINK, Schedule(tmp_path / "schedule", LINK, TODAY), 0.5, Terminal("en"), SMALL, chance(), pause=earth.pause, clock=earth.clock).run(10)
    assert len(set(tried)) > 5


def test_a_step_is_taken_out_before_it_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORNCRAKE_TODAY", TODAY.isoformat())
    nowhere, day = Link("http://127.0.0.1:1", bytes(32), None), Day()
    schedule = Schedule(tmp_path / "schedule", nowhere, TODAY)
    cover = Cover(nowhere, schedule, 0.3, Terminal("en"), SMALL, chance(), pause=day.pause, clock=day.clock)
    cover.run(1)
    assert all(step.kind != "first" for step in schedule.steps)


def test_a_schedule_of_another_place_or_another_thing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "schedule"
    Schedule(path, LINK, TODAY).draw(TODAY, 0.1, chance())
    with pytest.raises(UsageError):
        Schedule(path, Link("https://other.example.org", bytes(32), None), TODAY)
    path.write_text("{}")
    with pytest.raises(UsageError):
        Schedule(path, LINK, TODAY)


def test_the_command_runs_for_as_many_days_as_it_is_told(server: RunningServer, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corncrake_reporter.schedule.draw_beginnings", nothing_begins)
    path = tmp_path / "schedule"
    ran = run(server, "cover", "--schedule", str(path), "--days", "1")
    assert ran.code == 0, ran.err
    assert path.exists()
    ran = run(server, "cover", "--schedule", str(tmp_path / "no" / "schedule"), "--days", "1")
    assert ran.code == 1
    assert ran.err.startswith("store: ")
