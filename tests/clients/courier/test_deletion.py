# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole life of a report, with real programs: sealed, imported by two, acknowledged, deleted, and told to a vault that comes late."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from corncrake_courier.state import load, save
from corncrake_server.__main__ import main
from corncrake_server.clock import SystemClock
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.courier.conftest import Town

DAYS = 16


@pytest.fixture
def late(town: Town) -> Town:
    """A town in which a copy of bo's vault was put aside before anything came: bo's second machine, which knows nothing yet."""
    shutil.copytree(town.folder / "bo", town.folder / "late")
    return town


def live(town: Town, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """Let days pass at the server, each with its publication: a machine's counter and the clock go on alike."""
    town.stop()
    with monkeypatch.context() as patched:
        patched.setenv("CORNCRAKE_DATA_DIR", str(town.folder / "data"))
        for day in range(1, days + 1):
            set_clock(patched, TODAY + timedelta(days=day), 1_000_000.0 + day * 86_400)
            assert main(["publish", "--data", str(town.folder / "data")]) == 0
    town.start()


def set_clock(monkeypatch: pytest.MonkeyPatch, day: date, counter: float) -> None:
    def today(_: SystemClock) -> date:
        return day

    def uptime(_: SystemClock) -> float:
        return counter

    monkeypatch.setattr(SystemClock, "today", today)
    monkeypatch.setattr(SystemClock, "uptime", uptime)


def test_a_report_lives_and_goes_and_a_vault_that_comes_late_is_told_by_whom(late: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town = late
    report = town.send(town.reporter(), "It happened on the bridge.")
    held = town.send(town.reporter(), "And under it.")
    town.operate("publish")
    assert town.courier("pull", "--out", "in.parcel").code == 0
    for who in ("ana", "bo"):
        assert town.vault(who, "import", "in.parcel").code == 0
        if who == "bo":
            assert town.vault("bo", "hold", "--report", held).code == 0
        told = town.carry_back(who)
        assert told["acknowledged"] == (2 if who == "ana" else 1)
    # Another courier had no room for them, and comes again when one is no more.
    assert town.courier("pull", "--out", "first.parcel", state="slow").code == 0
    slow = town.folder / "slow"
    save(slow, structs.replace(load(slow), left=[report, held]))
    live(town, monkeypatch, DAYS)
    told = town.courier("pull", "--out", "second.parcel", state="slow")
    assert (told.code, told.data["deleted"], told.data["absent"], told.data["reports"]) == (0, 1, [], 1), told.err
    # A courier that has never pulled carries everything: what is no more, and why.
    told = town.courier("pull", "--out", "all.parcel", "--from", "0", state="fresh")
    assert (told.code, told.data["deleted"], told.data["absent"]) == (0, 1, []), told.err
    said = town.vault("late", "import", "all.parcel")
    assert (said.data["reports"], said.data["deleted"]) == ([held], [report]), said.err
    assert [fault for fault in said.data["faults"] if fault["failure"] == "withheld"] == []
    # Who has it hears of it with the next parcel, and acknowledges it no more.
    assert town.courier("pull", "--out", "more.parcel").data["deleted"] == 1
    town.vault("ana", "import", "more.parcel")
    assert town.vault("ana", "export", "last.parcel").data["acknowledged"] == 1
