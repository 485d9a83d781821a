# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands on a ceremony's paper, and what people compare."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from string import Formatter
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.encoding import b64url, parse_root, unb64url
from corncrake_crypto.recipients import Recipient
from corncrake_vault.arguments import parser
from corncrake_vault.keys.fingerprint import LISTS, words_of
from corncrake_vault.organisation.ceremony import key_to_share
from corncrake_vault.organisation.record_texts import SHEET_OF_ORGANISATION, SHEET_OF_RECOVERY, TEXT, TITLES
from corncrake_vault.organisation.shares import share_sets
from corncrake_vault.vault import unlock_vault
from tests.clients.vault.machine import PASSPHRASE
from tests.clients.vault.paper import codes_on, made_on, share_on, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.vault.offices import Offices

WORDS = {"countersign": ("countersign",), "drill": ("recovery", "drill")}
"""Ceremonies that are not the organisation's."""
RECOVERY = ("recovery", "legal", "2027-Q1")


def said_on(record: Path) -> str:
    """What a record says, in one line."""
    return " ".join(text_of(record).split())


def on_paper(offices: Offices, name: str, paper: str, language: str | None = None) -> list[str]:
    """The options that have a command write its record in a language."""
    return ["--record", str(offices.file(name)), "--paper", paper, "--language", language or paper]


def both(offices: Offices, name: str) -> list[str]:
    """The options that hand a command two sheets."""
    return ["--share", offices.share(name, 1), "--share", offices.share(name, 2)]


@pytest.mark.parametrize("paper", ["en", "es"])
def test_a_record_says_what_was_done_and_its_codes_can_be_read_by_machine(offices: Offices, paper: str) -> None:
    offices.found("ana", "bo")
    request = offices.join("cy")
    record = offices.file("record.pdf")
    offices.change("2.note", "enrol", "legal", request, *on_paper(offices, "record.pdf", paper))
    said = said_on(record)
    assert ("Acta de una ceremonia" if paper == "es" else "Record of a ceremony") in said
    assert offices.opened("2.note").sha256 in said.replace(" ", "")
    assert offices.root in codes_on(record)
    assert record.stat().st_mode & 0o077 == 0


def test_the_record_of_the_key_names_root_and_sheets(offices: Offices) -> None:
    offices.root = offices.org("create").data["root"]
    offices.org("shares", "2", "3", str(offices.file("sheets")))
    record = offices.file("record.pdf")
    assert offices.org("test-shares", *both(offices, "sheets"), "--record", str(record)).code == 0
    assert "2 of the 3 sheets were read back" in said_on(record)
    assert offices.root in codes_on(record)
    share = share_on(offices.file("sheets") / "share-1.pdf")
    assert " ".join(share.split()[4:7]) not in said_on(record)


def test_a_record_says_no_time_of_the_day(offices: Offices) -> None:
    offices.found("ana")
    offices.change("2.note", "renew", "--record", str(offices.file("record.pdf")))
    assert made_on(offices.file("record.pdf")) == f"D:{offices.day:%Y%m%d}000000Z"


def test_no_share_stands_in_the_store_or_in_what_a_command_says(offices: Offices) -> None:
    offices.root = offices.org("create").data["root"]
    said = offices.org("shares", "2", "3", str(offices.file("sheets")))
    words = offices.file("sheets/share-1.txt").read_text().split()
    assert " ".join(words[4:8]) not in json.dumps(said.data) + said.err
    assert all(path.stat().st_mode & 0o077 == 0 for path in offices.file("sheets").iterdir())


