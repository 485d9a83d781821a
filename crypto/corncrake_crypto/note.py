# SPDX-License-Identifier: Apache-2.0
"""Signed notes: a text, an empty line, and signature lines; and the documents that are such texts.

Rules of this file: a reader says which keys it expects. A signature by a key it does not know is passed over; a wrong one by a
key it knows is refused, and so is a second one by the same key. Hashes of notes are of their text, never of signatures.
A document is a note whose text is `corncrake.org/<kind>/v1` (or a later version), one line of canonical JSON, and nothing else.

Source: crypto/spec/note.md; C2SP signed-note.md.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Final, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from corncrake_crypto.encoding import b64std, canonical, decode_canonical, unb64std
from corncrake_crypto.errors import Failure, FileError, PeerError, UsageError
from corncrake_crypto.fields import Wire
from corncrake_crypto.signatures import SIGNATURE_LENGTH, SigningKey, verify

T = TypeVar("T", bound=msgspec.Struct)

MAX_NOTE: Final = 1 << 20
MAX_SIGNATURES: Final = 64
MAX_BUNDLE: Final = 2 << 20
MAX_BUNDLE_NOTES: Final = 64

_ED25519: Final = b"\x01"
_KEY_ID_LENGTH: Final = 4
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NAME: Final = re.compile(r"[!-*,-~]{1,255}")
_LINE: Final = re.compile(r"\u2014 ([!-*,-~]{1,255}) ([A-Za-z0-9+/]+=*)")


class NoteKey(NamedTuple):
    """A key that may have signed a note, under its name: `organisation`, `reviewer/<id>`, or a log's origin."""

    name: str
    public: bytes


class SignatureLine(NamedTuple):
    """One line of a note's signatures, verified by nobody yet: whose it says to be, the 4 bytes that name the key, and the rest."""

    name: str
    key_id: bytes
    raw: bytes


def _refused(detail: str) -> FileError:
    return FileError(Failure.NOTE, detail)


def key_id(name: str, public: bytes) -> bytes:
    """Return the 4 bytes that name a key in a signature line: SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public)[:4]."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:_KEY_ID_LENGTH]


def text_hash(text: str) -> str:
    """Return the SHA-256 of a note's text as UTF-8, lower-case hex."""
    return hashlib.sha256(text.encode()).hexdigest()


# -- notes -----------------------------------------------------------------------------------------------------------------


def sign_note(text: str, signers: Iterable[tuple[str, SigningKey]]) -> bytes:
    r"""Return the note of `text`, signed.

    Args:
        text: ends in a newline; no control characters but newlines.
        signers: names and keys, 1 to `MAX_SIGNATURES`.

    Raises:
        UsageError: `misuse`, when text or names cannot stand in a note.

    Source: crypto/spec/note.md §1; C2SP signed-note.md.
    """
    keys = list(signers)
    if not text.endswith("\n") or _CONTROL.search(text) is not None or not 1 <= len(keys) <= MAX_SIGNATURES:
        raise UsageError(Failure.MISUSE, "this text cannot be a note")
    if any(_NAME.fullmatch(name) is None for name, _ in keys):
        raise UsageError(Failure.MISUSE, "the name of a signer is printable ASCII without spaces and plus")
    message = text.encode()
    lines = [f"\u2014 {name} {b64std(key_id(name, key.public) + key.sign(message))}\n" for name, key in keys]
    return message + b"\n" + "".join(lines).encode()


def add_signature(raw: bytes, name: str, key: SigningKey, *, limit: int = MAX_NOTE) -> bytes:
    """Return a note with one more signature over its text, unverified as it is; the same note when this key has signed already.

    Raises:
        FileError: `note`: not the form of a note.
        UsageError: `misuse`: it has as many signatures as a note may have, or the name cannot stand in one.

    Source: crypto/spec/note.md §1.
    """
    text, signatures = parse_note(raw, limit)
    if (name, key_id(name, key.public)) in {(signature.name, signature.key_id) for signature in signatures}:
        return raw
    if len(signatures) >= MAX_SIGNATURES:
        raise UsageError(Failure.MISUSE, f"a note has at most {MAX_SIGNATURES} signatures")
    return raw + sign_note(text, [(name, key)])[len(text.encode()) + 1 :]


