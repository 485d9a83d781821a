# SPDX-License-Identifier: AGPL-3.0-or-later
"""A charter that was signed and not written, or not agreed to: the organisation is told so, and comes out of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients.vault.paper import text_of

if TYPE_CHECKING:
    from tests.clients.vault.offices import Offices

CY_NEEDS_ONE = {"after": 1, "desk": "legal", "needed": 1, "of": ["ana", "bo"]}


@pytest.fixture
def unagreed(offices: Offices) -> Offices:
    """Charter 2 lets cy in; nobody has countersigned it."""
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"))
    return offices


# -- a charter that could not be written -----------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--out", "--record"])
def test_a_charter_that_cannot_be_written_is_not_signed(offices: Offices, option: str) -> None:
    offices.found("ana", "bo")
    request = offices.join("cy")
    offices.file("taken").mkdir()
    for place in ("missing/2.note", "taken"):
        words = {"--out": str(offices.file("2.note")), option: str(offices.file(place))}
        said = offices.org("enrol", "legal", request, *(word for pair in words.items() for word in pair))
        assert (said.code, said.data["failure"]) == (1, "store")
    assert not offices.file("2.note").exists()
    assert offices.change("2.note", "enrol", "legal", request).data["sequence"] == 2


def test_no_key_is_handed_over_by_a_charter_that_cannot_be_written(offices: Offices) -> None:
    offices.found("ana")
    offices.org("successor")
    offices.paper("later")
    assert offices.org("succeed", "--out", str(offices.file("missing/2.note"))).data["failure"] == "store"
    assert offices.change("2.note", "succeed").code == 0
    assert len(offices.opened("2.note").charter.successions) == 1


def test_no_sheets_are_made_for_a_charter_that_cannot_be_written(offices: Offices) -> None:
    offices.found("ana")
    words = ("recovery", "legal", "2027-Q1", "2", "3", str(offices.file("recovery")))
    assert offices.org(*words, "--out", str(offices.file("missing/2.note"))).data["failure"] == "store"
    assert not offices.file("recovery").exists()
    assert offices.change("2.note", *words).code == 0


def test_a_charter_whose_file_was_lost_is_written_once_more(unagreed: Offices) -> None:
    signed = unagreed.file("2.note").read_bytes()
    unagreed.file("2.note").unlink()
    refused = unagreed.change("x.note", "enrol", "legal", str(unagreed.file("cy.request")))
    assert (refused.code, refused.data["failure"]) == (1, "misuse")
    assert "organisation again" in refused.err
    said = unagreed.change("2.note", "again")
    assert unagreed.file("2.note").read_bytes() == signed
    assert said.data["countersign"] == [CY_NEEDS_ONE]
    assert any("cy READS FROM NOW ON" in line for line in said.data["changes"])
    assert unagreed.change("3.note", "renew").data["sequence"] == 3


def test_nothing_is_written_once_more_where_nothing_was_signed(offices: Offices) -> None:
    offices.org("create")
    assert offices.change("1.note", "again").data["failure"] == "charter"


# -- a charter that was not agreed to --------------------------------------------------------------------------------------


def test_a_charter_after_one_that_nobody_agreed_to_says_what_it_lacks(unagreed: Offices) -> None:
    said = unagreed.change("3.note", "renew")
    assert said.data["countersign"] == [CY_NEEDS_ONE]
    assert any(line.startswith("since charter 1: desk legal: cy READS FROM NOW ON") for line in said.data["changes"])
    assert any("no charter after 1 was shown here countersigned" in need for need in said.data["needs"])
    assert "countersign 3.note" in said.data["next"]
    # The reviewers never took charter 2: for them this is the step that lets cy in.
    assert unagreed.countersign("bo", "3.note").data["complete"]
    assert unagreed.take("ana", "3.note").code == 0
    assert not any("compare by voice" in need for need in unagreed.vault("ana", "status").data["needs"])


def test_a_charter_that_was_shown_countersigned_is_what_the_next_is_compared_with(unagreed: Offices) -> None:
    unagreed.countersign("ana", "2.note")
    shown = unagreed.org("agreed", str(unagreed.file("2.note")))
    assert (shown.code, shown.data["sequence"]) == (0, 2)
    said = unagreed.change("3.note", "renew")
    assert said.data["countersign"] == []
    assert said.data["changes"] == ["nothing but its days"]
    unagreed.change("3-again.note", "again")
    assert unagreed.file("3-again.note").read_bytes() == unagreed.file("3.note").read_bytes()


def test_a_charter_is_written_once_more_with_the_countersignatures_that_were_shown(unagreed: Offices) -> None:
    unagreed.countersign("ana", "2.note")
    unagreed.org("agreed", str(unagreed.file("2.note")))
    assert unagreed.change("again.note", "again").data["countersign"] == []
    assert unagreed.take("bo", "again.note").code == 0


def test_a_charter_that_lacks_countersignatures_or_is_of_others_is_not_noted_as_agreed(unagreed: Offices) -> None:
    assert unagreed.org("agreed", str(unagreed.file("2.note"))).data["failure"] == "signature"
    text = unagreed.file("2.note").read_text()
    unagreed.file("other.note").write_text(text.replace('"sequence":2', '"sequence":3'))
    assert unagreed.org("agreed", str(unagreed.file("other.note"))).data["failure"] == "misuse"
    assert unagreed.change("3.note", "renew").data["countersign"] == [CY_NEEDS_ONE]


def test_both_who_must_agree_if_the_one_before_is_in_force_and_if_not_is_said(unagreed: Offices) -> None:
    said = unagreed.change("3.note", "enrol", "legal", unagreed.join("dee"))
    assert said.data["countersign"] == [CY_NEEDS_ONE, {"after": 2, "desk": "legal", "needed": 2, "of": ["ana", "bo", "cy"]}]


def test_whoever_finds_too_few_to_agree_is_sent_to_a_command_that_works(unagreed: Offices) -> None:
    assert any("organisation renew --emergency" in need for need in unagreed.change("again.note", "again").data["needs"])
    said = unagreed.change("3.note", "renew", "--emergency")
    assert (said.code, said.data["countersign"]) == (0, [])
    assert unagreed.take("ana", "3.note").code == 0
    assert unagreed.readers("3.note") == ["ana", "bo", "cy"]
    assert unagreed.change("4.note", "renew").data["countersign"] == []


def test_a_handing_over_can_be_an_emergency(unagreed: Offices) -> None:
    unagreed.org("successor")
    unagreed.paper("later")
    said = unagreed.change("3.note", "succeed", "--emergency")
    assert said.data["emergency"]
    assert unagreed.opened("3.note").charter.emergency


def test_who_leaves_again_before_anybody_agreed_needs_no_consent(unagreed: Offices) -> None:
    said = unagreed.change("3.note", "retire", "cy")
    assert said.data["countersign"] == []
    assert unagreed.take("ana", "3.note").code == 0
    assert unagreed.change("4.note", "renew").data["changes"] == ["nothing but its days"]


@pytest.mark.parametrize("paper", ["en", "es"])
def test_the_record_says_what_changes_since_the_charter_that_was_agreed_to(unagreed: Offices, paper: str) -> None:
    record = unagreed.file("record.pdf")
    unagreed.change("3.note", "renew", "--record", str(record), "--paper", paper)
    said = " ".join(text_of(record).split())
    assert ("since charter 1: desk legal: cy" if paper == "en" else "desde la carta 1: mesa legal: cy") in said


# -- a recovery key --------------------------------------------------------------------------------------------------------


def test_who_agrees_to_a_recovery_key_sees_the_words_that_stand_on_its_sheets(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "recovery", "legal", "2027-Q1", "2", "3", str(offices.file("recovery")))
    shown = next(line for line in offices.countersign("ana", "2.note").data["changes"] if "A RECOVERY KEY for 2027-Q1" in line)
    words = shown.partition("in words: ")[2]
    assert len(words.split()) == 8
    assert words in " ".join(text_of(offices.file("recovery") / "share-1.pdf").split())
    offices.change("3.note", "recovery", "legal", "2027-Q1", "2", "3", str(offices.file("anew")), "--replace")
    changes = offices.change("again.note", "again").data["changes"]
    assert any(f"a recovery key for 2027-Q1 goes, in words: {words}" in line for line in changes)
