# SPDX-License-Identifier: Apache-2.0
"""Cases of charter.md, signed by another library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from organisation import (
    ORIGIN,
    QUARTER,
    TODAY,
    Case,
    charter,
    charter_note,
    desk,
    document,
    note,
    public,
    recipient,
    root_text,
    signature_line,
    text_sha256,
    url,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def opened(what: str, failure: str | None, signed: str, **fields: Any) -> dict[str, Any]:
    """Return a case of `open_charter`."""
    base: dict[str, Any] = {"what": what, "do": "open_charter", "failure": failure, "note_text": signed}
    base |= {"root": root_text(), "origin": ORIGIN, "today": TODAY, "floor": None}
    return base | ({} if failure else {"expected": {"sequence": 3, "sha256": text_sha256(signed)}}) | fields


def succession(number: int, old: str, new: str, **changes: Any) -> str:
    """Return a succession as a note signed by both keys."""
    value = {"root": root_text(), "number": number, "from_key": url(public(old)), "to_key": url(public(new))} | changes
    return document("succession", value, ("organisation", old), ("successor", new))


def after(signer: str, *successions: str) -> str:
    """Return a charter that a successor signed."""
    organisation = {"key": url(public(signer)), "names": {"en": "The Organisation"}}
    return charter_note(signer, successions=list(successions), organisation=organisation)


def many(count: int, **changes: Any) -> dict[str, Any]:
    """Return a desk with so many reviewers."""
    names = [f"reviewer-{number}" for number in range(1, count + 1)]
    return desk(reviewers=[{"id": name, "identity": url(public(name))} for name in names], voices=names[:1], **changes)


def good_cases() -> Iterator[Case]:
    """Charters that open."""
    yield "good", opened("a charter", None, charter_note())
    yield "no_origin", opened("a reader without an address", None, charter_note(), origin=None)
    yield "last_day", opened("on its last day", None, charter_note(), today="2027-01-30")
    yield "two_days_ahead", opened("a clock two days behind", None, charter_note(), today="2026-10-30")
    yield "longest_life", opened("95 days", None, charter_note(expires="2027-02-04"))
    floor = {"sequence": 3, "sha256": text_sha256(charter_note())}
    yield "at_floor", opened("the newest charter that is known", None, charter_note(), floor=floor)
    yield "above_floor", opened("newer than any that was known", None, charter_note(), floor={"sequence": 2, "sha256": "00" * 32})
    yield "succession", opened("a second key", None, after("second", succession(1, "organisation", "second")))
    chain = succession(1, "organisation", "second"), succession(2, "second", "third")
    yield "two_successions", opened("a third key", None, after("third", *chain))
    rooms: dict[str, Any] = {
        "emergency": True,
        "quorum": 2,
        "stamps": [12, 16, 20],
        "witnesses": {"keys": [{"name": "w", "key": url(bytes(32))}], "threshold": 1},
    }
    yield (
        "languages",
        opened("names in Chinese and Asturian", None, charter_note(desks=[desk(names={"zh_hans": "\u6cd5\u5f8b", "ast": "Lleis", "pt_br": "Leis"})])),
    )
    yield "readers_16", opened("15 reviewers and a recovery key", None, charter_note(desks=[many(15, recovery=[QUARTER])]))
    yield "reviewers_16", opened("16 reviewers", None, charter_note(desks=[many(16)]))
    yield "rooms", opened("the rooms for later", None, charter_note(desks=[desk(recovery=[QUARTER])], **rooms))
    for name, origin in {"onion": "http://" + "a" * 56 + ".onion", "loopback": "http://127.0.0.1:8080", "port": ORIGIN + ":8443"}.items():
        yield f"origin_{name}", opened(f"the address {origin}", None, charter_note(origin=origin), origin=origin)


def refused_cases() -> Iterator[Case]:
    """Each of the checks, in their order."""
    yield "other_kind", opened("another document", "kind", document("prekeys", charter(), ("organisation", "organisation")))
    spaced = "corncrake.org/charter/v1\n{} \n"
    yield "space", opened("a space after the JSON", "not-canonical", note(spaced, ("organisation", "organisation")))
    yield "unknown_field", opened("a field that nobody knows", "json", charter_note(more=1))
    yield "sequence_0", opened("sequences begin at 1", "json", charter_note(sequence=0))
    wrong: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("language_three", "a country of three letters", {"desks": [desk(names={"en_abc": "Legal"})]}),
        ("label_empty", "an empty name", {"desks": [desk(names={"en": ""})]}),
        ("emergency_false", "what is absent, written", {"emergency": False}),
        ("quorum_one", "a quorum of one", {"quorum": 1}),
        ("stamps_256", "a stamp of 256 bits", {"stamps": [12, 16, 256]}),
    )
    for name, what, changes in wrong:
        yield name, opened(what, "json", charter_note(**changes))
    yield "other_root", opened("another organisation's charter", "root", charter_note(root=root_text("log")))
    thief = {"key": url(public("thief")), "names": {"en": "The Organisation"}}
    yield "thief", opened("another key that claims the pin", "root", charter_note("thief", organisation=thief))
    yield "foreign_signature", opened("signed by another key", "signature", charter_note("thief"))
    yield "origin_of_four", opened("an address of four characters, each of two units of UTF-16", "json", charter_note(origin="\U0001f600" * 4))
    yield "other_origin", opened("another address", "origin", charter_note(origin="https://report.example.com"))
    yield "three_days_ahead", opened("issued three days ahead", "not-yet-valid", charter_note(), today="2026-10-29")
    yield "expired", opened("the day after its last", "expired", charter_note(), today="2027-01-31")
    yield "too_long_a_life", opened("96 days", "charter", charter_note(expires="2027-02-05"))
    backwards = charter_note(expires="2026-10-31")
    yield "ends_before_it_begins", opened("a last day before the first", "charter", backwards, today="2026-10-31")
    yield "rollback", opened("older than one that is known", "rollback", charter_note(), floor={"sequence": 4, "sha256": "00" * 32})
    yield "equivocation", opened("another of the same sequence", "equivocation", charter_note(), floor={"sequence": 3, "sha256": "00" * 32})


def succession_cases() -> Iterator[Case]:
    """Broken chains."""
    one = succession(1, "organisation", "second")
    text = one.rpartition("\n\n")[0] + "\n"
    only_new = text + "\n" + signature_line(text, "successor", "second")
    only_old = text + "\n" + signature_line(text, "organisation", "organisation")
    for name, what, failure, signed in (
        ("succession_old_unsigned", "the old key has not signed", "succession", after("second", only_new)),
        ("succession_new_unsigned", "the new key has not signed", "succession", after("second", only_old)),
        ("succession_link_missing", "a link is missing", "succession", after("fourth", one, succession(2, "third", "fourth"))),
        ("succession_leads_elsewhere", "the chain leads to another key", "succession", after("third", one)),
        ("succession_number", "a number out of its place", "succession", after("second", succession(2, "organisation", "second"))),
        ("succession_other_root", "another root", "succession", after("second", succession(1, "organisation", "second", root=root_text("log")))),
        ("succession_first_key", "the chain begins with another key", "root", after("second", succession(1, "thief", "second"))),
        (
            "succession_other_kind",
            "another document",
            "succession",
            after("second", note("corncrake.org/charter/v1\n{}\n", ("organisation", "second"))),
        ),
    ):
        yield name, opened(what, failure, signed)


def contradiction_cases() -> Iterator[Case]:
    """What fields say about each other."""
    ana, bo = desk()["reviewers"]
    next_one = QUARTER | {"quarter": "2027-Q1", "recipient": recipient("later"), "number": 5}
    organisation = {"key": url(public("organisation")), "names": {"en": "The Organisation"}}
    press = {"id": "press"}
    contradictions: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("desk_twice", "a desk twice", {"desks": [desk(), desk()]}),
        ("min_above", "more are needed than there are", {"desks": [desk(min=3)]}),
        ("voice_unknown", "a voice that is no reviewer", {"desks": [desk(voices=["eve"])]}),
        ("voice_twice", "a voice twice", {"desks": [desk(voices=["ana", "ana"])]}),
        ("reviewer_twice", "a reviewer twice", {"desks": [desk(reviewers=[ana, ana])]}),
        ("identity_twice", "one identity of two reviewers", {"desks": [desk(reviewers=[ana, bo | {"identity": ana["identity"]}])]}),
        ("reviewer_recovery", "a reviewer called recovery", {"desks": [desk(reviewers=[ana, bo | {"id": "recovery"}])]}),
        (
            "two_identities",
            "another identity at another desk",
            {"desks": [desk(), desk(**press, reviewers=[ana, bo | {"identity": url(bytes(32))}])]},
        ),
        ("two_names", "another id at another desk", {"desks": [desk(), desk(**press, reviewers=[ana, bo | {"id": "eve"}])]}),
        ("courier_twice", "a courier twice", {"couriers": [{"id": "n", "key": url(bytes(32))}, {"id": "n", "key": url(bytes(31) + b"1")}]}),
        ("release_key_twice", "a release key twice", {"release_keys": [url(bytes(32))] * 2}),
        (
            "witnesses_too_few",
            "more witnesses needed than there are",
            {"witnesses": {"keys": [{"name": "w", "key": url(bytes(32))}], "threshold": 2}},
        ),
        ("witness_twice", "a witness twice", {"witnesses": {"keys": [{"name": "w", "key": url(bytes([n]) * 32)} for n in (1, 2)], "threshold": 1}}),
        ("stamps_fall", "steps of stamps that do not rise", {"stamps": [12, 12, 20]}),
        ("recovery_number_twice", "two recovery keys of one number", {"desks": [desk(recovery=[QUARTER, next_one | {"number": 4}])]}),
        (
            "recovery_key_twice",
            "one recovery key for two quarters",
            {"desks": [desk(recovery=[QUARTER, next_one | {"recipient": recipient("recovery")}])]},
        ),
        ("recovery_quarter_twice", "two recovery keys for one quarter", {"desks": [desk(recovery=[QUARTER, next_one | {"quarter": "2026-Q4"}])]}),
        (
            "recovery_ends_before_it_begins",
            "a recovery key with a last day before its first",
            {"desks": [desk(recovery=[QUARTER | {"not_after": "2026-09-30"}])]},
        ),
        ("language_twice", "a language twice", {"desks": [desk(languages=["en", "en"])]}),
        ("readers_17", "16 reviewers and a recovery key", {"desks": [many(16, recovery=[QUARTER])]}),
        ("key_organisation_log", "the organisation's key is the log's", {"log": {"origin": "report.example.org/log/1", "key": organisation["key"]}}),
        ("key_reviewer_courier", "a reviewer's key is a courier's", {"couriers": [{"id": "north", "key": ana["identity"]}]}),
        ("key_release_log", "a release key is the log's", {"release_keys": [url(public("log"))]}),
        ("key_witness_log", "a witness's key is the log's", {"witnesses": {"keys": [{"name": "w", "key": url(public("log"))}], "threshold": 1}}),
        ("origin_plain_http", "http to a public address", {"origin": "http://report.example.org"}),
        ("origin_upper", "an address in upper case", {"origin": "https://Report.example.org"}),
        ("origin_path", "an address with a path", {"origin": ORIGIN + "/"}),
        ("origin_two_dots", "an address with two dots in a row", {"origin": "https://report..example.org"}),
    )
    for name, what, changes in contradictions:
        yield name, opened(what, "charter", charter_note(**changes), origin=None)


def cases() -> Iterator[Case]:
    """All of them."""
    yield "root_of", {"what": "a root", "do": "root_of", "failure": None, "public_hex": public("organisation").hex(), "expected_text": root_text()}
    yield from good_cases()
    yield from refused_cases()
    yield from succession_cases()
    yield from contradiction_cases()
    emergency = charter_note("organisation", emergency=True)
    for name, what, signed, today, expected in (
        ("emergency_first_day", "an emergency, on its first day", emergency, "2026-11-01", True),
        ("emergency_30_days", "the last day on which it is told", emergency, "2026-11-30", True),
        ("emergency_31_days", "30 days after it was issued", emergency, "2026-12-01", False),
        ("emergency_none", "no emergency", charter_note(), "2026-11-02", False),
    ):
        case: dict[str, Any] = {"what": what, "do": "tells_emergency", "failure": None, "note_text": signed, "root": root_text()}
        yield name, case | {"today": today, "expected": expected}
