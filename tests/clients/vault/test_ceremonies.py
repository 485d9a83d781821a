# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ceremonies: who is let in and by whom, who goes, and who takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.charter import root_of
from corncrake_crypto.encoding import b64url, root_text, unb64url
from corncrake_crypto.signatures import SigningKey
from corncrake_vault.vault import unlock_vault
from tests.clients.vault.machine import PASSPHRASE
from tests.clients.vault.paper import share_on

if TYPE_CHECKING:
    from tests.clients.vault.offices import Offices


# -- the key and its paper -------------------------------------------------------------------------------------------------


def test_a_key_signs_nothing_before_its_paper_was_read_back(offices: Offices) -> None:
    offices.org("create")
    offices.file("spec.json").write_text("{}")
    for step in ("organisation shares", "organisation test-shares"):
        said = offices.change("1.note", "charter", str(offices.file("spec.json")))
        assert (said.code, said.data["failure"]) == (1, "misuse")
        assert step in said.err
        offices.org("shares", "2", "3", str(offices.file("sheets")))
    assert offices.org("test-shares", "--share", offices.share("sheets", 2)).data["failure"] == "checksum"
    assert not offices.file("1.note").exists()


def test_a_successor_takes_over_only_when_its_paper_was_read_back(offices: Offices) -> None:
    offices.found("ana")
    offices.org("successor")
    said = offices.change("2.note", "succeed")
    assert (said.code, said.data["failure"]) == (1, "misuse")
    assert "organisation shares" in said.err
    offices.org("shares", "2", "2", str(offices.file("later")))
    assert "organisation test-shares" in offices.change("2.note", "succeed").err


def test_the_words_on_the_sheets_bring_the_key_back_on_a_new_machine(offices: Offices) -> None:
    offices.found("ana")
    typed = "\n".join(share_on(offices.file("sheets") / f"share-{place}.pdf") for place in (2, 3)) + "\n\n"
    said = offices.vault("new", "organisation", "recover", "--charter", str(offices.file("1.note")), stdin=typed)
    assert (said.code, said.data["root"]) == (0, offices.root)
    assert offices.vault("new", "organisation", "renew", "--out", str(offices.file("2.note"))).data["sequence"] == 2
    assert offices.take("ana", "2.note").code == 0


def test_one_share_too_few_a_wrong_word_and_shares_of_two_sets_bring_nothing_back(offices: Offices) -> None:
    offices.found("ana")
    offices.org("shares", "3", "5", str(offices.file("other")))
    words = offices.file("sheets/share-1.txt").read_text().split()
    wrong = " ".join([*words[:20], "academic" if words[20] != "academic" else "acid", *words[21:]])
    for shares in (
        [offices.file("sheets/share-1.txt").read_text()],
        [wrong, offices.file("sheets/share-2.txt").read_text()],
        [offices.file("sheets/share-1.txt").read_text(), offices.file("other/share-2.txt").read_text()],
        [offices.file(f"other/share-{place}.txt").read_text() for place in (1, 2)],
    ):
        said = offices.vault("new", "organisation", "recover", stdin="\n".join(share.strip() for share in shares) + "\n\n")
        assert (said.code, said.data["failure"]) == (1, "checksum")


def test_a_share_that_was_typed_wrong_is_told_at_once_and_typed_again(offices: Offices, capsys: pytest.CaptureFixture[str]) -> None:
    offices.found("ana")
    shares = [offices.file(f"sheets/share-{place}.txt").read_text().strip() for place in (1, 2)]
    words = shares[0].split()
    mistyped = [
        " ".join([*words[:20], "nonsense", *words[21:]]),
        " ".join(words[:-1]),
        " ".join([*words[:20], "academic" if words[20] != "academic" else "acid", *words[21:]]),
    ]
    said = offices.org("test-shares", stdin="\n".join([*mistyped, shares[0], shares[0], shares[1], ""]))
    assert said.code == 0
    asked = capsys.readouterr().err
    for why in ("word 21 is not one", "it has 32 words", "one of its words is wrong", "was typed already"):
        assert why in asked, why
    assert "nonsense" not in asked
    offices.file("typo.txt").write_text(mistyped[0])
    named = offices.org("test-shares", "--share", str(offices.file("typo.txt")), "--share", offices.share("sheets", 2))
    assert (named.code, named.data["failure"]) == (1, "checksum")
    assert "typo.txt: word 21 is not one" in named.err


