# SPDX-License-Identifier: Apache-2.0
"""Editions: how reviewers answer without anybody having a mailbox.

Rules of this file: a voice's board is one edition, the newest. Its head is a note that names every tile by its hash, the newest
charter and the state of the log. A tile is a fixed number of slots of one size, sorted by tag; which slot is whose, only the two
can say. Nothing here seals or opens, so that a server may load it.

Source: crypto/spec/edition.md.
"""

import hashlib
import hmac
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Final, NamedTuple

from msgspec import Meta

from corncrake_crypto.charter import OpenedCharter, check_floor
from corncrake_crypto.encoding import parse_root
from corncrake_crypto.errors import Failure, PeerError, UsageError
from corncrake_crypto.fields import CharterRef, Day, Hash, Id, LogHead, Positive, Root, Wire
from corncrake_crypto.note import NoteKey, open_note, read_document, sign_note, text_hash, unverified_text, write_document
from corncrake_crypto.padding import REPLY_CLASS, wire_size
from corncrake_crypto.prekeys import signer
from corncrake_crypto.signatures import SigningKey

KIND: Final = "edition"
MAX_BITS: Final = 10
"""So that the heads of a desk, which everybody fetches, stay small: 1,024 hashes have 67 KiB."""
MIN_SLOTS: Final = 8
MAX_SLOTS: Final = 4_096
MAX_HEAD: Final = 128 << 10
"""Bytes of a head: 2^10 hashes and the rest."""
MAX_PARTS: Final = 4
TAG_LENGTH: Final = 16
SEALED_REPLY: Final = wire_size(1, REPLY_CLASS)
"""Bytes of one sealed reply: 7,803."""
SLOT: Final = TAG_LENGTH + SEALED_REPLY
"""Bytes of one slot: 7,819."""
QUIET_DAYS: Final = 14
"""After so many days without a new head a client says that nobody has been seen."""


class Edition(Wire, frozen=True, kw_only=True):
    """The head of an edition.

    Attributes:
        root, desk, reviewer: whose it is.
        number: rises with every edition of this voice, from 1.
        day: on which it was made.
        bits: how many bits of a thread's hash say which tile it is in; there are 2^bits tiles.
        slots: of every tile; 8 times a power of two.
        tiles: their SHA-256.
        charter: the newest that the reviewer knows.
        log: the state of the log that the reviewer has checked.
    """

    root: Root
    desk: Id
    reviewer: Id
    number: Positive
    day: Day
    bits: Annotated[int, Meta(ge=0, le=MAX_BITS)]
    slots: Annotated[int, Meta(ge=MIN_SLOTS, le=MAX_SLOTS)]
    tiles: Annotated[tuple[Hash, ...], Meta(min_length=1, max_length=1 << MAX_BITS)]
    charter: CharterRef
    log: LogHead


class OpenedEdition(NamedTuple):
    """A verified head, its text, and the SHA-256 of that."""

    edition: Edition
    text: str
    sha256: str


class Presence(NamedTuple):
    """What heads say about time: the day to go by, the newest day on which a reviewer was seen, and whether that is long ago."""

    today: date
    last_seen: date | None
    quiet: bool


class Unseen(NamedTuple):
    """A voice that has not been seen lately, and the day of its newest head; None when there is none."""

    reviewer: str
    last_seen: date | None


def _refused(detail: str) -> PeerError:
    return PeerError(Failure.EDITION, detail)


# -- heads -----------------------------------------------------------------------------------------------------------------


def _check_consistency(edition: Edition) -> None:
    if len(edition.tiles) != 1 << edition.bits:
        raise _refused("an edition names another number of tiles than it has")
    if edition.slots & (edition.slots - 1):
        raise _refused("the slots of a tile are 8 times a power of two")


def sign_edition(edition: Edition, identity: SigningKey) -> bytes:
    """Return the head as a note signed by its reviewer's identity.

    Raises:
        PeerError: `edition`, when it contradicts itself.

    Source: crypto/spec/edition.md §1.
    """
    _check_consistency(edition)
    return sign_note(write_document(KIND, edition), [(signer(edition.reviewer), identity)])


