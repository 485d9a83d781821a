# SPDX-License-Identifier: Apache-2.0
"""Acknowledgements to a server: which reports a reviewer's vault has, so that they may one day be deleted there.

Rules of this file: a reviewer signs it and it deletes nothing by itself; a server waits for everybody the report was sealed to.
Nothing here seals or opens, so that a server may load it.

Source: crypto/spec/acknowledgement.md.
"""

from typing import Annotated, Final

from msgspec import Meta

from corncrake_crypto.encoding import parse_root
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.fields import Hash, Id, LogHead, Positive, Root, Wire
from corncrake_crypto.note import NoteKey, open_note, read_document, sign_note, write_document
from corncrake_crypto.prekeys import signer
from corncrake_crypto.signatures import SigningKey

KIND: Final = "acknowledgement"
MAX_REPORTS: Final = 10_000


class Acknowledgement(Wire, frozen=True, kw_only=True):
    """Which reports a reviewer has, by id, and by which state of the log; numbers rise, from 1."""

    root: Root
    reviewer: Id
    number: Positive
    reports: Annotated[tuple[Hash, ...], Meta(max_length=MAX_REPORTS)]
    log: LogHead


def sign_acknowledgement(value: Acknowledgement, identity: SigningKey) -> bytes:
    """Return an acknowledgement as a note signed by its reviewer's identity.

    Source: crypto/spec/acknowledgement.md §1.
    """
    return sign_note(write_document(KIND, value), [(signer(value.reviewer), identity)])


def open_acknowledgement(raw: bytes, *, root: bytes, reviewer: str, identity: bytes) -> Acknowledgement:
    """Verify an acknowledgement.

    Args:
        raw: the note.
        root: the organisation's 32 bytes.
        reviewer: whose it must be.
        identity: that reviewer's 32-byte key, from the charter.

    Raises:
        FileError: `note`, `kind`, `json`, `not-canonical`.
        PeerError: `signature`; `root` or `desk`, when it is of another organisation or reviewer.

    Source: crypto/spec/acknowledgement.md §1.
    """
    value = read_document(open_note(raw, [NoteKey(signer(reviewer), identity)]), KIND, Acknowledgement)
    if parse_root(value.root) != root:
        raise PeerError(Failure.ROOT, "this acknowledgement is of another organisation")
    if value.reviewer != reviewer:
        raise PeerError(Failure.DESK, "this acknowledgement is of another reviewer")
    return value