def join_notes(raws: Sequence[bytes], *, limit: int = MAX_NOTE) -> bytes:
    """Return one note with the signatures of several notes of the same text, each line once, in the order of the lines; none is verified.

    Raises:
        FileError: `note`, when one has not the form of a note, or there would be too many signatures.
        UsageError: `misuse`, when there is none, or their texts are not the same.

    Source: crypto/spec/note.md §2.
    """
    parsed = [parse_note(raw, limit) for raw in raws]
    if len({text for text, _ in parsed}) != 1:
        raise UsageError(Failure.MISUSE, "signatures are put together only where all have signed the same text")
    lines = {f"\u2014 {name} {b64std(key_id + raw)}\n" for _, signatures in parsed for name, key_id, raw in signatures}
    if len(lines) > MAX_SIGNATURES:
        raise _refused(f"a note has at most {MAX_SIGNATURES} signatures")
    return (parsed[0][0] + "\n" + "".join(sorted(lines))).encode()


def _parse_signature(line: str) -> SignatureLine:
    match = _LINE.fullmatch(line)
    if match is None:
        raise _refused("a line after the text is not a signature")
    try:
        data = unb64std(match[2])
    except FileError as error:
        raise _refused("a signature is not base64") from error
    if len(data) <= _KEY_ID_LENGTH:
        raise _refused("a signature is too short")
    return SignatureLine(match[1], data[:_KEY_ID_LENGTH], data[_KEY_ID_LENGTH:])


