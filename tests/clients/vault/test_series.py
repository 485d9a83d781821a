# SPDX-License-Identifier: AGPL-3.0-or-later
"""Parcels of a series, and parcels that come late."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from corncrake_crypto.charter import sign_charter
from corncrake_crypto.receipt import report_id
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk


def without_reports(members: list[tuple[str, bytes]], *reports: str) -> list[tuple[str, bytes]]:
    return [(name, data) for name, data in members if name not in {f"report-{report}.age" for report in reports}]


def two_parcels(desk: Desk) -> tuple[bytes, bytes]:
    """A series: all documents and one of two reports; then the other one."""
    ids = [report_id(sealed) for sealed in (desk.reporter().report("first"), desk.reporter().report("second")) if desk.server.take(sealed)]
    desk.server.publish()
    first = desk.server.parcel(members=without_reports(desk.server.members(), ids[1]), more=True)
    rest = desk.server.members(len(desk.server.entries))
    second = desk.server.parcel(len(desk.server.entries), members=[*rest, (f"report-{ids[1]}.age", desk.server.reports[ids[1]])])
    return first, second


def test_a_report_is_still_to_come_while_the_courier_has_more_and_comes_with_the_next_parcel(desk: Desk) -> None:
    first, second = two_parcels(desk)
    said = desk.bring(first)
    assert (said.code, len(said.data["reports"]), said.data["still_to_come"], said.data["faults"]) == (0, 1, 1, [])
    assert any("still to come" in need for need in said.data["needs"])
    assert desk.run("status").code == 0
    said = desk.bring(second)
    assert (said.code, len(said.data["reports"]), said.data["still_to_come"], said.data["faults"]) == (0, 1, 0, [])


def test_a_report_that_the_last_of_a_series_does_not_bring_is_withheld(desk: Desk) -> None:
    first, _ = two_parcels(desk)
    assert desk.bring(first).code == 0
    said = desk.bring(desk.server.parcel(len(desk.server.entries)))
    assert (said.code, [fault["failure"] for fault in said.data["faults"]]) == (1, ["withheld"])


def test_a_courier_that_always_has_more_to_bring_holds_nothing_back_for_longer_than_a_week(desk: Desk) -> None:
    first, _ = two_parcels(desk)
    assert desk.bring(first).code == 0
    for day, code in ((7, 0), (8, 1)):
        desk.travel(TODAY + timedelta(days=day))
        desk.server.publish(day=TODAY + timedelta(days=day))
        assert desk.bring(desk.server.parcel(len(desk.server.entries), more=True)).code == code


def test_a_parcel_of_a_series_is_taken_after_a_newer_one(desk: Desk) -> None:
    first, second = two_parcels(desk)
    size = len(desk.server.entries)
    assert desk.bring(first).code == 0
    desk.server.take(desk.reporter().report("third"))
    desk.server.publish(day=TODAY)
    assert desk.bring(desk.server.parcel(size)).code == 1
    said = desk.bring(second)
    assert (said.code, len(said.data["reports"]), said.data["faults"]) == (0, 1, [])


def test_reports_of_other_desks_in_a_later_parcel_of_a_series_are_passed_over(desk: Desk) -> None:
    org = desk.organisation
    other = org.desk(id="medical", reviewers=org.desk().reviewers[1:], min=1, voices=("bo",))
    desk.server.charter = sign_charter(org.charter(sequence=2, desks=(org.desk(), other)), org.key)
    sealed = desk.reporter().report()
    desk.server.take(sealed, desk="medical")
    desk.server.publish()
    name = report_id(sealed)
    assert desk.bring(desk.server.parcel(members=without_reports(desk.server.members(), name), more=True)).code == 0
    size = len(desk.server.entries)
    said = desk.bring(desk.server.parcel(size, members=[*desk.server.members(size), (f"report-{name}.age", sealed)]))
    assert (said.code, said.data["reports"]) == (0, [])


def test_leaves_in_several_parts_are_followed_as_one_log(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    desk.server.part = 7
    said = desk.bring(desk.server.parcel())
    assert (said.code, said.data["log"]["size"], len(said.data["reports"])) == (0, 65, 1)


def test_parts_of_the_leaves_in_another_order_are_a_fork(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    desk.server.part = 40
    members = desk.server.members()
    one, two = (place for place, (name, _) in enumerate(members) if name.startswith("leaves-"))
    members[one], members[two] = members[two], members[one]
    assert desk.bring(desk.server.parcel(members=members)).data["failure"] == "fork"


def test_leaves_after_the_openings_are_refused(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    members = [*desk.server.members(), ("leaves-00001.bin", desk.server.members()[3][1])]
    assert desk.bring(desk.server.parcel(members=members)).data["failure"] == "range"


# -- a courier that lost its memory counts from 1 again ------------------------------------------------------------------------


def begin_anew(desk: Desk) -> None:
    """Some parcels, the newest with a charter that is older than one here; then the courier forgets, and the server goes on."""
    first, newer = desk.server.charter, sign_charter(desk.organisation.charter(sequence=2), desk.organisation.key)
    desk.server.charter = newer
    assert desk.bring(desk.server.parcel()).code == 0
    desk.server.charter = first
    for _ in range(2):
        assert desk.bring(desk.server.parcel()).code == 1
    desk.server.charter, desk.server.number = newer, 0
    desk.travel(TODAY + timedelta(days=1))
    desk.server.day = TODAY + timedelta(days=1)


def test_the_first_parcel_of_a_courier_that_began_anew_is_the_newest(desk: Desk) -> None:
    begin_anew(desk)
    desk.server.publish()
    assert desk.bring(desk.server.parcel()).data["faults"] == []
    assert desk.run("status").code == 0, "what was said by an older parcel is mended"
    desk.travel(TODAY + timedelta(days=5))
    assert [fault["failure"] for fault in desk.bring(desk.server.parcel()).data["faults"]] == ["frozen"]


def test_a_series_of_a_courier_that_began_anew_is_followed_by_its_new_numbers(desk: Desk) -> None:
    begin_anew(desk)
    first, second = two_parcels(desk)
    said = desk.bring(first)
    assert (said.code, said.data["still_to_come"], said.data["faults"]) == (0, 1, [])
    said = desk.bring(second)
    assert (said.code, said.data["still_to_come"], said.data["faults"]) == (0, 0, [])


def left_in_a_bag(desk: Desk) -> bytes:
    """A parcel of a courier that forgot after it; the first that it pulled after that is here, and of a later head."""
    desk.server.publish()
    for _ in range(3):
        assert desk.bring(desk.server.parcel()).code == 0
    left = desk.server.parcel()
    desk.server.number = 0
    desk.server.day = TODAY + timedelta(days=1)
    desk.travel(TODAY + timedelta(days=1))
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    assert desk.bring(desk.server.parcel()).data["faults"] == []
    return left


def test_what_a_courier_pulled_before_it_forgot_may_come_late_and_accuses_nobody(desk: Desk) -> None:
    assert desk.bring(left_in_a_bag(desk)).data["failure"] == "repeated"


def test_what_a_courier_pulled_before_it_forgot_brings_what_is_not_here_yet(desk: Desk) -> None:
    first, second = two_parcels(desk)
    assert desk.bring(first).code == 0
    size = len(desk.server.entries)
    desk.server.number = 0
    desk.server.day = TODAY + timedelta(days=1)
    desk.travel(TODAY + timedelta(days=1))
    desk.server.take(desk.reporter().report("third"))
    desk.server.publish()
    assert [fault["failure"] for fault in desk.bring(desk.server.parcel(size)).data["faults"]] == ["withheld"]
    said = desk.bring(second)
    assert (said.code, len(said.data["reports"]), said.data["faults"]) == (0, 1, [])
    desk.travel(TODAY + timedelta(days=5))
    said = desk.bring(desk.server.parcel(len(desk.server.entries)))
    assert [fault["failure"] for fault in said.data["faults"]] == ["frozen"], "the new count is the one that counts"


def test_a_courier_hides_no_standstill_by_its_numbers(desk: Desk) -> None:
    desk.server.publish()
    for day, number, faults in ((0, 9, []), (5, 8, ["frozen"]), (6, 7, ["frozen"])):
        desk.travel(TODAY + timedelta(days=day))
        said = desk.bring(desk.server.parcel(number=number))
        assert (said.code, [fault["failure"] for fault in said.data["faults"]]) == (0, faults)
