# SPDX-License-Identifier: AGPL-3.0-or-later
"""A clock that is wrong by two days changes nothing, on any day of a week; one that is wrong by weeks is told."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from corncrake_crypto.codename import Codename
from corncrake_crypto.encoding import day_text
from corncrake_crypto.prekeys import epoch_of
from corncrake_reporter.answers import from_text
from corncrake_reporter.line import Line
from corncrake_reporter.sealing import Message, seal_report
from corncrake_reporter.sending import post
from corncrake_reporter.visit import Link, visit
from tests.clients.reporter.conftest import Run
from tests.server.running import RunningServer
from tests.simulators.organisation import TODAY

STORY = "story=It happened on the bridge."


def on(day: date, folder: Path) -> RunningServer:
    """A server whose day it is, the desk open for this week and the next ones."""
    server = RunningServer(folder, "")
    server.environment["CORNCRAKE_TODAY"] = day_text(day)
    server.prepare()
    server.start()
    weeks = tuple(range(epoch_of(day) - 1, epoch_of(day) + 4))
    for reviewer in ("ana", "bo"):
        members = [server.prekeys(reviewer, weeks)]
        if reviewer == "ana":
            members += server.edition(1, day=day)
        answer = server.push(reviewer, 1, server.parcel(reviewer, 1, members, day=day_text(day)))
        assert answer.status_code == 201, answer.text
    return server


@pytest.fixture(
    scope="module", params=[TODAY - timedelta(days=2), TODAY + timedelta(days=3), TODAY + timedelta(days=4)], ids=["Monday", "Saturday", "Sunday"]
)
def week(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, date]]:
    server = on(request.param, tmp_path_factory.mktemp("server"))
    yield server, request.param
    server.end()


@pytest.mark.parametrize("off", [-2, -1, 0, 1, 2])
def test_up_to_two_days_off_is_sent_on_any_day_of_the_week(week: tuple[RunningServer, date], run: Run, off: int) -> None:
    server, day = week
    assert run(server, "send", "--json", "--text", STORY, today=day_text(day + timedelta(days=off))).code == 0


# A slow clock may be two weeks off and work all the same: the newest edition head says what day it is, as long as the charter had begun.
@pytest.mark.parametrize("off", [-19, 14, 21])
def test_two_weeks_off_is_told_with_what_to_do(week: tuple[RunningServer, date], run: Run, off: int) -> None:
    server, day = week
    ran = run(server, "send", "--text", STORY, today=day_text(day + timedelta(days=off)))
    assert ran.code == 1
    assert "Set the date of this machine right" in ran.err
    assert "Nothing was sent" in ran.err or "not sent" in ran.err


def test_the_receipt_of_a_report_that_waited_for_days_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server, day, later = RunningServer(tmp_path, ""), tmp_path / "day", TODAY + timedelta(days=3)
    day.write_text(day_text(TODAY))
    server.environment["CORNCRAKE_TODAY"] = f"@{day}"
    monkeypatch.setenv("CORNCRAKE_TODAY", f"@{day}")
    server.prepare()
    server.start()
    try:
        server.open_desk()
        codename = Codename.generate()
        papers = visit(Link(server.origin, server.organisation.root, None), codename, TODAY)
        sealed = seal_report(papers, codename, Message("first", "en", from_text(papers.form, "It was the bridge.")), ())
        # As long as a busy server is waited for.
        day.write_text(day_text(later))
        line = Line()
        post(papers, papers.epoch, sealed, line)
        assert line.progress.signed
    finally:
        server.end()
