# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a vault acknowledges, holds, and believes about deletions."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from corncrake_crypto.acknowledgement import Acknowledgement, open_acknowledgement, sign_acknowledgement
from corncrake_crypto.charter import Reviewer, sign_charter
from corncrake_crypto.deletion import AcknowledgedIn, Deletion, write_deletions
from corncrake_crypto.encoding import b64url, root_text
from corncrake_crypto.fields import LogHead
from corncrake_crypto.legal_hold import LegalHold, open_legal_hold, sign_legal_hold
from corncrake_crypto.merkle import leaf_hash, tree_root
from corncrake_crypto.note import text_hash, unverified_text, write_bundle
from corncrake_crypto.receipt import report_id
from corncrake_crypto.signatures import SigningKey
from corncrake_crypto.tiles import leaf_entry
from tests.clients.vault.exports import exported
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk


def take(desk: Desk, text: str = "It happened on the bridge.") -> str:
    """A report is taken and published; return its id."""
    sealed = desk.reporter().report(text)
    desk.server.take(sealed)
    desk.server.publish()
    return report_id(sealed)


def acknowledged(desk: Desk) -> Acknowledgement:
    _, members = exported(desk)
    org = desk.organisation
    return open_acknowledgement(members["acknowledgement.note"], root=org.root, reviewer="ana", identity=org.reviewers["ana"].public)


def hold_in(desk: Desk) -> LegalHold | None:
    _, members = exported(desk)
    raw = members.get("hold.note")
    org = desk.organisation
    return None if raw is None else open_legal_hold(raw, root=org.root, holder="ana", key=org.reviewers["ana"].public)


def acknowledge(desk: Desk, reviewer: str, *reports: str, number: int = 1, size: int | None = None, **changes: Any) -> bytes:
    """What another reviewer has acknowledged, by the log up to `size`."""
    size = len(desk.server.entries) if size is None else size
    root = tree_root([leaf_hash(entry) for entry in desk.server.entries[:size]])
    log = LogHead(origin=desk.server.origin, size=size, root=b64url(root))
    fields: dict[str, Any] = {"root": root_text(desk.organisation.root), "reviewer": reviewer, "number": number, "log": log}
    fields |= {"reports": reports, "aside": ()}
    return sign_acknowledgement(Acknowledgement(**fields | changes), desk.organisation.reviewers[reviewer])


def told(desk: Desk, notes: list[bytes], *reports: str, charter: int = 1, charters: tuple[bytes, ...] = ()) -> bytes:
    """A parcel in which the server says that reports were deleted, and does not bring them."""
    members = [member for member in desk.server.members() if member[0] not in {f"report-{report}.age" for report in reports}]
    at = next(i for i, (name, _) in enumerate(members) if name == "prekeys.json") + 1
    names = [json.loads(unverified_text(note).splitlines()[1]) for note in notes]
    by = tuple(AcknowledgedIn(reviewer=said["reviewer"], number=said["number"]) for said in names)
    deletion = Deletion(charter=charter, acknowledgements=by, reports=reports)
    new = [("acknowledgements-00000.json", write_bundle(notes)), ("deletions-00000.json", write_deletions([deletion]))]
    if charters:
        new.insert(0, ("charters.json", write_bundle(charters)))
    return desk.server.parcel(members=members[:at] + new + members[at:])


def words(desk: Desk) -> set[str]:
    return {fault["failure"] for fault in desk.run("status").data["faults"]}


# -- what is acknowledged --------------------------------------------------------------------------------------------------


def test_a_vault_acknowledges_what_it_opened_and_says_what_it_cannot_open(desk: Desk) -> None:
    good = take(desk)
    sealed = desk.reporter().report(epochs=())
    desk.server.take(sealed)
    desk.server.publish()
    said = desk.bring(desk.server.parcel())
    assert [kept["report"] for kept in said.data["kept_aside"]] == [report_id(sealed)]
    value = acknowledged(desk)
    assert (value.reports, value.aside) == ((good,), (report_id(sealed),))
    assert value.log.size == len(desk.server.entries)


def test_what_was_deleted_at_the_server_is_not_acknowledged_any_more(desk: Desk) -> None:
    gone, kept = take(desk), take(desk)
    desk.bring(desk.server.parcel())
    notes = [acknowledge(desk, "ana", gone, number=1), acknowledge(desk, "bo", gone)]
    said = desk.bring(told(desk, notes, gone))
    assert (said.code, said.data["deleted"]) == (0, []), said.err
    assert acknowledged(desk).reports == (kept,)
    assert len(desk.run("list").data["threads"]) == 2