def open_edition(raw: bytes, *, root: bytes, desk: str, reviewer: str, identity: bytes) -> OpenedEdition:
    """Verify a head.

    Args:
        raw: the note.
        root: the organisation's 32 bytes.
        desk: of which desk it must be.
        reviewer: of which voice.
        identity: that reviewer's 32-byte key, from the charter.

    Raises:
        FileError: `note`, `kind`, `json`, `not-canonical`.
        PeerError: `signature`; `root` or `desk`, when it is of another organisation, desk or reviewer; `edition`, when it
            contradicts itself.

    Source: crypto/spec/edition.md §1.
    """
    text = open_note(raw, [NoteKey(signer(reviewer), identity)], limit=MAX_HEAD)
    edition = read_document(text, KIND, Edition)
    if parse_root(edition.root) != root:
        raise PeerError(Failure.ROOT, "this edition is of another organisation")
    if (edition.desk, edition.reviewer) != (desk, reviewer):
        raise PeerError(Failure.DESK, "this edition is of another desk or reviewer")
    _check_consistency(edition)
    return OpenedEdition(edition, text, text_hash(text))


def newest_heads(opened: OpenedCharter, desk_id: str, notes: Sequence[bytes]) -> tuple[OpenedEdition, ...]:
    """Return the newest head of each voice, in the order of reviewer ids; a voice without one is not there.

    Args:
        opened: the charter.
        desk_id: the desk.
        notes: heads as they came.

    Raises:
        FileError: as `open_edition`.
        PeerError: as `open_edition`; `desk`, for a reviewer who is no voice of the desk; `equivocation`, for two heads of one
            number.

    Source: crypto/spec/edition.md §2.
    """
    desk = opened.desk(desk_id)
    root = parse_root(opened.charter.root)
    newest: dict[str, OpenedEdition] = {}
    seen: dict[tuple[str, int], str] = {}
    for raw in notes:
        reviewer = read_document(unverified_text(raw, limit=MAX_HEAD), KIND, Edition).reviewer
        if reviewer not in desk.voices:
            raise PeerError(Failure.DESK, "a reviewer who is no voice of this desk has published")
        head = open_edition(raw, root=root, desk=desk_id, reviewer=reviewer, identity=desk.identity(reviewer))
        if seen.setdefault((reviewer, head.edition.number), head.sha256) != head.sha256:
            raise PeerError(Failure.EQUIVOCATION, "a reviewer signed two editions of one number")
        if head.edition.number >= newest.get(reviewer, head).edition.number:
            newest[reviewer] = head
    return tuple(newest[reviewer] for reviewer in sorted(newest))


def check_heads(opened: OpenedCharter, heads: Iterable[OpenedEdition], clock_day: date) -> Presence:
    """Check the charter against what heads know, and say what day it is and when a reviewer was last seen.

    Args:
        opened: the charter by which the heads were verified.
        heads: the newest of each voice.
        clock_day: by the reader's clock.

    Raises:
        PeerError: `rollback` or `equivocation`, when a head names a newer charter or another of this sequence; `expired`, when
            the charter has ended by the newest day that a head names.

    Source: crypto/spec/edition.md §3.
    """
    heads = list(heads)
    for head in heads:
        check_floor(opened, head.edition.charter)
    last_seen = max((head.edition.day for head in heads), default=None)
    today = clock_day if last_seen is None else max(clock_day, last_seen)
    if today > opened.charter.expires:
        raise PeerError(Failure.EXPIRED, "the charter has expired")
    return Presence(today, last_seen, last_seen is None or (today - last_seen).days > QUIET_DAYS)


