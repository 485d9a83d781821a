# SPDX-License-Identifier: Apache-2.0
"""The types that fields of wire objects have, each with its form and its bound.

Rules of this file: a type says everything that can be said about one field by itself, so that reading an object refuses a field
of another form with `json`; what two fields say about each other is checked by the object's own module. Binary is unpadded,
canonical base64url or lower-case hex of a fixed length, and the last character's spare bits are zero by the pattern.

Source: crypto/spec/note.md §5; crypto/spec/encoding.md.
"""

from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

MAX_LANGUAGES: Final = 8

# Patterns are searched for, and `$` would let a newline pass: hence both anchors in full.
Id = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{0,31}\Z")]
"""A desk, reviewer, courier, question or option."""
Language = Annotated[str, Meta(pattern=r"\A[a-z]{2,3}(_[a-z]{2}|_[a-z]{4})?\Z")]
"""A language, and a country or script where it needs one: `en`, `pt_br`, `zh_hans`."""
Hash = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
"""A SHA-256, lower-case hex."""
BlockId = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
Bytes16 = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{21}[AQgw]\Z")]
"""16 bytes, base64url."""
Bytes32 = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")]
"""32 bytes, base64url."""
Bytes64 = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{85}[AQgw]\Z")]
"""64 bytes, base64url: a signature."""
Root = Annotated[str, Meta(pattern=r"\A[a-z2-7]{51}[aq]\Z")]
"""The root of an organisation, base32, 52 characters."""
RecipientText = Annotated[str, Meta(pattern=r"\Aage1pq1[02-9ac-hj-np-z]{1952}\Z")]
"""An `age1pq1…` of 1,959 characters; its checksum is checked where it is used."""
IdentityText = Annotated[str, Meta(pattern=r"\AAGE-SECRET-KEY-PQ-1[02-9AC-HJ-NP-Z]{58}\Z")]
"""An `AGE-SECRET-KEY-PQ-1…` of 77 characters: a secret."""
Day = date
"""`YYYY-MM-DD`."""

Positive = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Natural = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Origin = Annotated[str, Meta(min_length=8, max_length=255)]
"""The address of a server; `charter` says which are allowed."""
LogOrigin = Annotated[str, Meta(pattern=r"\A[!-*,-~]{1,255}\Z")]
"""The first line of a checkpoint and the log's signer name: printable ASCII, no space, no plus. Ours: `host/log/1`."""

Label = Annotated[str, Meta(min_length=1, max_length=500)]
Paragraph = Annotated[str, Meta(min_length=1, max_length=4_000)]
Labels = Annotated[dict[Language, Label], Meta(min_length=1, max_length=MAX_LANGUAGES)]
"""A short text in 1 to 8 languages."""
Paragraphs = Annotated[dict[Language, Paragraph], Meta(min_length=1, max_length=MAX_LANGUAGES)]
"""A longer text in 1 to 8 languages."""
Yes = Literal[True]
"""A flag that is there or not; `false` is written by leaving it out."""
Languages = Annotated[tuple[Language, ...], Meta(min_length=1, max_length=MAX_LANGUAGES)]


class Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every wire object is: frozen, and without fields that nobody knows. An absent field is `None`."""


class CharterRef(Wire, frozen=True, kw_only=True):
    """Which charter was meant: its sequence and the SHA-256 of its text."""

    sequence: Positive
    sha256: Hash


class LogHead(Wire, frozen=True, kw_only=True):
    """Which state of which log was seen: its origin line, size and root."""

    origin: LogOrigin
    size: Natural
    root: Bytes32


class SealedTo(Wire, frozen=True, kw_only=True):
    """One stanza: whose prekey, of which epoch, and which of that reviewer's for it. `recovery` is the desk's recovery key."""

    reviewer: Id
    epoch: Natural
    number: Positive
