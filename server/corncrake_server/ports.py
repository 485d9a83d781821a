# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the services need of a database and a disk, and what those must promise.

Rules of this file: every writing verb is one transaction, durable when it returns: after a power cut all of it is there, and
after an error none of it. Every verb may be called again with the same arguments. Faults of a store are `StoreError`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import date

    from corncrake_crypto.signatures import SigningKey


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report to store. `id` and `salt`: 64 lower-case hex characters."""

    id: str
    desk: str
    salt: str
    epoch: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Promise:
    """What a receipt says of a stored report, so that the receipt can be made again."""

    id: str
    desk: str
    day: str
    salt: str


@dataclass(frozen=True, slots=True)
class CharterNote:
    """The newest charter."""

    sequence: int
    sha256: str
    note: bytes


@dataclass(frozen=True, slots=True)
class PrekeyNote:
    """The prekey of one reviewer for one epoch."""

    reviewer: str
    epoch: int
    number: int
    sha256: str
    note: bytes


@dataclass(frozen=True, slots=True)
class EditionNote:
    """The head of a voice's newest edition."""

    desk: str
    reviewer: str
    number: int
    sha256: str
    note: bytes


@dataclass(frozen=True, slots=True)
class EditionTile:
    """One reply tile of an edition."""

    desk: str
    reviewer: str
    number: int
    bucket: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Changes:
    """What an outbound parcel, or an operator, changes; all of it or nothing.

    Attributes:
        parcel: reviewer, number and SHA-256 (hex) of the parcel; None when an operator brings a charter.
        editions: new heads; each replaces the older one of its desk and reviewer, whose tiles go at once.
        tiles: the tiles of `editions`, read once, while the transaction is open; an error in it undoes everything.
        wanted: ids of the blocks that the parcel's reviewer waits for now, instead of those named before; None: no change.
        entries: log entries of the public documents among these, for the next publication.
    """

    parcel: tuple[str, int, str] | None = None
    charter: CharterNote | None = None
    forms: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    prekeys: Sequence[PrekeyNote] = ()
    editions: Sequence[EditionNote] = ()
    tiles: Iterator[EditionTile] | None = None
    acknowledgement: bytes | None = None
    wanted: Sequence[str] | None = None
    entries: Sequence[bytes] = ()


class Documents(Protocol):
    """What reviewers and the organisation signed."""

    async def charter(self) -> CharterNote | None:
        """Return the charter with the highest sequence."""
        ...

    async def form(self, sha256: str) -> bytes | None:
        """Return a form by its hash."""
        ...

    async def prekeys(self, epoch: int) -> Sequence[PrekeyNote]:
        """Return the newest prekey of each reviewer for `epoch`."""
        ...

    async def heads(self, desk: str) -> Sequence[EditionNote]:
        """Return the newest head of each reviewer of `desk`."""
        ...

    async def edition_tile(self, desk: str, reviewer: str, number: int, bucket: int) -> bytes | None:
        """Return one tile of a newest edition."""
        ...

    async def last_parcel(self, reviewer: str, number: int) -> tuple[int, str | None]:
        """Return the highest number applied of a reviewer (0: none), and the hash applied under `number`, if any."""
        ...

    async def apply(self, changes: Changes) -> None:
        """Apply all of `changes` in one transaction.

        Raises:
            PeerError: `equivocation` or `repeated`, when another process was faster with the same number.
        """
        ...

    async def wanted(self, blocks: Collection[str], reviewers: Collection[str]) -> Sequence[str]:
        """Return those of `blocks`, at most 1,000, that one of `reviewers` waits for."""
        ...

    async def use_nonce(self, courier: str, nonce: str, day: str, forget_before: str) -> bool:
        """Note a nonce; False when it was noted before. Those of days before `forget_before` are dropped."""
        ...


class Reports(Protocol):
    """Sealed reports."""

    async def store(self, reports: Sequence[NewReport], day: str) -> Mapping[str, Promise]:
        """Store those that are not there yet, all in one transaction; return for each id what was stored first under it.

        Args:
            reports: to store.
            day: of the new ones' promises, `YYYY-MM-DD`.
        """
        ...

    async def body(self, report_id: str) -> bytes | None:
        """Return a stored report."""
        ...

    async def promise(self, report_id: str) -> Promise | None:
        """Return what is promised of a stored report."""
        ...

    async def unpublished(self, limit: int) -> Sequence[Promise]:
        """Return reports whose commitment no signed head includes yet, at most `limit`."""
        ...


@dataclass(frozen=True, slots=True)
class StoredHead:
    """A tree head as stored.

    Attributes:
        note: the signed checkpoint; None while its publication is under way.
        frontier: the encoded compact range that the next publication goes on from.
    """

    size: int
    root: bytes
    day: str
    frontier: bytes
    note: bytes | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf to append: its entry and, for a commitment, what opens it."""

    index: int
    entry: bytes
    day: str | None = None
    salt: str | None = None
    desk: str | None = None
    report: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the next publication appends: entries in clear, each with its place in the queue, and reports."""

    entries: Sequence[tuple[int, bytes]]
    reports: Sequence[Promise]