def unseen_voices(opened: OpenedCharter, desk_id: str, heads: Iterable[OpenedEdition], today: date) -> tuple[Unseen, ...]:
    """Return the voices of a desk whose newest head is long ago, in the order of their ids; one without a head is seen when the charter was issued.

    Args:
        opened: the charter.
        desk_id: the desk.
        heads: the newest of each voice.
        today: as `check_heads` has it.

    Raises:
        PeerError: `desk`, when the charter has no such desk.

    Source: crypto/spec/edition.md §3.
    """
    seen = {head.edition.reviewer: head.edition.day for head in heads}
    voices = sorted(opened.desk(desk_id).voices)
    return tuple(Unseen(voice, seen.get(voice)) for voice in voices if (today - seen.get(voice, opened.charter.issued)).days > QUIET_DAYS)


# -- tiles -----------------------------------------------------------------------------------------------------------------


def bucket(desk: str, thread: bytes, bits: int) -> int:
    """Return the number of the tile that holds a thread's replies, from 0.

    Args:
        desk: the desk.
        thread: the 32 bytes of its public key.
        bits: of the edition.

    Source: crypto/spec/edition.md §4.
    """
    digest = hashlib.sha256(b"corncrake.org/v1/bucket\n" + desk.encode() + b"\n" + thread).digest()
    return int.from_bytes(digest[:2], "big") >> (16 - bits)


def reply_tag(key: bytes, thread: bytes, desk: str, reviewer: str, number: int, part: int) -> bytes:  # noqa: PLR0913, PLR0917 - what goes in
    """Return the 16 bytes that mark the slot of one part of one thread's reply in one edition.

    The thread is in it so that two threads which say the same key, by malice, still have slots of their own.

    Args:
        key: the thread's 32 bytes for this purpose.
        thread: the 32 bytes of its public key.
        desk: the desk.
        reviewer: the voice.
        number: of the edition.
        part: from 0.

    Source: crypto/spec/edition.md §4.
    """
    place = f"corncrake.org/v1/tag\n{desk}\n{reviewer}\n".encode() + thread + number.to_bytes(8, "big") + bytes((part,))
    return hmac.digest(key, place, "sha256")[:TAG_LENGTH]


def tile_hash(raw: bytes) -> str:
    """Return the SHA-256 of a tile, lower-case hex, as heads name it."""
    return hashlib.sha256(raw).hexdigest()


def write_tile(entries: Iterable[tuple[bytes, bytes]], slots: int) -> bytes:
    """Return a tile.

    Args:
        entries: exactly `slots` tags, 16 bytes, and sealed replies, 7,803 bytes, in any order; empty slots are made by the
            caller, sealed to keys that nobody keeps.
        slots: of the edition.

    Raises:
        UsageError: `misuse`, when number, lengths or tags are not so.

    Source: crypto/spec/edition.md §4.
    """
    entries = sorted(entries)
    tags = {tag for tag, _ in entries}
    if len(entries) != slots or len(tags) != slots:
        raise UsageError(Failure.MISUSE, "a tile has exactly its slots, each with its own tag")
    if any((len(tag), len(sealed)) != (TAG_LENGTH, SEALED_REPLY) for tag, sealed in entries):
        raise UsageError(Failure.MISUSE, "a tag or a sealed reply has another length")
    return b"".join(tag + sealed for tag, sealed in entries)


def read_tile(raw: bytes, slots: int, sha256: str) -> tuple[tuple[bytes, bytes], ...]:
    """Return tags and sealed replies of a tile.

    Raises:
        PeerError: `edition`, when it is not the one that the head names, or not in the one form.

    Source: crypto/spec/edition.md §4.
    """
    if len(raw) != slots * SLOT or tile_hash(raw) != sha256:
        raise _refused("this tile is not the one that the edition names")
    entries = tuple((raw[at : at + TAG_LENGTH], raw[at + TAG_LENGTH : at + SLOT]) for at in range(0, len(raw), SLOT))
    if any(after[0] <= before[0] for before, after in pairwise(entries)):
        raise _refused("the tags of a tile do not rise")
    return entries


def find(tile: Sequence[tuple[bytes, bytes]], tag: bytes) -> bytes | None:
    """Return the sealed reply in the slot with this tag, or None when there is none."""
    at = bisect_left(tile, tag, key=lambda entry: entry[0])
    return tile[at][1] if at < len(tile) and tile[at][0] == tag else None
