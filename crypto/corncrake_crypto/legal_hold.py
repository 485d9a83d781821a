# SPDX-License-Identifier: Apache-2.0
"""Legal holds: what a server must not delete, whoever has acknowledged it.

Rules of this file: one document says all that its holder holds; the newest replaces those before, so that what it no longer names is let
go. A hold only ever keeps: it gives nobody the power to delete. Nothing here seals or opens, so that a server may load it.

Source: crypto/spec/legal_hold.md.
"""

from typing import Annotated, Final

from msgspec import Meta

from corncrake_crypto.charter import ORGANISATION
from corncrake_crypto.encoding import parse_root
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.fields import Hash, Id, Positive, Root, Wire
from corncrake_crypto.note import NoteKey, open_note, read_document, sign_note, write_document
from corncrake_crypto.prekeys import signer
from corncrake_crypto.signatures import SigningKey

KIND: Final = "legal-hold"
MAX_REPORTS: Final = 10_000
MAX_DESKS: Final = 64
MAX_OVERRULED: Final = 64


class Overruled(Wire, frozen=True, kw_only=True):
    """The holds of a reviewer up to this number, which no longer count."""

    reviewer: Id
    number: Positive


class LegalHold(Wire, frozen=True, kw_only=True):
    """All that one holder holds.

    Attributes:
        root: of the organisation.
        holder: the reviewer; absent: the organisation itself.
        number: rises with every one of this holder, from 1.
        desks: ids of desks of which nothing is deleted.
        reports: ids of reports that are not deleted; a thread is held by all of its reports.
        overruled: of the organisation only: reviewers whose holds no longer count.
    """

    root: Root
    holder: Id | None = None
    number: Positive
    desks: Annotated[tuple[Id, ...], Meta(max_length=MAX_DESKS)]
    reports: Annotated[tuple[Hash, ...], Meta(max_length=MAX_REPORTS)]
    overruled: Annotated[tuple[Overruled, ...], Meta(min_length=1, max_length=MAX_OVERRULED)] | None = None

    def __post_init__(self) -> None:
        """Check what the fields say about each other."""
        names = [one.reviewer for one in self.overruled or ()]
        if any(len(set(listed)) != len(listed) for listed in (self.desks, self.reports, names)):
            raise ValueError("a desk, a report or a reviewer is there twice")
        if self.overruled and self.holder is not None:
            raise ValueError("only the organisation overrules")


def _name(holder: str | None) -> str:
    return ORGANISATION if holder is None else signer(holder)


def sign_legal_hold(value: LegalHold, key: SigningKey) -> bytes:
    """Return a hold as a note signed by its holder.

    Source: crypto/spec/legal_hold.md §1.
    """
    return sign_note(write_document(KIND, value), [(_name(value.holder), key)])


def open_legal_hold(raw: bytes, *, root: bytes, holder: str | None, key: bytes) -> LegalHold:
    """Verify a hold.

    Args:
        raw: the note.
        root: the organisation's 32 bytes.
        holder: the reviewer whose it must be; None: the organisation's.
        key: that reviewer's identity, or the organisation's present key: 32 bytes, from the charter.

    Raises:
        FileError: `note`, `kind`, `json`, `not-canonical`.
        PeerError: `signature`; `root` or `desk`, when it is of another organisation or holder.

    Source: crypto/spec/legal_hold.md §1.
    """
    value = read_document(open_note(raw, [NoteKey(_name(holder), key)]), KIND, LegalHold)
    if parse_root(value.root) != root:
        raise PeerError(Failure.ROOT, "this hold is of another organisation")
    if value.holder != holder:
        raise PeerError(Failure.DESK, "this hold is of another holder")
    return value
