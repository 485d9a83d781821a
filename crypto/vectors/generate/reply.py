# SPDX-License-Identifier: Apache-2.0
"""Cases of reply.md: JSON, signatures and archives by other means than the code under test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from organisation import ORIGIN, Case, archive, archive_sha256, canonical, public, seed, signed, url

if TYPE_CHECKING:
    from collections.abc import Iterator

THREAD = url(public("thread"))
PLACE: dict[str, Any] = {"origin": ORIGIN, "desk": "legal", "reviewer": "ana", "edition": 5, "bucket": 0, "part": 0, "thread": THREAD}


def draft(**changes: Any) -> dict[str, Any]:
    """Return what a vault decides about one part."""
    fields: dict[str, Any] = {"parts": 1, "acknowledged": [url(bytes(range(16)))], "missing_blocks": [], "text": "La tenemos. Gracias."}
    return PLACE | fields | changes


def reply(signer: str = "ana", **changes: Any) -> dict[str, Any]:
    """Return a signed `reply.json`."""
    return signed("reply", draft() | {"v": 1} | changes, signer)


def build_cases() -> Iterator[Case]:
    """What a vault makes, by the SHA-256 of the whole plaintext."""
    given: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("build", "a reply", {}),
        ("build_missing", "missing blocks", {"missing_blocks": ["ab" * 16]}),
        ("build_part", "the second of two parts", {"part": 1, "parts": 2, "acknowledged": []}),
    )
    for name, what, fields in given:
        base: dict[str, Any] = {"what": what, "do": "build_reply", "failure": None, "draft": draft(**fields), "seed_hex": seed("ana").hex()}
        yield name, base | {"expected_sha256": archive_sha256(6_144, ("reply.json", canonical(reply(**fields)).encode()))}


def read(what: str, failure: str | None, value: dict[str, Any] | str, **fields: Any) -> dict[str, Any]:
    """Return a case of `read_reply`: an archive, to be filled with zeros up to its length, and where it was found."""
    text = value if isinstance(value, str) else canonical(value)
    base = {"what": what, "do": "read_reply", "failure": failure} | archive(("reply.json", text.encode())) | {"plaintext_length": 6_144}
    return base | {"place": PLACE, "identity_hex": public("ana").hex()} | fields


def read_cases() -> Iterator[Case]:
    """What a reporter's client opens."""
    good = reply()
    yield "good", read("a reply", None, good, expected={key: value for key, value in good.items() if key != "signature"})
    silent = signed("reply", {k: v for k, v in draft().items() if k != "text"} | {"v": 1}, "ana")
    yield "no_text", read("an acknowledgement alone", None, silent, expected={key: value for key, value in silent.items() if key != "signature"})
    for name, what, failure, value in (
        ("foreign_signature", "signed by another", "signature", reply("thief")),
        ("changed_text", "another text than was signed", "signature", reply() | {"text": "No."}),
        ("other_origin", "of another address", "origin", reply(origin="https://report.example.com")),
        ("other_desk", "of another desk", "desk", reply(desk="press")),
        ("other_reviewer", "in another reviewer's name", "desk", reply(reviewer="bo")),
        ("other_thread", "written to somebody else", "thread", reply(thread=url(public("other")))),
        ("older_edition", "of an older edition", "edition", reply(edition=4)),
        ("other_bucket", "of another bucket", "edition", reply(bucket=1)),
        ("bucket_beyond", "of a bucket that no edition has", "edition", reply(bucket=1_024)),
        ("bucket_too_large", "of a bucket that cannot be", "json", reply(bucket=65_536)),
        ("other_part", "of another part", "edition", reply(part=1, parts=2)),
        ("five_parts", "more than four parts", "json", reply(parts=5)),
        ("unknown_field", "a field that nobody knows", "json", reply(more=1)),
        ("space", "a space", "not-canonical", canonical(reply()) + " "),
    ):
        yield name, read(what, failure, value)
    beyond = reply(part=1, parts=1)
    yield "part_beyond", read("the second part of one", "edition", beyond, place=PLACE | {"part": 1})
    yield "other_length", read("another length", "size", good, plaintext_length=12_288)
    yield "other_object", read("another object", "kind", good) | archive(("report.json", b"{}"))
    yield "member_more", read("a member more", "archive", good) | archive(("reply.json", b"{}"), ("more", b""))


def join_cases() -> Iterator[Case]:
    """Parts put together; each is a reply that was read."""
    three = [reply(part=part, parts=3, text=text) for part, text in enumerate(("uno ", "dos ", "tres"))]
    for name, what, failure, parts in (
        ("three", "three parts", None, three),
        ("missing", "the last is missing", "edition", three[:2]),
        ("order", "two are swapped", "edition", [three[1], three[0], three[2]]),
        ("doubled", "one is there twice", "edition", [three[0], three[0], three[2]]),
        ("mixed", "one is of another edition", "edition", [*three[:2], reply(part=2, parts=3, edition=4, text="tres")]),
        ("none", "no part", "edition", []),
    ):
        expected = {} if failure else {"expected_text": "uno dos tres"}
        yield f"join_{name}", {"what": what, "do": "join_replies", "failure": failure, "replies": parts} | expected


def cases() -> Iterator[Case]:
    """All of them."""
    yield from build_cases()
    yield from read_cases()
    yield from join_cases()
