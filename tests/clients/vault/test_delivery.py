# SPDX-License-Identifier: AGPL-3.0-or-later
"""Does a vault notice that its export never reached the server, or that the server gives an old charter?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from corncrake_crypto.charter import sign_charter
from corncrake_crypto.fields import CharterRef
from corncrake_crypto.note import read_bundle
from corncrake_crypto.prekeys import epoch_of
from tests.clients.vault.exports import exported, pushed, serve
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from corncrake_crypto.charter import Charter
    from tests.clients.vault.conftest import Desk
    from tests.clients.vault.machine import Said


def failures(said: Said) -> list[str]:
    return [fault["failure"] for fault in said.data["faults"]]


def test_an_export_that_the_courier_says_it_brought_and_the_server_does_not_show_is_a_fault_until_it_does(desk: Desk) -> None:
    desk.bring(desk.server.parcel())
    parcel, members = exported(desk)
    said = desk.bring(desk.server.parcel(1, pushed=pushed(parcel)))
    assert said.code == 1
    assert "desk legal: the server has no edition of yours, and the newest is 1 (export 1): the courier says that it brought it" in said.err
    assert "the server has not your keys for 8 of 8 weeks" in said.err
    assert desk.run("status").code == 1
    serve(desk, members)
    assert failures(desk.bring(desk.server.parcel(1, pushed=pushed(parcel)))) == []


def test_an_export_that_nobody_brings_is_shown_after_some_days_however_often_it_is_made_anew(desk: Desk) -> None:
    desk.bring(desk.server.parcel())
    exported(desk)
    for day, shown in ((1, False), (2, False), (3, True)):
        desk.travel(TODAY + timedelta(days=day))
        exported(desk)
        desk.server.publish(day=TODAY + timedelta(days=day))
        said = desk.bring(desk.server.parcel(1))
        assert said.code == 0
        brought = [need for need in said.data["needs"] if f"exported since {TODAY.isoformat()}: the courier has not brought it" in need]
        assert bool(brought) is shown


def test_an_export_that_arrived_is_not_spoken_of_days_later(desk: Desk) -> None:
    desk.bring(desk.server.parcel())
    serve(desk, exported(desk)[1])
    desk.travel(TODAY + timedelta(days=3))
    desk.server.publish(day=TODAY + timedelta(days=3))
    said = desk.bring(desk.server.parcel(1))
    assert (said.code, [need for need in said.data["needs"] if "brought" in need]) == (0, [])


def test_the_weeks_of_keys_that_are_shown_are_those_that_the_server_has(desk: Desk) -> None:
    desk.bring(desk.server.parcel())
    _, members = exported(desk)
    desk.server.prekeys = list(read_bundle(members["prekeys.json"]))[:2]
    desk.bring(desk.server.parcel(1))
    said = desk.run("status").data
    assert (said["weeks_ahead"], said["weeks_at_server"]) == (8, 2)
    assert any("the server has your keys for 2 weeks only, of 8" in need for need in said["needs"])


def test_a_key_of_another_maker_in_place_of_an_exported_one_is_equivocation(desk: Desk) -> None:
    desk.bring(desk.server.parcel())
    exported(desk)
    desk.server.prekeys = [desk.organisation.prekey("ana", epoch=epoch_of(TODAY) + 1)]
    assert failures(desk.bring(desk.server.parcel(1))) == ["equivocation"]


@pytest.mark.parametrize(
    ("voices", "readers", "lacking"), [(("ana",), ("ana", "bo"), ["edition", "keys"]), (("bo",), ("ana", "bo"), ["keys"]), (("bo",), ("bo",), [])]
)
def test_what_the_newest_charter_has_taken_from_a_reviewer_is_not_called_withheld(
    desk: Desk, voices: tuple[str, ...], readers: tuple[str, ...], lacking: list[str]
) -> None:
    desk.bring(desk.server.parcel())
    parcel, _ = exported(desk)
    org = desk.organisation
    named = tuple(one for one in org.desk().reviewers if one.id in readers)
    desk.server.charter = sign_charter(org.charter(sequence=2, desks=(org.desk(voices=voices, reviewers=named, min=1),)), org.key)
    said = desk.bring(desk.server.parcel(1, pushed=pushed(parcel)))
    assert failures(said) == ["withheld"] * len(lacking)
    assert all(word in fault["detail"] for word, fault in zip(lacking, said.data["faults"], strict=True))
    told = [need for need in said.data["needs"] if "names ana at no desk" in need]
    assert bool(told) is ("ana" not in readers)
    assert not told or not any("export, and let the courier push it" in need for need in said.data["needs"])


# -- charters ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def next_charter(desk: Desk) -> bytes:
    """The charter of sequence 2, which this vault has by hand while the server has the first."""
    assert desk.bring(desk.server.parcel()).code == 0
    note = sign_charter(desk.organisation.charter(sequence=2, expires=TODAY + timedelta(days=84)), desk.organisation.key)
    (desk.folder / "next.note").write_bytes(note)
    assert desk.run("charter", str(desk.folder / "next.note")).code == 0
    return note


def test_a_parcel_pulled_before_the_server_had_the_new_charter_is_taken(desk: Desk, next_charter: bytes) -> None:
    desk.server.take(desk.reporter().report())
    said = desk.bring(desk.server.parcel(1))
    assert (said.code, len(said.data["reports"])) == (0, 1)
    assert any("the server still has charter 1; charter 2 is here" in need for need in said.data["needs"])
    desk.server.charter = next_charter
    assert not any("still has" in need for need in desk.bring(desk.server.parcel(1)).data["needs"])


def test_a_parcel_with_a_charter_that_has_run_out_is_taken_once_the_vault_has_the_next_one(desk: Desk, next_charter: bytes) -> None:
    later = TODAY + timedelta(days=81)
    desk.travel(later)
    desk.server.publish(day=later)
    said = desk.run("--confirm-date", later.isoformat(), "import", str(parcel_at(desk)))
    assert (said.code, said.data["faults"]) == (0, [])
    assert next_charter


def parcel_at(desk: Desk) -> object:
    path = desk.folder / "late.parcel"
    path.write_bytes(desk.server.parcel(1))
    return path


def test_a_server_that_goes_on_with_the_old_charter_after_it_was_brought_the_new_one_is_told(desk: Desk, next_charter: bytes) -> None:
    first = desk.server.charter
    parcel, members = exported(desk)
    serve(desk, members)
    desk.server.charter = first
    assert failures(desk.bring(desk.server.parcel(1, pushed=pushed(parcel)))) == ["rollback"]
    assert next_charter


def test_a_server_that_shows_a_head_of_the_new_charter_beside_the_old_one_is_told(desk: Desk, next_charter: bytes) -> None:
    first = desk.server.charter
    _, members = exported(desk)
    serve(desk, members)
    desk.server.charter = first
    assert failures(desk.bring(desk.server.parcel(1))) == ["rollback"]
    assert next_charter


def test_an_older_charter_other_than_the_one_of_that_number_here_is_equivocation(desk: Desk, next_charter: bytes) -> None:
    other: Charter = desk.organisation.charter(expires=TODAY + timedelta(days=70))
    desk.server.charter = sign_charter(other, desk.organisation.key)
    assert desk.bring(desk.server.parcel(1)).data["failure"] == "equivocation"
    assert next_charter


def test_a_late_parcel_with_the_old_charter_is_no_rollback(desk: Desk, next_charter: bytes) -> None:
    desk.server.take(desk.reporter().report())
    late = desk.server.parcel(1, from_id="slow")
    desk.server.publish()
    desk.server.charter = next_charter
    members = [(name, data) for name, data in desk.server.members() if not name.startswith("report-")]
    assert desk.bring(desk.server.parcel(members=members)).code == 1
    said = desk.bring(late)
    assert (said.code, len(said.data["reports"]), said.data["faults"]) == (0, 1, [])


# -- what one reviewer says ----------------------------------------------------------------------------------------------------


def test_one_reviewer_who_names_another_charter_of_this_number_stops_nobody(desk: Desk) -> None:
    desk.server.heads = [
        desk.organisation.head(reviewer="bo", signer=desk.organisation.reviewers["bo"], charter=CharterRef(sequence=1, sha256="ab" * 32))
    ]
    desk.server.take(desk.reporter().report())
    said = desk.bring(desk.server.parcel())
    assert (said.code, failures(said), len(said.data["reports"])) == (1, ["equivocation"], 1)
    assert "bo says to have seen another charter 1" in said.err


@pytest.mark.parametrize(("changes", "failure"), [({"reviewer": "eve"}, "desk"), ({"desk": "medical"}, "desk"), ({"reviewer": "bo"}, "signature")])
def test_a_head_that_is_nobodys_is_told_and_stops_nobody(desk: Desk, changes: dict[str, Any], failure: str) -> None:
    desk.server.heads = [desk.organisation.head(**changes)]
    desk.server.take(desk.reporter().report())
    said = desk.bring(desk.server.parcel())
    assert (said.code, failures(said), len(said.data["reports"])) == (1, [failure], 1)


def test_what_a_head_said_against_the_log_is_shown_until_a_newer_parcel_mends_it(desk: Desk) -> None:
    desk.server.heads = [desk.organisation.head(reviewer="eve")]
    assert desk.bring(desk.server.parcel()).code == 1
    assert failures(desk.run("status")) == ["desk"]
    desk.server.heads = []
    assert desk.bring(desk.server.parcel(1)).code == 0
    assert desk.run("status").code == 0


def test_a_report_with_two_receipts_is_told_and_does_not_stop_the_others(desk: Desk) -> None:
    sealed = desk.reporter().report()
    desk.server.take(sealed)
    desk.server.take(desk.reporter().report("another one"))
    desk.server.pending.append(msgspec.structs.replace(desk.server.pending[0], salt="00" * 32))
    said = desk.bring(desk.server.parcel())
    assert (said.code, failures(said), len(said.data["reports"])) == (1, ["equivocation"], 2)
    assert "two different receipts" in said.err
