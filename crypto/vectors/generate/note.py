# SPDX-License-Identifier: Apache-2.0
"""Cases of note.md, signed by another library."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from organisation import Case, canonical, key_id, note, public, signature_line
from written import b64

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = 'corncrake.org/test/v1\n{"text":"\u00e9"}\n'
ANA = ("reviewer/ana", "ana")
BO = ("reviewer/bo", "bo")
KEYS = [{"name": name, "public_hex": public(label).hex()} for name, label in (ANA, BO)]


def opened(what: str, failure: str | None, raw: str | bytes, **fields: Any) -> dict[str, Any]:
    """Return a case of `open_note`."""
    given = {"note_text": raw} if isinstance(raw, str) else {"note_base64": b64(raw)}
    expected = {} if failure else {"expected_text": TEXT}
    return {"what": what, "do": "open_note", "failure": failure, "keys": KEYS, "required": None} | given | expected | fields


def good_cases() -> Iterator[Case]:
    """Notes that open."""
    yield "one_signature", opened("one key has signed", None, note(TEXT, ANA))
    yield "two_signatures", opened("both keys have signed", None, note(TEXT, BO, ANA), required=["reviewer/ana", "reviewer/bo"])
    yield "unknown_first", opened("a signature by an unknown key is passed over", None, note(TEXT, ("witness.example", "log"), ANA))
    same_name = note(TEXT, ("reviewer/ana", "log"), ANA)
    yield "known_name_other_key", opened("a known name with another key is unknown", None, same_name)
    other = f"\u2014 other {b64(b'abcd' + bytes(70))}\n"
    yield "other_algorithm", opened("a signature of another length by an unknown key is passed over", None, note(TEXT, ANA) + other)
    many = note(TEXT, ANA) + f"\u2014 other {b64(b'abcdefg')}\n" * 63
    yield "many", opened("64 signatures, 63 of them unknown", None, many)
    empty = "a\n\nb\n\n"
    yield "empty_lines", opened("empty lines in the text", None, note(empty, ANA), expected_text=empty)


def form_cases() -> Iterator[Case]:
    """What has not the form of a note."""
    whole = note(TEXT, ANA)
    bad: dict[str, tuple[str, str | bytes]] = {
        "empty": ("nothing", ""),
        "no_signatures": ("a text alone", TEXT),
        "no_signature_line": ("a text and an empty line", TEXT + "\n"),
        "no_text": ("signatures alone", "\n\n" + signature_line(TEXT, *ANA)),
        "no_last_newline": ("no newline at the end", whole[:-1]),
        "hyphen": ("a hyphen in place of the dash", whole.replace("\u2014", "-")),
        "space_in_name": ("a space in a name", whole.replace("reviewer/ana", "reviewer ana")),
        "plus_in_name": ("a plus in a name", whole.replace("reviewer/ana", "reviewer+ana")),
        "not_base64": ("a signature that is not base64", whole[:-2] + "*\n"),
        "base64_bits_left": ("bits beyond the signature that are not zero", TEXT + f"\n\u2014 other {b64(b'abcdefg')[:-3]}h==\n"),
        "short_signature": ("a signature of 4 bytes", TEXT + f"\n\u2014 other {b64(b'abcd')}\n"),
        "carriage_return": ("CR LF", whole.replace("\n", "\r\n")),
        "control": ("a control character", whole.replace("text", "te\u0001t")),
        "not_utf8": ("bytes that are not UTF-8", whole.encode().replace(b"text", b"te\xfft")),
        "too_many": ("65 signatures", TEXT + "\n" + signature_line(TEXT, *ANA) + f"\u2014 other {b64(b'abcdefg')}\n" * 64),
        "name_next_line": ("U+0085 in the name of an unknown signer", whole + f"\u2014 ot\u0085her {b64(b'abcdefg')}\n"),
        "name_mark": ("U+FEFF in the name of an unknown signer", whole + f"\u2014 ot\ufeffher {b64(b'abcdefg')}\n"),
        "name_long": ("a name of 256 characters", whole + f"\u2014 {'a' * 256} {b64(b'abcdefg')}\n"),
        "twice": ("one key twice", note(TEXT, ANA, ANA)),
    }
    for name, (what, raw) in bad.items():
        yield name, opened(what, "note", raw)


def signature_cases() -> Iterator[Case]:
    """Signatures that are wrong, or not there."""
    whole = note(TEXT, ANA)
    yield "changed_text", opened("a changed text", "signature", whole.replace("text", "test"))
    yield "unknown_only", opened("nobody known has signed", "signature", note(TEXT, ("witness.example", "log")))
    yield "required_missing", opened("one of two needed has not signed", "signature", whole, required=["reviewer/ana", "reviewer/bo"])
    wrong = base64.b64encode(key_id("reviewer/bo", public("bo")) + bytes(64)).decode()
    yield "one_wrong", opened("one signature is good and one wrong", "signature", whole + f"\u2014 reviewer/bo {wrong}\n")
    short = base64.b64encode(key_id("reviewer/bo", public("bo")) + bytes(63)).decode()
    yield "wrong_length", opened("a known key's signature of 63 bytes", "signature", whole + f"\u2014 reviewer/bo {short}\n")
    yield "other_name", opened("a good signature under another's name", "signature", note(TEXT, ("reviewer/bo", "ana")))


def bundle_cases() -> Iterator[Case]:
    """Several notes in one answer."""
    notes = [note(TEXT, ANA), note(TEXT, BO)]
    many = canonical({"notes": ["x"] * 65})
    for name, what, failure, text in (
        ("bundle", "two notes", None, canonical({"notes": notes})),
        ("bundle_empty", "no note", None, '{"notes":[]}'),
        ("bundle_too_many", "65 notes", "size", many),
        ("bundle_other_field", "a field that nobody knows", "json", '{"more":1,"notes":[]}'),
        ("bundle_space", "a space", "not-canonical", '{"notes": []}'),
    ):
        expected = {} if failure else {"expected": notes if name == "bundle" else []}
        yield name, {"what": what, "do": "read_bundle", "failure": failure, "bundle_text": text} | expected


def cases() -> Iterator[Case]:
    """All of them."""
    yield from good_cases()
    yield from form_cases()
    yield from signature_cases()
    yield from bundle_cases()