# -- what is believed ------------------------------------------------------------------------------------------------------


def test_a_report_that_never_came_is_deleted_and_not_withheld_when_others_have_signed_so(desk: Desk) -> None:
    gone = take(desk)
    notes = [acknowledge(desk, "ana", gone), acknowledge(desk, "bo", gone)]
    said = desk.bring(told(desk, notes, gone))
    assert (said.code, said.data["deleted"]) == (0, [gone]), said.err
    assert any("enough other reviewers have them" in need for need in said.data["needs"])
    assert words(desk) == set()


def test_the_word_of_the_server_alone_is_withheld(desk: Desk) -> None:
    gone = take(desk)
    members = [member for member in desk.server.members() if member[0] != f"report-{gone}.age"]
    assert desk.bring(desk.server.parcel(members=members)).code == 1
    assert words(desk) == {"withheld"}


@pytest.mark.parametrize(
    ("what", "failure"),
    [
        ("one", "too-few"),
        ("forged", "signature"),
        ("other_side", "fork"),
        ("too_early", "too-few"),
        ("other_report", "too-few"),
        ("not_brought", "shortened"),
    ],
)
def test_acknowledgements_that_do_not_suffice_prove_nothing(desk: Desk, what: str, failure: str) -> None:
    early = len(desk.server.entries)
    gone = take(desk)
    ana, bo = acknowledge(desk, "ana", gone), acknowledge(desk, "bo", gone)
    log = LogHead(origin=desk.server.origin, size=len(desk.server.entries), root=b64url(bytes(32)))
    if what == "forged":
        desk.organisation.reviewers["bo"] = SigningKey.generate()
    notes = {
        "one": [ana, ana],
        "forged": [ana, acknowledge(desk, "bo", gone)],
        "other_side": [ana, acknowledge(desk, "bo", gone, log=log)],
        "too_early": [ana, acknowledge(desk, "bo", gone, size=early)],
        "other_report": [ana, acknowledge(desk, "bo", "ab" * 32)],
        "not_brought": [ana, bo],
    }[what]
    parcel = told(desk, notes, gone)
    if what == "not_brought":
        parcel = parcel_without_bo(desk, gone, ana, bo)
    said = desk.bring(parcel)
    assert said.code == 1
    assert said.data["deleted"] == []
    assert {fault["failure"] for fault in said.data["faults"]} == {failure, "withheld"}
    # The rest of the parcel is filed all the same, and the report comes late and is taken.
    assert desk.bring(desk.server.parcel()).data["reports"] == [gone]
    assert words(desk) == set()


def parcel_without_bo(desk: Desk, gone: str, ana: bytes, bo: bytes) -> bytes:
    """A parcel that names bo's acknowledgement and does not bring it."""
    members = [member for member in desk.server.members() if member[0] != f"report-{gone}.age"]
    at = next(i for i, (name, _) in enumerate(members) if name == "prekeys.json") + 1
    assert bo != ana
    by = (AcknowledgedIn(reviewer="ana", number=1), AcknowledgedIn(reviewer="bo", number=1))
    listed = write_deletions([Deletion(charter=1, acknowledgements=by, reports=(gone,))])
    new = [("acknowledgements-00000.json", write_bundle([ana])), ("deletions-00000.json", listed)]
    return desk.server.parcel(members=members[:at] + new + members[at:])


def test_an_older_charter_with_fewer_readers_proves_nothing(desk: Desk) -> None:
    """The log says which charter counts: a server cannot choose one by which two friends suffice."""
    org, server = desk.organisation, desk.server
    org.reviewers["cy"] = SigningKey.generate()
    first = server.charter
    three = tuple(Reviewer(id=name, identity=b64url(key.public)) for name, key in org.reviewers.items())
    server.charter = sign_charter(org.charter(sequence=2, desks=(org.desk(reviewers=three, min=1),), emergency=True), org.key)
    server.entries.append(leaf_entry("charter", unverified_text(server.charter)))
    del org.reviewers["cy"]
    gone = take(desk)
    notes = [acknowledge(desk, "ana", gone), acknowledge(desk, "bo", gone)]
    said = desk.bring(told(desk, notes, gone, charter=1, charters=(first,)))
    assert {fault["failure"] for fault in said.data["faults"]} == {"charter", "withheld"}
    said = desk.bring(told(desk, notes, gone, charter=2))
    assert {fault["failure"] for fault in said.data["faults"]} == {"too-few", "withheld"}