def test_the_paper_of_a_successor_does_not_make_it_sign(offices: Offices) -> None:
    offices.found("ana")
    offices.org("successor")
    offices.org("shares", "2", "2", str(offices.file("later")))
    said = offices.org("test-shares", "--share", offices.share("later", 1), "--share", offices.share("later", 2))
    assert "from now on it signs" not in said.data["done"]
    assert "succeed" in said.data["done"]


@pytest.mark.parametrize("who", ["zed", "zed:abc", "Zed Z:" + "A" * 43])
def test_whoever_is_named_wrongly_is_told_how_to_name_them(offices: Offices, who: str) -> None:
    offices.found("ana")
    for words in (("enrol", "legal"), ("add-courier",)):
        said = offices.change("2.note", *words, "--who", who)
        assert (said.code, said.data["failure"]) == (1, "misuse")
        assert "43 characters" in said.err
        assert "parcel" not in said.err


def test_no_recovery_key_is_made_for_a_quarter_that_is_over(offices: Offices) -> None:
    offices.found("ana")
    said = offices.change("2.note", "recovery", "legal", "2026-Q3", "2", "3", str(offices.file("recovery")))
    assert (said.code, said.data["failure"]) == (1, "misuse")
    assert not offices.file("recovery").exists()


@pytest.mark.parametrize("numbers", [("1", "3"), ("4", "3"), ("2", "17")])
def test_shares_of_which_one_would_do_or_too_many_are_not_made(offices: Offices, numbers: tuple[str, str]) -> None:
    offices.org("create")
    said = offices.org("shares", *numbers, str(offices.file("sheets")))
    assert (said.code, said.data["failure"]) == (1, "misuse")
    assert not offices.file("sheets").exists()


# -- who is let in ---------------------------------------------------------------------------------------------------------


def test_a_reviewer_is_let_in_by_half_of_those_who_read(offices: Offices) -> None:
    offices.found("ana", "bo")
    said = offices.change("2.note", "enrol", "legal", offices.join("cy"), "--voice")
    assert said.data["countersign"] == [{"after": 1, "desk": "legal", "needed": 1, "of": ["ana", "bo"]}]
    refused = offices.take("ana", "2.note")
    assert (refused.code, refused.data["failure"]) == (1, "signature")
    assert offices.countersign("bo", "2.note").data["complete"]
    for who in ("ana", "bo", "cy"):
        assert offices.take(who, "2.note").code == 0
    assert offices.readers("2.note") == ["ana", "bo", "cy"]


def test_whoever_countersigns_sees_the_words_of_the_new_key_and_signs_only_with_a_yes(offices: Offices, capsys: pytest.CaptureFixture[str]) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"))
    before = offices.file("2.note").read_bytes()
    said = offices.countersign("ana", "2.note", stdin="no\n")
    assert (said.code, said.data["failure"]) == (1, "misuse")
    assert offices.file("2.note").read_bytes() == before
    words = offices.vault("cy", "identity").data["words"]
    assert words in capsys.readouterr().err