def parse_note(raw: bytes, limit: int = MAX_NOTE) -> tuple[str, list[SignatureLine]]:
    """Return text and signatures of a note, none of them verified.

    Raises:
        FileError: `note`.

    Source: crypto/spec/note.md §1.
    """
    if len(raw) > limit:
        raise _refused(f"a note of this kind has at most {limit} bytes")
    try:
        whole = str(raw, "utf-8", "strict")
    except UnicodeDecodeError as error:
        raise _refused("a note is UTF-8") from error
    if _CONTROL.search(whole) is not None:
        raise _refused("a note has no control characters but newlines")
    text, gap, rest = whole.rpartition("\n\n")
    if not gap or not text or not rest.endswith("\n"):
        raise _refused("a note is text, an empty line, and signatures")
    lines = rest[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise _refused(f"a note has at most {MAX_SIGNATURES} signatures")
    return text + "\n", [_parse_signature(line) for line in lines]


def open_note(
    raw: bytes,
    keys: Sequence[NoteKey],
    *,
    required: Iterable[str] | None = None,
    threshold: int = 1,
    limit: int = MAX_NOTE,
) -> str:
    """Return the text of a note, verified.

    Args:
        raw: the note.
        keys: the keys that are known here.
        required: names that must all have signed; when None, `threshold` of the keys suffice.
        threshold: how many of the keys must have signed, whatever their names.
        limit: most bytes that this kind may have.

    Raises:
        FileError: `note`: not the form of a note, or one key's signature twice.
        PeerError: `signature`: a known key's signature is wrong, or one that is needed is not there.

    Source: crypto/spec/note.md §2; C2SP signed-note.md.
    """
    text, signed = _verified(raw, keys, limit)
    names = {key.name for key in signed}
    if not names or not names.issuperset(required or ()):
        raise PeerError(Failure.SIGNATURE, "nobody whose signature is needed has signed")
    if len(signed) < threshold:
        raise PeerError(Failure.SIGNATURE, f"{len(signed)} have signed, and {threshold} must")
    return text


def signers(raw: bytes, keys: Sequence[NoteKey], *, limit: int = MAX_NOTE) -> frozenset[NoteKey]:
    """Return which of `keys` have signed a note; none of them has to.

    Raises:
        FileError: `note`.   PeerError: `signature`: one of theirs is wrong.

    Source: crypto/spec/note.md §2.
    """
    return _verified(raw, keys, limit)[1]


def right_signers(raw: bytes, keys: Sequence[NoteKey], *, limit: int = MAX_NOTE) -> frozenset[NoteKey]:
    """Return which of `keys` have a right signature on a note that was taken already; wrong lines and second ones are passed over.

    Whoever carries a note can add lines to it: what was signed rightly stays so.

    Raises:
        FileError: `note`.

    Source: crypto/spec/charter_change.md §3.
    """
    text, signatures = parse_note(raw, limit)
    known = {(key.name, key_id(*key)): key for key in keys}
    return frozenset(key for one in signatures if (key := known.get((one.name, one.key_id))) is not None and _is_right(key, text, one))


def _is_right(key: NoteKey, text: str, signature: SignatureLine) -> bool:
    try:
        verify(key.public, text.encode(), signature.raw)
    except PeerError:
        return False
    return True


def _verified(raw: bytes, keys: Sequence[NoteKey], limit: int) -> tuple[str, frozenset[NoteKey]]:
    """Return the text and which of the keys have signed it."""
    text, signatures = parse_note(raw, limit)
    known = {(key.name, key_id(key.name, key.public)): key for key in keys}
    signed: set[NoteKey] = set()
    for signature in signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        if key in signed:
            raise _refused("one key has signed twice")
        if len(signature.raw) != SIGNATURE_LENGTH:
            raise PeerError(Failure.SIGNATURE, "the signature has not the length of one")
        verify(key.public, text.encode(), signature.raw)
        signed.add(key)
    return text, frozenset(signed)


def unverified_text(raw: bytes, *, limit: int = MAX_NOTE) -> str:
    """Return the text of a note that nobody has verified yet: to find out which key must have signed.

    Raises:
        FileError: `note`.

    Source: crypto/spec/note.md §2.
    """
    return parse_note(raw, limit)[0]


# -- documents -------------------------------------------------------------------------------------------------------------


def write_document(kind: str, value: msgspec.Struct, *, version: int = 1) -> str:
    """Return the text of a document: the line of its kind and version, its canonical JSON, a newline."""
    return f"corncrake.org/{kind}/v{version}\n{canonical(value).decode()}\n"


def read_document(text: str, kind: str, struct: type[T], *, version: int = 1) -> T:
    """Return the value of a document's text.

    Raises:
        FileError: `kind`, when the first line is that of another kind or version; `json` or `not-canonical`.

    Source: crypto/spec/note.md §3.
    """
    first, _, rest = text.partition("\n")
    if first != f"corncrake.org/{kind}/v{version}":
        raise FileError(Failure.KIND, f"this is no {kind} of version {version}")
    if not rest.endswith("\n"):
        raise FileError(Failure.JSON, "a document is two lines")
    return decode_canonical(rest[:-1].encode(), struct)


# -- bundles ---------------------------------------------------------------------------------------------------------------


class _Bundle(Wire, frozen=True, kw_only=True):
    notes: tuple[Annotated[str, Meta(max_length=MAX_BUNDLE)], ...]


def write_bundle(notes: Iterable[bytes]) -> bytes:
    """Return notes as one canonical JSON object, `{"notes": […]}`."""
    return canonical(_Bundle(notes=tuple(note.decode() for note in notes)))


def read_bundle(raw: bytes, *, limit: int = MAX_BUNDLE, most: int = MAX_BUNDLE_NOTES) -> tuple[bytes, ...]:
    """Return the notes of a bundle, none of them opened.

    Raises:
        FileError: `size`, when it has more than `limit` bytes or `most` notes; `json` or `not-canonical`.

    Source: crypto/spec/note.md §4.
    """
    if len(raw) > limit:
        raise FileError(Failure.SIZE, f"a bundle has at most {limit} bytes")
    notes = decode_canonical(raw, _Bundle).notes
    if len(notes) > most:
        raise FileError(Failure.SIZE, f"a bundle has at most {most} notes")
    return tuple(note.encode() for note in notes)
