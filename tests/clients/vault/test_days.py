# SPDX-License-Identifier: AGPL-3.0-or-later
"""A vault's clock: what a wrong one may not destroy."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from corncrake_crypto.prekeys import epoch_of
from corncrake_vault import clock
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk


def later(days: int) -> date:
    return TODAY + timedelta(days=days)


def test_prekey_secrets_are_destroyed_30_days_after_their_week_at_the_first_unlock(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    for day in (14, 28, 34):
        desk.travel(later(day))
        assert desk.run("status").data["destroyed_epochs"] == []
    desk.travel(later(35))
    said = desk.bring(desk.server.parcel())
    assert said.data["destroyed_epochs"] == [epoch_of(TODAY)]
    assert [a["failure"] for a in said.data["kept_aside"]] == ["no-match"]


def test_a_clock_that_leaps_far_ahead_does_nothing_until_somebody_confirms_it(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.travel(later(400))
    said = desk.run("list")
    assert (said.code, said.data["failure"]) == (1, "not-yet-valid")
    assert "--confirm-date" in said.err
    desk.travel(TODAY)
    assert desk.bring(desk.server.parcel()).data["kept_aside"] == []
    desk.travel(later(400))
    assert desk.run("--confirm-date", later(400).isoformat(), "list").data["destroyed_epochs"] == [epoch_of(TODAY) + week for week in range(4)]


def test_a_clock_some_weeks_ahead_destroys_nothing_however_often_the_vault_is_opened(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.travel(later(44))
    for _ in range(3):
        said = desk.run("list")
        assert (said.code, said.data["destroyed_epochs"]) == (0, [])
        assert any("destroys no keys" in need for need in said.data["needs"])
    desk.travel(TODAY)
    assert desk.bring(desk.server.parcel()).data["kept_aside"] == []


def test_a_head_of_that_day_confirms_a_clock_that_is_weeks_ahead(desk: Desk) -> None:
    desk.travel(later(44))
    desk.server.publish(day=later(43))
    assert desk.bring(desk.server.parcel()).data["destroyed_epochs"] == []
    assert desk.run("list").data["destroyed_epochs"] == [epoch_of(TODAY), epoch_of(TODAY) + 1]


def test_a_server_cannot_have_keys_destroyed_by_a_head_of_a_day_to_come(desk: Desk) -> None:
    desk.server.publish(day=later(44))
    said = desk.bring(desk.server.parcel())
    assert (said.code, [fault["failure"] for fault in said.data["faults"]]) == (1, ["not-yet-valid"])
    assert desk.run("list").data["destroyed_epochs"] == []
    assert desk.run("status").data["day"] == TODAY.isoformat()


def test_a_clock_before_the_newest_day_seen_is_not_used(desk: Desk) -> None:
    desk.travel(later(-300))
    said = desk.run("status")
    assert (said.code, said.data["day"]) == (0, TODAY.isoformat())
    assert any("set the clock" in need for need in said.data["needs"])


def test_a_day_that_is_not_the_clocks_is_told(desk: Desk) -> None:
    assert any("CORNCRAKE_TODAY" in need for need in desk.run("status").data["needs"])
    desk.monkeypatch.setattr(clock, "is_fixed", lambda: False)
    assert not any("CORNCRAKE_TODAY" in need for need in desk.run("status").data["needs"])


def test_a_day_that_the_clock_does_not_say_is_not_confirmed(desk: Desk) -> None:
    desk.travel(later(400))
    said = desk.run("--confirm-date", later(3).isoformat(), "list")
    assert (said.code, said.data["failure"]) == (1, "misuse")
    desk.travel(TODAY)
    assert desk.run("list").data["destroyed_epochs"] == []


def test_a_day_confirmed_by_mistake_is_taken_back_when_the_clock_is_right_again(desk: Desk) -> None:
    desk.travel(later(20))
    assert desk.run("--confirm-date", later(20).isoformat(), "list").code == 0
    desk.travel(TODAY)
    assert desk.run("--confirm-date", TODAY.isoformat(), "status").data["day"] == TODAY.isoformat()
    assert desk.run("status").data["day"] == TODAY.isoformat()


def test_an_organisations_vault_that_has_no_secrets_to_lose_asks_for_no_date(desk: Desk) -> None:
    folder = desk.folder / "org"
    assert desk.run("--store", str(folder), "organisation", "create").code == 0
    desk.travel(later(90))
    assert desk.run("--store", str(folder), "organisation", "root").code == 0
