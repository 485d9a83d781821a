# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a vault takes from a courier, and what it refuses or shows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from corncrake_crypto.charter import sign_charter
from corncrake_crypto.encoding import b64url
from corncrake_crypto.fields import CharterRef, LogHead, SealedTo
from corncrake_crypto.note import text_hash, unverified_text
from corncrake_crypto.receipt import report_id, write_openings
from corncrake_crypto.signatures import SigningKey
from tests.simulators.organisation import EPOCH, TODAY

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk


def changed(members: list[tuple[str, bytes]], name: str, data: bytes) -> list[tuple[str, bytes]]:
    return [(n, data if n == name else d) for n, d in members]


def without(members: list[tuple[str, bytes]], start: str) -> list[tuple[str, bytes]]:
    return [(n, d) for n, d in members if not n.startswith(start)]


def test_a_published_report_is_opened_and_listed(desk: Desk) -> None:
    desk.server.take(desk.reporter().report("A van, no plates."))
    desk.server.publish()
    said = desk.bring(desk.server.parcel())
    assert (said.code, len(said.data["reports"]), said.data["faults"]) == (0, 1, [])
    threads = desk.run("list").data["threads"]
    assert [t["begins"] for t in threads] == ["A van, no plates."]


def test_a_report_newer_than_the_head_comes_with_its_receipt(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    said = desk.bring(desk.server.parcel())
    assert (said.code, len(said.data["reports"])) == (0, 1)
    desk.server.publish()
    again = desk.bring(desk.server.parcel(1))
    assert (again.code, again.data["reports"], again.data["faults"]) == (0, [], [])


def test_a_promised_report_that_the_next_head_lacks_is_shown_until_it_comes(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    assert desk.bring(desk.server.parcel()).code == 0
    held_back, desk.server.pending = desk.server.pending, []
    desk.server.publish(day=TODAY + timedelta(days=1))
    said = desk.bring(desk.server.parcel(1))
    assert said.code == 1
    assert "withheld" in said.err
    assert "has a receipt but is not in the log" in said.err
    desk.server.pending = held_back
    desk.server.publish()
    assert desk.bring(desk.server.parcel(1)).data["faults"] == []


def test_a_report_of_the_log_that_is_not_handed_over_is_withheld_until_it_comes(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    members = without(desk.server.members(), "report-")
    said = desk.bring(desk.server.parcel(members=members))
    assert said.code == 1
    assert "withheld" in said.err
    assert desk.run("status").code == 1
    assert desk.bring(desk.server.parcel()).code == 0
    assert desk.run("status").code == 0


def test_a_commitment_without_an_opening_is_withheld(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    openings = [o for o in desk.server.openings if o.index != 7]
    members = changed(desk.server.members(), "openings-00000.json", write_openings(openings))
    said = desk.bring(desk.server.parcel(members=members))
    assert said.code == 1
    assert "withheld: leaf 7" in said.err


def test_an_opening_that_does_not_fit_its_leaf_opens_nothing(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    openings = [msgspec.structs.replace(o, salt="00" * 32) if o.index == 7 else o for o in desk.server.openings]
    members = changed(desk.server.members(), "openings-00000.json", write_openings(openings))
    assert "withheld: leaf 7" in desk.bring(desk.server.parcel(members=members)).err


def test_a_parcel_imported_twice_is_said_to_be_repeated_and_doubles_nothing(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    parcel = desk.server.parcel()
    assert desk.bring(parcel).code == 0
    said = desk.bring(parcel)
    assert (said.code, said.data["failure"]) == (1, "repeated")
    assert len(desk.run("list").data["threads"]) == 1


def test_an_older_parcel_is_repeated_and_not_a_shrunken_log(desk: Desk) -> None:
    old = desk.server.parcel()
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    assert desk.bring(desk.server.parcel()).code == 0
    assert desk.bring(old).data["failure"] == "repeated"


def test_an_older_parcel_of_another_courier_is_repeated_and_not_a_shrunken_log(desk: Desk) -> None:
    slow = desk.server.parcel(from_id="slow")
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    assert desk.bring(desk.server.parcel()).code == 0
    assert desk.bring(slow).data["failure"] == "repeated"


def test_a_shrunken_log_of_a_later_day_is_told_whichever_courier_brings_it(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    assert desk.bring(desk.server.parcel()).code == 0
    desk.server.entries, desk.server.openings = desk.server.entries[:10], desk.server.openings[:9]
    desk.server.day = TODAY + timedelta(days=1)
    desk.server.sign()
    assert desk.bring(desk.server.parcel(from_id="slow")).data["failure"] == "shrunken"


@pytest.mark.parametrize("part", ["head.note", "leaves-00000.bin", "report-", "charter.note"])
def test_a_parcel_of_which_one_byte_was_changed_is_altered(desk: Desk, part: str) -> None:
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    parcel = bytearray(desk.server.parcel())
    data = next(d for n, d in desk.server.members() if n.startswith(part))
    at = parcel.find(data) + len(data) // 2
    parcel[at] ^= 1
    said = desk.bring(bytes(parcel))
    assert (said.code, said.data["failure"]) == (1, "altered")
    assert desk.run("list").data["threads"] == []


@pytest.mark.parametrize("kept", [0.02, 0.5, 0.95, 0.999])
def test_a_parcel_that_was_cut_is_shortened_and_changes_nothing(desk: Desk, kept: float) -> None:
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    parcel = desk.server.parcel()
    said = desk.bring(parcel[: int(len(parcel) * kept)])
    assert (said.code, said.data["failure"]) == (1, "shortened")
    assert desk.run("status").data["log"]["size"] == 0
    assert desk.bring(parcel).code == 0


def test_a_log_that_became_shorter_is_shrunken(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    assert desk.bring(desk.server.parcel()).code == 0
    desk.server.entries, desk.server.openings = desk.server.entries[:10], desk.server.openings[:9]
    desk.server.sign()
    assert desk.bring(desk.server.parcel()).data["failure"] == "shrunken"


def test_a_log_of_which_an_older_leaf_was_changed_is_a_fork(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    assert desk.bring(desk.server.parcel()).code == 0
    desk.server.entries[3] = bytes(32)
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    assert desk.bring(desk.server.parcel()).data["failure"] == "fork"
    assert desk.bring(desk.server.parcel(65)).data["failure"] == "fork"


def test_a_parcel_that_leaves_out_leaves_between_is_out_of_range(desk: Desk) -> None:
    desk.server.take(desk.reporter().report())
    desk.server.publish()
    assert desk.bring(desk.server.parcel(40)).data["failure"] == "range"


def test_a_log_that_stands_still_is_shown_as_frozen(desk: Desk) -> None:
    desk.travel(TODAY + timedelta(days=5))
    said = desk.bring(desk.server.parcel())
    assert f"frozen: nothing newer than {TODAY.isoformat()}" in said.err
    assert [f["failure"] for f in said.data["faults"]] == ["frozen"]


def test_a_head_by_another_key_is_refused(desk: Desk) -> None:
    desk.organisation.log_key = SigningKey.generate()
    desk.server.sign()
    assert desk.bring(desk.server.parcel()).data["failure"] == "signature"


def test_a_report_replayed_to_another_desk_is_kept_aside(desk: Desk) -> None:
    org = desk.organisation
    org_desks = (org.desk(), org.desk(id="medical"))
    desk.server.charter = sign_charter(org.charter(sequence=2, desks=org_desks), org.key)
    sealed = desk.reporter().report()
    desk.server.take(sealed, desk="medical")
    desk.server.publish()
    said = desk.bring(desk.server.parcel())
    assert said.data["kept_aside"] == [{"report": report_id(sealed), "failure": "desk"}]
    assert desk.run("list").data["threads"] == []


def test_a_report_sealed_to_another_week_is_kept_aside(desk: Desk) -> None:
    names = sorted(desk.organisation.reviewers)
    epochs = tuple(SealedTo(reviewer=name, epoch=EPOCH - 3, number=1) for name in names)
    desk.server.take(desk.reporter().report(epochs=epochs))
    desk.server.publish()
    assert [a["failure"] for a in desk.bring(desk.server.parcel()).data["kept_aside"]] == ["epoch"]


def test_a_report_for_another_server_is_kept_aside(desk: Desk) -> None:
    desk.server.take(desk.reporter().report(origin="https://elsewhere.example"))
    desk.server.publish()
    assert [a["failure"] for a in desk.bring(desk.server.parcel()).data["kept_aside"]] == ["origin"]


def test_of_two_reports_with_one_message_the_first_counts(desk: Desk) -> None:
    reporter = desk.reporter()
    message = b64url(b"m" * 16)
    desk.server.take(reporter.report("the first", message=message))
    desk.server.publish()
    desk.server.take(reporter.report("the second", message=message))
    desk.server.publish()
    said = desk.bring(desk.server.parcel())
    assert [a["failure"] for a in said.data["kept_aside"]] == ["repeated"]
    messages = desk.run("show", "1").data["messages"]
    assert [m["answers"][0]["text"] for m in messages] == ["the first"]


def test_a_follow_up_stands_in_the_same_thread(desk: Desk) -> None:
    reporter = desk.reporter()
    desk.server.take(reporter.report("the first"))
    desk.server.take(reporter.report("and then", kind="follow_up"))
    desk.server.publish()
    desk.bring(desk.server.parcel())
    threads = desk.run("list").data["threads"]
    assert [(t["messages"]) for t in threads] == [2]


def test_a_report_that_nothing_vouches_for_refuses_the_parcel(desk: Desk) -> None:
    sealed = desk.reporter().report()
    members = [*desk.server.members(), (f"report-{report_id(sealed)}.age", sealed)]
    assert desk.bring(desk.server.parcel(members=members)).data["failure"] == "altered"


def test_a_parcel_with_a_member_that_has_no_place_is_refused(desk: Desk) -> None:
    members = [*desk.server.members(), ("autorun.inf", b"x")]
    assert desk.bring(desk.server.parcel(members=members)).data["failure"] == "archive"


def test_a_member_larger_than_any_may_be_is_refused_before_it_is_read(desk: Desk) -> None:
    members = changed(desk.server.members(), "head.note", bytes(20_000))
    assert desk.bring(desk.server.parcel(members=members)).data["failure"] == "size"


def test_a_lower_charter_is_a_rollback(desk: Desk) -> None:
    org, first = desk.organisation, desk.server.charter
    desk.server.charter = sign_charter(org.charter(sequence=2), org.key)
    assert desk.bring(desk.server.parcel()).code == 0
    desk.server.charter = first
    desk.server.take(desk.reporter().report())
    said = desk.bring(desk.server.parcel())
    assert (said.code, [fault["failure"] for fault in said.data["faults"]]) == (1, ["rollback"])
    # It is told, for as long as it is so, and takes nothing with it: the newest charter is here.
    assert len(said.data["reports"]) == 1
    assert [fault["failure"] for fault in desk.run("status").data["faults"]] == ["rollback"]
    desk.server.charter = sign_charter(org.charter(sequence=2), org.key)
    assert desk.bring(desk.server.parcel()).data["faults"] == []


def test_a_charter_lower_than_a_head_names_is_a_rollback(desk: Desk) -> None:
    desk.server.heads = [desk.organisation.head(charter=CharterRef(sequence=9, sha256="00" * 32))]
    assert desk.bring(desk.server.parcel()).data["failure"] == "rollback"


def test_two_charters_of_one_sequence_are_equivocation(desk: Desk) -> None:
    assert desk.bring(desk.server.parcel()).code == 0
    org = desk.organisation
    desk.server.charter = sign_charter(org.charter(expires=TODAY + timedelta(days=70)), org.key)
    assert desk.bring(desk.server.parcel()).data["failure"] == "equivocation"


def test_an_expired_charter_is_refused_and_the_parcel_stays_good(desk: Desk) -> None:
    later = TODAY + timedelta(days=81)
    desk.travel(later)
    assert desk.run("--confirm-date", later.isoformat(), "status").code == 0
    assert desk.bring(desk.server.parcel()).data["failure"] == "expired"


def test_a_voice_that_was_shown_another_log_is_a_fork(desk: Desk) -> None:
    charter = CharterRef(sequence=1, sha256=text_hash(unverified_text(desk.server.charter)))
    desk.server.heads = [desk.organisation.head(log=LogHead(origin="report.example.org/log/1", size=1, root=b64url(bytes(32))), charter=charter)]
    desk.server.take(desk.reporter().report())
    said = desk.bring(desk.server.parcel())
    assert said.code == 1
    assert "fork: ana says to have seen another log" in said.err
    # One reviewer cannot stop another's imports: it was opened all the same.
    assert len(said.data["reports"]) == 1


def test_a_parcel_of_another_organisation_is_refused(desk: Desk) -> None:
    assert desk.bring(desk.server.parcel(root="a" * 52)).data["failure"] == "root"
