# SPDX-License-Identifier: Apache-2.0
"""Acknowledgements to a server: which reports a reviewer's vault has, so that they may one day be deleted there.

Rules of this file: a reviewer signs it and it deletes nothing by itself; a server waits for the others (`deletion`). Only the newest of a
reviewer counts, so that what it no longer names is no longer acknowledged. Version 1 is read as version 2 with nothing kept aside.
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
VERSION: Final = 2
MAX_REPORTS: Final = 10_000
"""Reports of one acknowledgement, those kept aside included."""

_Reports = Annotated[tuple[Hash, ...], Meta(max_length=MAX_REPORTS)]


class _First(Wire, frozen=True, kw_only=True):
    """Version 1."""

    root: Root
    reviewer: Id
    number: Positive
    reports: _Reports
    log: LogHead


class Acknowledgement(Wire, frozen=True, kw_only=True):
    """What a reviewer's vault has.

    Attributes:
        root, reviewer: whose it is.
        number: rises with every acknowledgement of this reviewer, from 1.
        reports: ids of those that it has opened.
        aside: ids of those that it keeps sealed, since it cannot open them: they were sealed to others, or to nobody.
        log: the newest state of the log that it has checked.
    """

    root: Root
    reviewer: Id
    number: Positive
    reports: _Reports
    aside: _Reports
    log: LogHead

    def __post_init__(self) -> None:
        """Check that each report is there once, and that there are not too many."""
        count = len(self.reports) + len(self.aside)
        if len({*self.reports, *self.aside}) != count or count > MAX_REPORTS:
            raise ValueError("a report is acknowledged twice, or there are too many")


def sign_acknowledgement(value: Acknowledgement, identity: SigningKey) -> bytes:
    """Return an acknowledgement, of version 2, as a note signed by its reviewer's identity.

    Source: crypto/spec/acknowledgement.md §1.
    """
    return sign_note(write_document(KIND, value, version=VERSION), [(signer(value.reviewer), identity)])


def open_acknowledgement(raw: bytes, *, root: bytes, reviewer: str, identity: bytes) -> Acknowledgement:
    """Verify an acknowledgement of either version.

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
    value = read_acknowledgement(open_note(raw, [NoteKey(signer(reviewer), identity)]))
    if parse_root(value.root) != root:
        raise PeerError(Failure.ROOT, "this acknowledgement is of another organisation")
    if value.reviewer != reviewer:
        raise PeerError(Failure.DESK, "this acknowledgement is of another reviewer")
    return value


def read_acknowledgement(text: str) -> Acknowledgement:
    """Return what the text of an acknowledgement of either version says, by nobody's word.

    Raises:
        FileError: `kind`, `json`, `not-canonical`.

    Source: crypto/spec/acknowledgement.md §1.
    """
    if text.startswith(f"corncrake.org/{KIND}/v{VERSION}\n"):
        return read_document(text, KIND, Acknowledgement, version=VERSION)
    return _second(read_document(text, KIND, _First))


def _second(first: _First) -> Acknowledgement:
    once = tuple(dict.fromkeys(first.reports))
    return Acknowledgement(root=first.root, reviewer=first.reviewer, number=first.number, reports=once, aside=(), log=first.log)
