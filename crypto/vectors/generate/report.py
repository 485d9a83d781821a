# SPDX-License-Identifier: Apache-2.0
"""Cases of report.md: JSON, signatures and archives by other means than the code under test."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from organisation import (
    CHARTER_SHA256,
    EPOCH,
    FORM_SHA256,
    ORIGIN,
    TODAY,
    Case,
    archive,
    archive_sha256,
    canonical,
    public,
    recipient,
    seed,
    signed,
    url,
)

from corncrake_crypto.identities import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator

REPLY = Identity.from_seed(seed("reply")).recipient
FILE: dict[str, Any] = {
    "identity": Identity.from_seed(seed("file")).text,
    "block_key": url(seed("block key")),
    "class": 260_096,
    "blocks": 3,
    "sha256": "cd" * 32,
    "name": "puente \U0001f309.jpg",
    "type": "image/jpeg",
    "size": 600_000,
    "cleaning": "strip",
    "removed": ["place", "camera"],
}


def draft(**changes: Any) -> dict[str, Any]:
    """Return what a client decides about a report."""
    fields: dict[str, Any] = {
        "kind": "first",
        "origin": ORIGIN,
        "desk": "legal",
        "charter": {"sequence": 3, "sha256": CHARTER_SHA256},
        "epochs": [{"reviewer": name, "epoch": EPOCH, "number": 1} for name in ("ana", "bo")],
        "message": url(bytes(range(16))),
        "seen": [{"reviewer": "ana", "number": 5}],
        "left_out": [],
        "reply_tag": url(seed("reply tag")),
        "form": FORM_SHA256,
        "language": "es",
        "day": TODAY,
        "answers": [{"question": "story", "text": "Pas\u00f3 en el puente.\nDos hombres."}, {"question": "when", "day": "2026-11-20", "about": True}],
        "files": [],
    }
    return fields | changes


def report(**changes: Any) -> dict[str, Any]:
    """Return a signed `report.json`."""
    made = {"v": 1, "thread": url(public("thread")), "reply_key": hashlib.sha256(REPLY.raw).hexdigest()}
    return signed("report", draft() | made | changes, "thread")


def of(value: dict[str, Any] | str, reply_key: bytes = REPLY.raw) -> tuple[tuple[str, bytes], ...]:
    """Return the members of a report."""
    return ("report.json", (value if isinstance(value, str) else canonical(value)).encode()), ("reply.key", reply_key)


def build_cases() -> Iterator[Case]:
    """What a client makes, by the SHA-256 of the whole plaintext."""
    long = [{"question": "story", "text": "x" * 20_000}]
    given: tuple[tuple[str, str, dict[str, Any], int], ...] = (
        ("build_first", "a first report", {}, 12_288),
        ("build_follow_up", "a follow-up", {"kind": "follow_up", "answers": []}, 12_288),
        ("build_cover", "a cover report", {"kind": "cover", "answers": [], "seen": []}, 12_288),
        ("build_long", "a longer one", {"answers": long}, 61_440),
        ("build_file", "one with a file", {"files": [FILE]}, 12_288),
    )
    for name, what, fields, length in given:
        expected = {"expected_length": length, "expected_sha256": archive_sha256(length, *of(report(**fields)))}
        base = {"what": what, "do": "build_report", "failure": None, "draft": draft(**fields), "seed_hex": seed("thread").hex()}
        yield name, base | {"reply_recipient": recipient("reply")} | expected
    too_long = draft(answers=[{"question": f"q{number}", "text": "x" * 90_000} for number in range(3)])
    base = {"what": "more than the largest class holds", "do": "build_report", "failure": "size", "draft": too_long}
    yield "build_too_long", base | {"seed_hex": seed("thread").hex(), "reply_recipient": recipient("reply")}


def read(what: str, failure: str | None, *members: tuple[str, bytes], length: int = 12_288, **fields: Any) -> dict[str, Any]:
    """Return a case of `read_report`: an archive, to be filled with zeros up to its length."""
    return {"what": what, "do": "read_report", "failure": failure} | archive(*members) | {"plaintext_length": length} | fields


def changed(**changes: Any) -> str:
    """Return a report signed as it was before some fields were changed."""
    return canonical(report() | changes)


def read_cases() -> Iterator[Case]:
    """What a vault opens."""
    good = report(files=[FILE])
    expected: dict[str, Any] = {
        "expected": {key: value for key, value in good.items() if key != "signature"},
        "expected_recipient": recipient("reply"),
    }
    yield "good", read("a report with a file", None, *of(good), **expected)
    large = {"class": 4_190_208, "size": 20_000_000, "blocks": 5}
    with_large = report(files=[FILE | large], language="zh_hans")
    expected = {"expected": {key: value for key, value in with_large.items() if key != "signature"}, "expected_recipient": recipient("reply")}
    yield "large_file", read("a file in large blocks", None, *of(with_large), **expected)
    live = {key: value for key, value in FILE.items() if key not in {"blocks", "sha256", "size"}} | {"live": True}
    recording = report(files=[live])
    expected = {"expected": {key: value for key, value in recording.items() if key != "signature"}, "expected_recipient": recipient("reply")}
    yield "live", read("a file that is being recorded", None, *of(recording), **expected)
    ended = {"file": url(bytes(range(16))), "blocks": 3, "size": 500_000, "sha256": "cd" * 32}
    closing = report(kind="follow_up", answers=[], closed=[ended])
    expected = {"expected": {key: value for key, value in closing.items() if key != "signature"}, "expected_recipient": recipient("reply")}
    yield "closed", read("the end of a recording", None, *of(closing), **expected)
    one = of(report())
    for name, what, failure, members in (
        ("changed_answer", "other words than were signed", "signature", of(changed(answers=[]))),
        ("changed_thread", "another thread than signed it", "signature", of(report(thread=url(public("other"))))),
        ("changed_reply_key", "another reply key than the signed one", "archive", of(report(), Identity.from_seed(seed("other")).recipient.raw)),
        ("unknown_field", "a field that nobody knows", "json", of(report(more=1))),
        ("no_desk", "a field that is missing", "json", of(canonical({k: v for k, v in report().items() if k != "desk"}))),
        ("null", "null for what is absent", "json", of(changed(answers=[{"question": "story", "text": None}]))),
        ("space", "a space", "not-canonical", of(canonical(report()).replace('"v":1', '"v": 1'))),
        ("kind_unknown", "a kind that nobody knows", "json", of(report(kind="last"))),
        ("seventeen_stanzas", "more stanzas than there can be", "json", of(report(epochs=draft()["epochs"] * 9))),
        ("no_such_day", "a day that does not exist", "json", of(report(day="2026-02-30"))),
        ("other_object", "a reply in place of a report", "kind", (("reply.json", b"{}"),)),
        ("member_missing", "no reply key", "archive", one[:1]),
        ("member_more", "a member more", "archive", (*one, ("more", b""))),
        ("members_swapped", "the reply key first", "kind", one[::-1]),
        ("file_class", "a class of blocks that does not exist", "block", of(report(files=[FILE | {"class": 1_024}]))),
        ("file_other_class", "the large class for a small file", "block", of(report(files=[FILE | {"class": 4_190_208}]))),
        ("file_more_blocks", "more blocks than its size needs", "block", of(report(files=[FILE | {"blocks": 4}]))),
        ("file_too_large", "a file larger than any can be", "block", of(report(files=[FILE | {"size": 16_384 * 4_187_648 + 1}]))),
        ("file_no_size", "no size, and not being recorded", "block", of(report(files=[{k: v for k, v in FILE.items() if k != "size"}]))),
        ("file_no_hash", "no hash, and not being recorded", "block", of(report(files=[{k: v for k, v in FILE.items() if k != "sha256"}]))),
        ("file_live_blocks", "more blocks than a recording can have", "json", of(report(files=[FILE | {"live": True, "blocks": 65_537}]))),
        ("file_live_false", "what is absent, written", "json", of(report(files=[FILE | {"live": False}]))),
        ("answer_about_false", "what is absent, written, in an answer", "json", of(report(answers=[{"question": "when", "about": False}]))),
        ("closed_none", "an empty list of ended recordings", "json", of(report(closed=[]))),
        ("closed_twice", "a recording that is closed twice", "block", of(report(closed=[ended, ended | {"blocks": 2}]))),
        ("closed_large", "more bytes than its blocks can hold", "block", of(report(closed=[ended | {"size": 3 * 4_187_648 + 1}]))),
        ("closed_no_blocks", "no block", "json", of(report(closed=[ended | {"blocks": 0}]))),
        ("closed_many_blocks", "more blocks than a recording can have", "json", of(report(closed=[ended | {"blocks": 65_537}]))),
        ("language_four", "a script of three letters", "json", of(report(language="zh_han"))),
        ("file_no_count", "no count, and not being recorded", "block", of(report(files=[{k: v for k, v in FILE.items() if k != "blocks"}]))),
    ):
        yield name, read(what, failure, *members)
    yield "no_class", read("a length that is no class", "size", *one, length=12_800)


def addressed_cases() -> Iterator[Case]:
    """Whether a report is ours."""
    for name, what, failure, fields in (
        ("addressed", "ours", None, {}),
        ("other_desk", "replayed to another desk", "desk", {"desk": "press"}),
        ("other_origin", "replayed to another address", "origin", {"origin": "https://report.example.com"}),
    ):
        yield name, read(what, failure, *of(report()), origin=ORIGIN, desk="legal") | {"do": "check_addressed"} | fields
    mine = {"reviewer": "ana", "epoch": EPOCH, "number": 1}
    for name, what, failure, fields in (
        ("sealed_to", "opened by a prekey that it names", None, {}),
        ("other_epoch", "another epoch", "epoch", {"epoch": EPOCH - 1}),
        ("other_number", "another number", "epoch", {"number": 2}),
        ("other_reviewer", "another reviewer", "epoch", {"reviewer": "eve"}),
    ):
        yield name, read(what, failure, *of(report()), sealed_to=mine | fields) | {"do": "check_sealed_to"}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from build_cases()
    yield from read_cases()
    yield from addressed_cases()
