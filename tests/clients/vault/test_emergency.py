# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is let in by an emergency: for how long charters tell it, and what a vault says of it whatever they tell."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from corncrake_crypto.charter import Reviewer, sign_charter
from corncrake_crypto.encoding import b64url
from corncrake_crypto.signatures import SigningKey
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.vault.conftest import Desk
    from tests.clients.vault.machine import Said
    from tests.clients.vault.offices import Offices


def let_in(said: Said) -> list[str]:
    """What a vault says of those who were let in without consent, and of who reads now."""
    assert said.code == 0, said
    return [need for need in said.data["needs"] if "without the reviewers' consent" in need or need.startswith("who reads now")]


# -- for how long it is told -----------------------------------------------------------------------------------------------


def test_an_emergency_is_over_after_thirty_days_however_often_it_was_repeated(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"), "--emergency")
    assert offices.take("ana", "2.note").code == 0
    told = [True]
    for sequence, days in ((3, 25), (4, 4), (5, 1)):
        offices.pass_days(days)
        told.append(offices.change(f"{sequence}.note", "renew").data["emergency"])
        assert offices.take("ana", f"{sequence}.note").code == 0
    assert told == [True, True, True, False]


def test_an_emergency_that_is_declared_again_is_told_from_then_on(offices: Offices) -> None:
    """A server takes one that lets somebody in for a week: what comes later is signed anew, and counts from there."""
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"), "--emergency")
    offices.pass_days(9)
    offices.change("3.note", "renew", "--emergency")
    offices.pass_days(29)
    assert offices.change("4.note", "renew").data["emergency"]
    offices.pass_days(1)
    assert not offices.change("5.note", "renew").data["emergency"]


@pytest.mark.parametrize("by_specification", [False, True])
def test_what_is_declared_since_nobody_agreed_is_told_for_thirty_days(offices: Offices, by_specification: bool) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"))
    spec = json.loads(offices.file_text("spec.json")) | {"emergency": True}
    cy = json.loads(offices.file_text("cy.request"))
    spec["desks"][0]["reviewers"].append({"id": "cy", "identity": cy["key"]})
    offices.file("spec.json").write_text(json.dumps(spec))
    words = ["charter", str(offices.file("spec.json")), "--form", str(offices.file("form.json"))] if by_specification else ["renew", "--emergency"]
    assert offices.change("3.note", *words).data["emergency"]
    for sequence, days, told in ((4, 29, True), (5, 1, False)):
        offices.pass_days(days)
        assert offices.change(f"{sequence}.note", "renew").data["emergency"] is told
    for name in ("3.note", "4.note", "5.note"):
        assert offices.take("ana", name).code == 0


def test_who_is_let_in_while_an_emergency_is_told_begins_another(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"), "--emergency")
    offices.pass_days(20)
    assert offices.change("3.note", "enrol", "legal", offices.join("dee")).data["emergency"]
    for sequence, days, told in ((4, 29, True), (5, 1, False)):
        offices.pass_days(days)
        assert offices.change(f"{sequence}.note", "renew").data["emergency"] is told


def test_an_organisation_that_came_back_from_paper_repeats_what_its_newest_charter_tells(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"), "--emergency")
    shares = [word for place in (1, 2) for word in ("--share", offices.share("sheets", place))]
    assert offices.vault("new", "organisation", "recover", "--charter", str(offices.file("2.note")), *shares).code == 0
    offices.pass_days(29)
    assert offices.vault("new", "organisation", "renew", "--out", str(offices.file("3.note"))).data["emergency"]
    offices.pass_days(1)
    assert not offices.vault("new", "organisation", "renew", "--out", str(offices.file("4.note"))).data["emergency"]


def test_a_vault_refuses_a_charter_that_hides_an_emergency_and_takes_it_where_it_cannot_know(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"), "--emergency")
    for who in ("ana", "cy"):
        assert offices.take(who, "2.note").code == 0
    shares = [word for place in (1, 2) for word in ("--share", offices.share("sheets", place))]
    assert offices.vault("thief", "organisation", "recover", "--charter", str(offices.file("1.note")), *shares).code == 0
    offices.vault("thief", "organisation", "renew", "--out", str(offices.file("thief-2.note")))
    request = str(offices.file("cy.request"))
    assert offices.vault("thief", "organisation", "enrol", "legal", request, "--out", str(offices.file("hides.note"))).data["sequence"] == 3
    refused = offices.take("ana", "hides.note")
    assert (refused.code, refused.data["failure"]) == (1, "charter")
    # Cy's first charter is the one that let cy in: there is none before it to compare with.
    assert offices.take("cy", "hides.note").code == 0


def test_a_vault_that_missed_the_charter_which_let_somebody_in_takes_one_that_no_longer_tells_it(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"), "--emergency")
    offices.pass_days(14)
    offices.change("3.note", "renew")
    assert "cy at legal" in let_in(offices.take("bo", "3.note"))[0]
    offices.pass_days(16)
    assert not offices.change("4.note", "renew").data["emergency"]
    assert offices.take("bo", "4.note").code == 0


# -- what a vault says of it -----------------------------------------------------------------------------------------------


def test_whom_an_emergency_lets_in_is_said_at_once_and_for_thirty_days_and_by_whom_it_is_read_now(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"), "--emergency")
    first, readers = let_in(offices.take("ana", "2.note"))
    assert "charter 2" in first
    assert "cy at legal" in first
    assert "ana, bo, cy at legal" in readers
    offices.change("3.note", "revoke", "cy")
    assert "ana, bo at legal" in let_in(offices.take("ana", "3.note"))[1]
    for days, lines in ((14, 2), (14, 2), (1, 2), (1, 0)):
        offices.pass_days(days)
        assert len(let_in(offices.vault("ana", "status"))) == lines, offices.day


def test_an_emergency_that_half_of_the_desk_has_countersigned_lets_nobody_in_unseen(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"), "--emergency")
    offices.countersign("bo", "2.note")
    assert let_in(offices.take("ana", "2.note")) == []


def test_a_vault_whose_first_charter_is_an_emergency_says_so(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"), "--emergency")
    first, _ = let_in(offices.take("cy", "2.note"))
    assert "charter 2" in first
    assert let_in(offices.vault("cy", "charter")) != []


def test_a_thief_of_the_organisations_key_who_signs_with_a_day_long_past_is_said_all_the_same(offices: Offices) -> None:
    offices.travel(TODAY - timedelta(days=40))
    offices.found("ana", "bo")
    shares = [word for place in (1, 2) for word in ("--share", offices.share("sheets", place))]
    request = offices.join("eve")
    offices.pass_days(9)
    assert offices.vault("thief", "organisation", "recover", "--charter", str(offices.file("1.note")), *shares).code == 0
    offices.vault("thief", "organisation", "enrol", "legal", request, "--voice", "--emergency", "--out", str(offices.file("2.note")))
    offices.travel(TODAY)
    assert not offices.vault("thief", "organisation", "renew", "--out", str(offices.file("3.note"))).data["emergency"]
    for name in ("2.note", "3.note"):
        first, readers = let_in(offices.take("bo", name))
        assert "eve at legal" in first
        assert "ana, bo, eve at legal" in readers
    assert offices.vault("bo", "prekeys").code == 0
    assert len(let_in(offices.vault("bo", "export", str(offices.file("bo.parcel"))))) == 2


def test_a_parcel_that_brings_such_a_charter_is_imported_and_says_who_was_let_in_also_when_the_next_one_is_silent(desk: Desk) -> None:
    org = desk.organisation
    assert desk.bring(desk.server.parcel()).code == 0
    legal = replace(org.desk(), reviewers=(*org.desk().reviewers, Reviewer(id="eve", identity=b64url(SigningKey.generate().public))))
    for sequence, days_ago, told in ((2, 31, True), (3, 0, None)):
        issued = TODAY - timedelta(days=days_ago)
        fields: dict[str, Any] = {"sequence": sequence, "desks": (legal,), "issued": issued, "expires": issued + timedelta(days=90)}
        desk.server.charter = sign_charter(org.charter(**fields, emergency=told), org.key)
        desk.server.publish(day=TODAY + timedelta(days=sequence))
        desk.travel(TODAY + timedelta(days=sequence))
        first, readers = let_in(desk.bring(desk.server.parcel(start=len(desk.server.entries))))
        assert "charter 2" in first
        assert "ana, bo, eve at legal" in readers