@pytest.mark.parametrize("language", sorted(LISTS))
def test_paper_shows_every_word_to_compare_or_the_english_one_and_says_so(offices: Offices, language: str) -> None:
    offices.found("ana")
    in_language = ("--language", language)
    offices.change("2.note", *RECOVERY, "2", "2", str(offices.file("recovery")), *in_language, "--record", str(offices.file("recovery.pdf")))
    offices.change("3.note", "enrol", "legal", offices.join("cy"), *on_paper(offices, "enrol.pdf", "en", language))
    offices.org("shares", "2", "2", str(offices.file("anew")), *in_language)
    assert offices.org("test-shares", *both(offices, "anew"), *on_paper(offices, "test.pdf", "en", language)).code == 0
    drill = ("drill", *RECOVERY[1:], *both(offices, "recovery"), *on_paper(offices, "drill.pdf", "en", language))
    assert offices.vault("org", "recovery", *drill).code == 0
    charter = offices.opened("3.note").charter
    entries = charter.desks[0].recovery
    assert entries is not None
    cy = next(one.identity for one in charter.desks[0].reviewers if one.id == "cy")
    keys = {"organisation": unb64url(charter.organisation.key), "cy": unb64url(cy), "recovery": Recipient.from_text(entries[0].recipient).raw}
    shown = {
        "enrol.pdf": ("organisation", "cy"),
        "recovery.pdf": ("organisation", "recovery"),
        "test.pdf": ("organisation",),
        "drill.pdf": ("recovery",),
        "anew/share-1.pdf": ("organisation",),
        "recovery/share-1.pdf": ("recovery",),
    }
    printed = "en" if language in {"ja", "ko", "zh_hans", "zh_hant"} else language
    for name, whose in shown.items():
        said = said_on(offices.file(name))
        assert "?" not in said, name
        assert all(words_of(keys[key], printed) in said for key in whose), name
        assert ("The words are the English ones" in said) is (printed != language), name


def test_words_to_compare_are_the_same_number_in_every_language() -> None:
    key = bytes(range(32))
    spoken = {language: words_of(key, language).split() for language in LISTS}
    assert {len(words) for words in spoken.values()} == {8}
    assert len({tuple(words) for words in spoken.values()}) == len(LISTS)


# -- ceremonies that sign no charter ---------------------------------------------------------------------------------------


def check_record(offices: Offices, name: str, language: str, keys: dict[str, bytes], *sentences: str) -> None:
    """Check that a record says what was done, shows keys as words and as codes, the root among them, and has room to sign."""
    record, text = offices.file(name), TEXT[language]
    said = said_on(record)
    shown = {"root": parse_root(offices.root), **keys}
    for sentence in (*sentences, text["record"], text["present"]):
        assert sentence in said, sentence
    for label, key in shown.items():
        assert f"{text[label]} {words_of(key, language)}" in said, label
    assert codes_on(record) == {offices.root, *(b64url(key[:32]) for key in keys.values())}
    assert record.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("paper", ["en", "es"])
def test_a_key_that_is_made_or_brought_back_has_a_record(offices: Offices, paper: str) -> None:
    text, titles = TEXT[paper], TITLES[paper]
    offices.root = offices.org("create", *on_paper(offices, "create.pdf", paper)).data["root"]
    check_record(offices, "create.pdf", paper, {}, titles["create"], text["made"])
    offices.paper()
    words = ("recover", *both(offices, "sheets"), *on_paper(offices, "recover.pdf", paper))
    assert offices.vault("new", "organisation", *words).code == 0
    key = key_to_share(unlock_vault(offices.file("new"), PASSPHRASE, offices.day)).public
    check_record(offices, "recover.pdf", paper, {"organisation": key}, titles["recover"], text["recovered"].format(needed=2))


@pytest.mark.parametrize("paper", ["en", "es"])
def test_the_record_of_a_successor_shows_its_key_beside_the_root(offices: Offices, paper: str) -> None:
    offices.found("ana")
    successor = unb64url(offices.org("successor", *on_paper(offices, "successor.pdf", paper)).data["key"])
    check_record(offices, "successor.pdf", paper, {"successor": successor}, TITLES[paper]["successor"], TEXT[paper]["made"])


@pytest.mark.parametrize("paper", ["en", "es"])
def test_the_record_of_a_countersignature_says_who_agreed_to_what(offices: Offices, paper: str) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"))
    note = str(offices.file("2.note"))
    agreed = offices.vault("ana", "countersign", note, "--out", note, "--yes", *on_paper(offices, "agreed.pdf", paper))
    assert agreed.code == 0
    opened = offices.opened("2.note")
    ana, cy = (unb64url(next(one.identity for one in opened.charter.desks[0].reviewers if one.id == who)) for who in ("ana", "cy"))
    who, charter = TEXT[paper]["countersigned"].format(who="ana"), TEXT[paper]["charter"].format(sequence=2, until=opened.charter.expires)
    check_record(offices, "agreed.pdf", paper, {"reviewer": ana}, TITLES[paper]["countersign"], who, charter, words_of(cy, paper))
    assert opened.sha256 in said_on(offices.file("agreed.pdf")).replace(" ", "")