class Log(Protocol):
    """The tree. Only a publication writes it, and one publication at a time."""

    def publishing(self) -> AbstractAsyncContextManager[None]:
        """Hold the one right to publish, among all processes; waits for whoever has it."""
        ...

    async def head(self) -> StoredHead | None:
        """Return the newest signed head."""
        ...

    async def signed_root(self, size: int) -> bytes | None:
        """Return the root of the signed head of `size` leaves, that of the empty tree for 0; None when no such head was signed."""
        ...

    async def planned(self) -> StoredHead | None:
        """Return the head of a publication that was planned and not finished."""
        ...

    async def waiting(self) -> Waiting:
        """Return what waits for publication."""
        ...

    async def plan(self, head: StoredHead, leaves: Sequence[Leaf], tiles: Mapping[str, bytes], places: Sequence[int]) -> None:
        """Write leaves, tiles and the unsigned head, and take `places` from the queue; nothing of it is visible yet."""
        ...

    async def finish(self, size: int, note: bytes) -> None:
        """Make the planned head of `size` the newest: from now on readers see it."""
        ...

    async def tile(self, path: str) -> bytes | None:
        """Return a log tile."""
        ...

    async def leaves(self, start: int, end: int) -> Sequence[Leaf]:
        """Return the leaves start ≤ index < end that a signed head includes."""
        ...


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """All that a store knows of a block, but for its bytes. `id`: 32 lower-case hex characters; `size`: bytes on the wire."""

    id: str
    size: int
    day: date


class Blocks(Protocol):
    """Sealed blocks of files. Whoever implements this owes:

    - **Written once.** Under an id stand for ever the bytes that came first. Of two that come at the same time one wins; the
      other is compared with it byte by byte, and is the same or a `Conflict`.
    - **Idempotent.** Every verb may be called again with the same arguments, after any error too, and comes to the same.
    - **Durable before it returns.** A block of which `put` has said anything but an error survives the loss of power, name and all.
    - **Whole or not there.** Nobody reads, finds or lists a part of a block; what fails, or is killed, leaves nothing that is seen.
    - **Flat.** Any number of blocks may come at once: what is not stored yet is on a disk, or, of a few at a time, in memory.
    - **Silent.** Of a block it keeps id, bytes and a day: no kind, no name, no owner, and no finer time that it can help.

    Faults are `StoreError`, and say nothing about a block.
    """  # noqa: D415 - it begins with a list

    async def put(self, block_id: str, length: int, pieces: AsyncIterator[bytes], day: str) -> bool:
        """Store a block; True when it is new, False when the same bytes are there, which keep their day.

        Args:
            block_id: 32 lower-case hex characters.
            length: bytes that will come.
            pieces: exactly those; when it raises an error, nothing is stored and the error goes on.
            day: `YYYY-MM-DD`, for a store without a clock of its own.

        Raises:
            Conflict: `block`: other bytes are there.   NoRoom: the disk is too full.
        """
        ...

    async def size(self, block_id: str) -> int | None:
        """Return the length of a block in bytes, None when it is not there."""
        ...

    async def read(self, block_id: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """Return the bytes start ≤ index < stop of a block in pieces; they may be read though the block is removed meanwhile.

        Raises:
            NotHere: `block`.
        """
        ...

    def stored(self) -> AsyncIterator[StoredBlock]:
        """Yield all blocks, in any order; one that comes or goes meanwhile may be among them or not."""
        ...

    async def remove(self, block_id: str) -> None:
        """Remove a block, if it is there."""
        ...

    async def clear(self, *, alone: bool) -> None:
        """Remove what ended processes have left half written; `alone`: no other process uses this store now."""
        ...

    async def day_now(self, today: date) -> date:
        """Return the day that a block stored now would have: `today`, or what the store's own clock says."""
        ...

    async def check(self) -> None:
        """Check that the store can be reached and written to; leave nothing there.

        Raises:
            StoreError: `store`: it says what is wrong.   NoRoom: it may not grow.
        """
        ...


class DayMarks(Protocol):
    """Which days there have been, and how long ago, by a clock that nobody can set."""

    async def note(self, today: date, days: int) -> date | None:
        """Note that it is `today`; return the newest day first noted at least `days` times 24 hours ago, None when there is none.

        Days do not run backwards: one that lies before the newest noted adds nothing.

        Raises:
            StoreError: `store`: it could not be noted.
        """
        ...


class LogKey(Protocol):
    """The log's key, and the last head that it was asked to sign."""

    @property
    def origin(self) -> str:
        """The log's origin line."""
        ...

    @property
    def key(self) -> SigningKey:
        """The key itself."""
        ...

    def noted_head(self) -> tuple[int, bytes]:
        """Return size and root of the last head noted; size 0 before the first."""
        ...

    def note_head(self, size: int, root: bytes) -> None:
        """Note a head that is about to be signed; durable when it returns.

        Raises:
            StoreError: it could not be noted, and must not be signed.
        """
        ...


class Disk(Protocol):
    """How much room there is."""

    def check_room(self, length: int) -> None:
        """Check that `length` bytes of reports may be stored.

        Raises:
            NoRoom: they may not.
        """
        ...


class Spool(Protocol):
    """Room on the disk for what is read twice before it is accepted."""

    def open(self, length: int) -> BinaryIO:
        """Return an empty file for `length` bytes, gone when it is closed.

        Raises:
            NoRoom: the disk is too full.   StoreError: `store`: it cannot be made.
        """
        ...

    async def write(self, file: BinaryIO, piece: bytes) -> None:
        """Write a piece to a file that `open` gave; when this is cancelled, nothing writes any more once it returns.

        Raises:
            NoRoom: the disk has become too full: however many come at once, they never reach what is kept for reports.
            StoreError: `store`: it cannot be written.
        """
        ...