def test_who_is_let_in_cannot_let_itself_in(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"))
    said = offices.countersign("cy", "2.note")
    assert said.code == 1
    assert offices.take("ana", "2.note").data["failure"] == "signature"


def test_an_emergency_is_taken_without_countersignatures_and_repeated_for_30_days(offices: Offices) -> None:
    offices.found("ana", "bo")
    assert offices.change("2.note", "enrol", "legal", offices.join("cy"), "--emergency").data["emergency"]
    assert offices.take("ana", "2.note").code == 0
    offices.pass_days(10)
    assert offices.change("3.note", "renew").data["emergency"]
    offices.pass_days(30)
    assert not offices.change("4.note", "renew").data["emergency"]
    assert offices.take("ana", "4.note").code == 0


def test_a_vault_that_missed_a_charter_takes_the_next_and_says_that_it_cannot_tell(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"))
    offices.countersign("ana", "2.note")
    assert offices.take("ana", "2.note").code == 0
    offices.change("3.note", "renew")
    assert offices.take("bo", "3.note").code == 0
    needs = offices.vault("bo", "status").data["needs"]
    assert any("compare by voice" in need for need in needs)
    assert offices.vault("bo", "charter").data["in_doubt"]
    # An export would vouch for it: clients refuse older charters by what edition heads name.
    refused = offices.vault("bo", "export", str(offices.file("bo.parcel")))
    assert (refused.code, refused.data["failure"]) == (1, "charter")
    assert not offices.file("bo.parcel").exists()
    assert not offices.vault("bo", "charter", "--compared").data["in_doubt"]
    assert offices.vault("bo", "export", str(offices.file("bo.parcel"))).code == 0
    assert not any("compare by voice" in need for need in offices.vault("bo", "status").data["needs"])


def test_a_thief_of_the_organisations_key_who_leaves_a_number_out_is_vouched_for_by_nobody(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "renew")
    offices.change("3.note", "enrol", "legal", offices.join("eve"), "--voice")
    assert offices.take("ana", "3.note").code == 0, "it may be a charter that was countersigned where this vault was not"
    assert offices.vault("ana", "export", str(offices.file("ana.parcel"))).data["failure"] == "charter"
    offices.change("4.note", "enrol", "legal", offices.join("cy"), "--voice")
    before = offices.file("4.note").read_bytes()
    refused = offices.countersign("ana", "4.note")
    assert (refused.code, refused.data["failure"]) == (1, "charter")
    assert "nothing is countersigned" in refused.err
    assert offices.file("4.note").read_bytes() == before
    assert offices.take("bo", "4.note").data["in_doubt"]


def test_whoever_takes_a_charter_that_cannot_be_checked_is_told_so_and_what_to_do(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"))
    offices.change("3.note", "renew")
    said = offices.take("ana", "3.note")
    assert said.data["in_doubt"]
    assert ["compare by voice" in need for need in said.data["needs"]] == [True]
    assert "charter --compared" in said.data["next"]
    assert not offices.vault("ana", "charter", "--compared").data["in_doubt"]
    offices.change("4.note", "renew")
    later = offices.take("ana", "4.note").data
    assert (later["in_doubt"], later["needs"], later["next"]) == (False, [], "export PARCEL: it makes the weekly keys that are missing")


def test_an_id_that_belonged_to_another_key_is_not_given_again(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "retire", "bo")
    key = b64url(SigningKey.generate().public)
    said = offices.change("3.note", "enrol", "legal", "--who", f"bo:{key}")
    assert (said.code, said.data["failure"]) == (1, "misuse")
    assert "bo-2" in said.err
    assert offices.change("3.note", "enrol", "legal", "--who", f"bo-2:{key}").code == 0


def test_what_is_handed_in_is_read_strictly(offices: Offices) -> None:
    offices.found("ana", "bo")
    for request in (b"", b"{}", b'{"id":"cy","key":"x"}', b'{"id":"../cy","key":"%s"}' % (b"A" * 43), b"[" * 100_000):
        offices.file("cy.request").write_bytes(request)
        assert offices.change("2.note", "enrol", "legal", str(offices.file("cy.request"))).code == 1
    assert not offices.file("2.note").exists()


# -- who goes --------------------------------------------------------------------------------------------------------------


def test_a_revoked_reviewer_is_gone_from_the_next_charter_and_nobody_has_to_agree(offices: Offices) -> None:
    offices.found("ana", "bo", "cy")
    said = offices.change("2.note", "revoke", "bo")
    assert said.data["countersign"] == []
    assert any("today" in need for need in said.data["needs"])
    assert offices.readers("2.note") == ["ana", "cy"]
    assert offices.take("ana", "2.note").code == 0


def test_the_last_voice_is_not_removed(offices: Offices) -> None:
    offices.found("ana")
    said = offices.change("2.note", "retire", "ana")
    assert (said.code, said.data["failure"]) == (1, "misuse")
    assert "enrol another one first" in said.err


def test_couriers_come_and_go(offices: Offices) -> None:
    offices.found("ana")
    key = b64url(SigningKey.generate().public)
    offices.change("2.note", "add-courier", "--who", f"kim:{key}")
    assert [one.key for one in offices.opened("2.note").charter.couriers] == [key]
    assert offices.change("3.note", "add-courier", "--who", f"kim:{key}").data["failure"] == "misuse"
    offices.change("3.note", "remove-courier", "kim")
    assert offices.opened("3.note").charter.couriers == ()


def test_a_charter_that_has_run_out_is_renewed(offices: Offices) -> None:
    offices.found("ana")
    offices.pass_days(200)
    assert offices.change("2.note", "renew").code == 0
    assert (offices.opened("2.note").charter.expires - offices.day).days == 90


# -- who takes over --------------------------------------------------------------------------------------------------------


def succeeded(offices: Offices, name: str) -> None:
    offices.org("successor")
    offices.paper(f"sheets for {name}")
    assert offices.change(name, "succeed").code == 0


def test_a_successor_signs_under_the_same_root(offices: Offices) -> None:
    offices.found("ana")
    for name in ("2.note", "3.note"):
        succeeded(offices, name)
        assert offices.take("ana", name).code == 0
    opened = offices.opened("3.note").charter
    assert len(opened.successions) == 2
    assert root_text(root_of(unb64url(opened.organisation.key))) != offices.root == opened.root


def test_the_old_key_is_gone_and_a_copy_of_it_convinces_no_vault(offices: Offices) -> None:
    offices.found("ana")
    old = [offices.share("sheets", place) for place in (1, 2)]
    thief = ["organisation", "recover", "--charter", str(offices.file("1.note")), "--share", old[0], "--share", old[1]]
    assert offices.vault("thief", *thief).code == 0
    succeeded(offices, "2.note")
    assert offices.take("ana", "2.note").code == 0
    vault = unlock_vault(offices.file("org"), PASSPHRASE, offices.day)
    with vault.store:
        seed = vault.store.fact("organisation")
        assert seed is not None
        assert b64url(SigningKey.from_seed(seed).public) == offices.opened("2.note").charter.organisation.key
        assert vault.store.fact("successor") is None
    for number in (2, 3):
        assert offices.vault("thief", "organisation", "renew", "--out", str(offices.file(f"thief-{number}.note"))).code == 0
    assert offices.take("ana", "thief-2.note").data["failure"] == "equivocation"
    assert offices.take("ana", "thief-3.note").data["failure"] == "equivocation"


def test_two_successors_of_one_key_are_refused(offices: Offices) -> None:
    offices.found("ana")
    shares = ["--share", offices.share("sheets", 1), "--share", offices.share("sheets", 2)]
    offices.vault("thief", "organisation", "recover", "--charter", str(offices.file("1.note")), *shares)
    succeeded(offices, "2.note")
    assert offices.take("ana", "2.note").code == 0
    offices.vault("thief", "organisation", "successor")
    offices.vault("thief", "organisation", "shares", "2", "2", str(offices.file("t")))
    offices.vault("thief", "organisation", "test-shares", "--share", offices.share("t", 1), "--share", offices.share("t", 2))
    assert offices.vault("thief", "organisation", "succeed", "--out", str(offices.file("x.note"))).code == 0
    assert offices.vault("thief", "organisation", "renew", "--out", str(offices.file("y.note"))).data["sequence"] == 3
    assert offices.take("ana", "y.note").data["failure"] == "equivocation"


# -- which paper was read back ---------------------------------------------------------------------------------------------


def test_sheets_of_an_older_set_do_not_stand_for_a_newer_one_that_nobody_has_read_back(offices: Offices) -> None:
    offices.found("ana")
    assert offices.org("shares", "2", "3", str(offices.file("anew"))).code == 0
    old, new = ([word for place in (1, 2) for word in ("--share", offices.share(name, place))] for name in ("sheets", "anew"))
    said = offices.org("test-shares", *old)
    assert (said.code, said.data["failure"]) == (1, "checksum")
    assert "set 2" in said.err
    assert "organisation test-shares" in offices.change("2.note", "renew").err
    assert offices.org("test-shares", *new).code == 0
    assert offices.change("2.note", "renew").code == 0


def test_a_set_that_is_made_while_another_is_typed_in_has_not_been_read_back(offices: Offices) -> None:
    offices.found("ana")

    def typed(*_: object) -> list[str]:
        assert offices.org("shares", "2", "3", str(offices.file("anew"))).code == 0
        return [offices.file_text(offices.share("sheets", place)) for place in (1, 2)]

    offices.monkeypatch.setattr("corncrake_vault.paper_commands.read_shares", typed)
    assert offices.org("test-shares").code == 0
    assert "organisation test-shares" in offices.change("2.note", "renew").err


def test_the_sheets_that_brought_a_key_back_are_its_newest_set(offices: Offices) -> None:
    offices.found("ana")
    shares = [word for place in (1, 2) for word in ("--share", offices.share("sheets", place))]
    assert offices.vault("new", "organisation", "recover", "--charter", str(offices.file("1.note")), *shares).code == 0
    assert offices.vault("new", "organisation", "test-shares", *shares).code == 0
