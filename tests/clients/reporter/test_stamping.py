# SPDX-License-Identifier: AGPL-3.0-or-later
"""When a terminal works for a busy server: what it has paid it does not pay again, until the day of its stamp has gone by."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from corncrake_crypto.stamp import parse_stamp
from corncrake_reporter.line import Line
from corncrake_reporter.stamping import Stamping
from corncrake_reporter.transport import BusyError
from tests.simulators.organisation import TODAY

REPORT = "ab" * 32


@pytest.fixture
def stamping(monkeypatch: pytest.MonkeyPatch) -> Stamping:
    travel(monkeypatch, TODAY)
    charter = SimpleNamespace(origin="https://report.example.org", stamps=(4, 6, 8))
    papers = SimpleNamespace(charter=SimpleNamespace(charter=charter, ref=SimpleNamespace(sha256="cd" * 32)), presence=SimpleNamespace(today=TODAY))
    return Stamping(cast("Any", papers), REPORT, Line())


def travel(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    monkeypatch.setenv("CORNCRAKE_TODAY", day.isoformat())


class Server:
    """One that asks for a step so many times, and notes of which days the stamps were that came."""

    def __init__(self) -> None:
        self.days: list[date | None] = []
        self.busy = 0

    def take(self, stamp: str | None) -> bytes:
        self.days.append(None if stamp is None else parse_stamp(stamp).day)
        if self.busy:
            self.busy -= 1
            raise BusyError(503, "1", 2)
        return b"receipt"


def test_a_stamp_whose_day_has_gone_by_is_made_anew_and_not_before(stamping: Stamping, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    server.busy = 2
    with pytest.raises(BusyError):
        stamping.post(server.take)
    for days in (1, 2):
        travel(monkeypatch, TODAY + timedelta(days=days))
        server.busy = 1
        if days == 1:
            with pytest.raises(BusyError):
                stamping.post(server.take)
    assert stamping.post(server.take) == b"receipt"
    assert server.days == [None, TODAY, TODAY, TODAY, TODAY + timedelta(days=2)]