def test_the_record_of_a_successors_paper_does_not_call_it_the_present_key(offices: Offices) -> None:
    offices.found("ana")
    successor = unb64url(offices.org("successor").data["key"])
    offices.org("shares", "2", "2", str(offices.file("later")))
    assert offices.org("test-shares", *both(offices, "later"), "--record", str(offices.file("test.pdf"))).code == 0
    check_record(offices, "test.pdf", "en", {"successor": successor}, TITLES["en"]["test-shares"])


@pytest.mark.parametrize("paper", ["en", "es"])
def test_the_record_of_a_drill_says_which_key_and_how_many_sheets_where_that_is_known(offices: Offices, paper: str) -> None:
    offices.found("ana")
    offices.change("2.note", *RECOVERY, "2", "3", str(offices.file("recovery")))
    offices.countersign("ana", "2.note")
    assert offices.take("ana", "2.note").code == 0
    entries = offices.opened("2.note").charter.desks[0].recovery
    assert entries is not None
    key, what = Recipient.from_text(entries[0].recipient).raw, SHEET_OF_RECOVERY[paper].format(desk="legal", quarter="2027-Q1")
    until = TEXT[paper]["sheets_until"].format(day="2027-06-29")
    of_three, of_some = TEXT[paper]["tested"].format(needed=2, made=3), TEXT[paper]["tested_some"].format(needed=2)
    for who, tested in {"org": of_three, "ana": of_some}.items():
        said = offices.vault(who, "recovery", "drill", *RECOVERY[1:], *both(offices, "recovery"), *on_paper(offices, f"{who}.pdf", paper))
        assert said.code == 0
        check_record(offices, f"{who}.pdf", paper, {"recovery": key}, TITLES[paper]["drill"], what, tested, until)


@pytest.mark.parametrize("paper", ["en", "es"])
def test_sheets_that_are_destroyed_have_a_record_of_which_they_were(offices: Offices, paper: str) -> None:
    offices.found("ana")
    offices.change("2.note", *RECOVERY, "2", "2", str(offices.file("recovery")))
    made = offices.opened("2.note").charter
    entries = made.desks[0].recovery
    assert entries is not None
    keys = (unb64url(made.organisation.key), Recipient.from_text(entries[0].recipient).raw)
    sets = (SHEET_OF_ORGANISATION[paper], 3), (SHEET_OF_RECOVERY[paper].format(desk="legal", quarter="2027-Q1"), 2)
    for number, (key, (what, count)) in enumerate(zip(keys, sets, strict=True), 1):
        assert offices.org("shares-destroyed", str(number), *on_paper(offices, f"{number}.pdf", paper)).code == 0
        said = TEXT[paper]["destroyed"].format(number=number, needed=2, made=count, what=what)
        check_record(offices, f"{number}.pdf", paper, {"key": key}, TITLES[paper]["shares-destroyed"], said)


def test_nothing_is_done_whose_record_could_not_be_written(offices: Offices) -> None:
    offices.found("ana", "bo")
    offices.change("2.note", "enrol", "legal", offices.join("cy"))
    record, note = ("--record", str(offices.file("missing/record.pdf"))), str(offices.file("2.note"))
    before = offices.file("2.note").read_bytes()
    for who, words in {
        "org": ("organisation", "shares-destroyed", "1"),
        "ana": ("countersign", note, "--out", note, "--yes"),
        "other": ("organisation", "create"),
    }.items():
        said = offices.vault(who, *words, *record)
        assert (said.code, said.data["failure"]) == (1, "store"), words
    assert not share_sets(unlock_vault(offices.file("org"), PASSPHRASE, offices.day).store)[0].destroyed
    assert offices.file("2.note").read_bytes() == before
    assert not offices.file("other").exists()


def test_every_ceremony_has_its_texts_in_every_language_of_the_paper() -> None:
    def fields(text: str) -> set[str | None]:
        return {field for _, field, _, _ in Formatter().parse(text)}

    for texts in (TEXT, TITLES):
        first, *others = texts.values()
        assert all(first.keys() == other.keys() for other in others)
        assert all(fields(first[name]) == fields(other[name]) for other in others for name in first)
    for ceremony in TITLES["en"]:
        with pytest.raises(SystemExit), redirect_stdout(StringIO()) as shown:
            parser().parse_args([*WORDS.get(ceremony, ("organisation", ceremony)), "--help"])
        assert "--record" in shown.getvalue(), ceremony