def test_the_charter_of_the_day_counts_when_it_has_long_been_followed_by_another(desk: Desk) -> None:
    org, server = desk.organisation, desk.server
    first = server.charter
    gone = take(desk)
    notes = [acknowledge(desk, "ana", gone), acknowledge(desk, "bo", gone)]
    alone = org.desk(reviewers=(Reviewer(id="ana", identity=b64url(org.reviewers["ana"].public)),), min=1)
    later = TODAY + timedelta(days=100)
    server.charter = sign_charter(org.charter(sequence=2, desks=(alone,), issued=later, expires=later + timedelta(days=90)), org.key)
    server.entries.append(leaf_entry("charter", unverified_text(server.charter)))
    server.publish(day=later)
    for days in range(14, 100, 14):
        desk.travel(TODAY + timedelta(days=days))
        desk.run("status")
    desk.travel(later)
    assert text_hash(unverified_text(first)) != text_hash(unverified_text(server.charter))
    said = desk.bring(told(desk, notes, gone, charter=1, charters=(first,)))
    assert said.data["deleted"] == [gone], said.err


# -- what is held ----------------------------------------------------------------------------------------------------------


def test_nothing_is_said_of_holds_before_the_first(desk: Desk) -> None:
    desk.bring(desk.server.parcel())
    assert hold_in(desk) is None


def test_a_held_thread_is_held_whole_and_what_comes_later_in_it_too(desk: Desk) -> None:
    reporter = desk.reporter()
    first = reporter.report()
    desk.server.take(first)
    other = take(desk)
    desk.bring(desk.server.parcel())
    assert desk.run("hold", report_id(first)[:12]).code == 0
    held = hold_in(desk)
    assert held is not None
    assert (held.number, held.desks, held.reports) == (1, (), (report_id(first),))
    assert acknowledged(desk).reports == (other,)
    second = reporter.report("And again.", kind="follow_up")
    desk.server.take(second)
    desk.server.publish()
    desk.bring(desk.server.parcel())
    held = hold_in(desk)
    assert held is not None
    assert (held.number, set(held.reports)) == (2, {report_id(first), report_id(second)})
    # Nothing new is held, so nothing new is signed.
    again = hold_in(desk)
    assert again == held


def test_what_is_held_shows_and_is_let_go_by_its_name_only(desk: Desk) -> None:
    report = take(desk)
    desk.bring(desk.server.parcel())
    assert desk.run("hold", "--report", report[:16]).code == 0
    assert desk.run("hold", "--desk", "legal").code == 0
    status = desk.run("status").data
    assert status["held"] == [
        {"kind": "desk", "which": "legal", "since": TODAY.isoformat()},
        {"kind": "report", "which": report, "since": TODAY.isoformat()},
    ]
    assert acknowledged(desk).reports == ()
    assert desk.run("lift", "--desk", "legal", stdin="press\n").code == 1
    assert desk.run("status").data["held"] == status["held"]
    assert desk.run("lift", "--desk", "legal", stdin="legal\n").code == 0
    held = hold_in(desk)
    assert held is not None
    assert (held.desks, held.reports) == ((), (report,))
    assert desk.run("lift", "--report", report, "--yes").code == 0
    held = hold_in(desk)
    assert held is not None
    assert (held.desks, held.reports) == ((), ())
    assert acknowledged(desk).reports == (report,)


def test_a_desk_of_others_and_what_is_not_there_cannot_be_held_or_let_go(desk: Desk) -> None:
    take(desk)
    desk.bring(desk.server.parcel())
    for wrong in (("hold", "--desk", "press"), ("hold", "--report", "zz"), ("hold",), ("hold", "1", "--desk", "legal"), ("lift", "1", "--yes")):
        said = desk.run(*wrong)
        assert said.code == 1, wrong
    assert hold_in(desk) is None


# -- where this reviewer reads no longer -----------------------------------------------------------------------------------


def sign_desks(desk: Desk, sequence: int, *press: str) -> None:
    """Ana's vault takes a charter with a second desk, read by these; the server's log has it too."""
    org = desk.organisation
    listed = tuple(Reviewer(id=name, identity=b64url(org.reviewers[name].public)) for name in press)
    second = org.desk(id="press", reviewers=listed, voices=(press[0],), min=1)
    desk.server.charter = sign_charter(org.charter(sequence=sequence, desks=(org.desk(), second), emergency=True), org.key)
    desk.server.entries.append(leaf_entry("charter", unverified_text(desk.server.charter)))
    note = desk.folder / "charter.note"
    note.write_bytes(desk.server.charter)
    said = desk.run("charter", str(note))
    assert said.code == 0, said.err


def take_at_press(desk: Desk, text: str) -> str:
    sealed = desk.reporter().report(text, desk="press")
    desk.server.take(sealed, desk="press")
    desk.server.publish()
    return report_id(sealed)


def test_what_was_held_at_a_desk_of_before_goes_on_and_nothing_is_added_there(desk: Desk) -> None:
    sign_desks(desk, 2, "ana", "bo")
    held, later, here = take_at_press(desk, "One."), take_at_press(desk, "Two."), take(desk)
    assert desk.bring(desk.server.parcel()).data["kept_aside"] == []
    assert desk.run("hold", "--report", held[:16]).code == 0
    first = hold_in(desk)
    assert first is not None
    # Held by ana, and not signed yet when ana leaves the desk.
    assert desk.run("hold", "--desk", "press").code == 0
    assert desk.run("hold", "--report", later[:16]).code == 0
    sign_desks(desk, 3, "bo")
    assert hold_in(desk) == first
    needs = desk.run("status").data["needs"]
    assert sum("held here only" in need for need in needs) == 2
    assert desk.run("hold", "--report", here[:16]).code == 0
    second = hold_in(desk)
    assert second is not None
    assert (second.number, second.desks, set(second.reports)) == (2, (), {held, here})
    assert acknowledged(desk).reports == (), "what is held here only is not acknowledged either"
    # Let go of there, it cannot be held again.
    for kind, which in (("--report", held), ("--report", later), ("--desk", "press")):
        assert desk.run("lift", kind, which, "--yes").code == 0
        assert desk.run("hold", kind, which).data["failure"] == "misuse"
    assert not any("held here only" in need for need in desk.run("status").data["needs"])


# -- what was deleted though it is held ------------------------------------------------------------------------------------


@pytest.mark.parametrize("holder", ["ana", "organisation", "nobody"])
def test_a_deletion_of_what_is_held_is_told(desk: Desk, holder: str) -> None:
    gone = take(desk)
    desk.bring(desk.server.parcel())
    if holder == "ana":
        assert desk.run("hold", "--report", gone[:16]).code == 0
    elif holder == "organisation":
        value = LegalHold(root=root_text(desk.organisation.root), number=1, desks=("legal",), reports=())
        (desk.folder / "1.hold").write_bytes(sign_legal_hold(value, desk.organisation.key))
        assert desk.run("bring-hold", str(desk.folder / "1.hold")).code == 0
    notes = [acknowledge(desk, "ana", gone), acknowledge(desk, "bo", gone)]
    said = desk.bring(told(desk, notes, gone))
    assert (said.code, said.data["deleted_held"]) == (0, [] if holder == "nobody" else [gone]), said.err
    assert any("deleted at the server though they are held" in need for need in said.data["needs"]) is (holder != "nobody")


def test_what_is_held_stays_signed_when_a_held_thread_grows_beyond_what_a_hold_names_and_that_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = take(desk, "Of somebody else.")
    reporter = desk.reporter()
    first = reporter.report("The first of many.")
    desk.server.take(first)
    desk.server.publish()
    assert desk.bring(desk.server.parcel()).code == 0
    monkeypatch.setattr("corncrake_vault.retention.holds.MAX_REPORTS", 2)
    assert desk.run("hold", "--report", other).code == 0
    assert desk.run("hold", report_id(first)).code == 0
    here = hold_in(desk)
    assert here is not None
    assert set(here.reports) == {other, report_id(first)}
    assert not any("hold the desk" in need for need in desk.run("status").data["needs"])
    for _ in range(8):
        desk.server.take(reporter.report("More.", kind="follow_up"))
    desk.server.publish()
    assert len(desk.bring(desk.server.parcel()).data["reports"]) == 8
    grown = hold_in(desk)
    assert grown is not None
    assert set(grown.reports) == {other, report_id(first)}
    assert any("hold the desk" in need for need in desk.run("status").data["needs"])
    assert desk.run("hold", "--desk", "legal").code == 0, "what was told can be done"
    whole = hold_in(desk)
    assert whole is not None
    assert (whole.desks, set(whole.reports)) == (("legal",), {other, report_id(first)})
    assert not any("hold the desk" in need for need in desk.run("status").data["needs"])
