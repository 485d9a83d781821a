# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tree of the log, its key, and its witnesses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from corncrake_crypto.charter import Log as CharterLog
    from corncrake_crypto.signatures import SigningKey
    from corncrake_server.ports.reports import Promise


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
    """What the next publication appends.

    Attributes:
        entries: in clear, each with its place in the queue.
        reports: that no log has had yet.
        again: that stood in the log before this one, in the order in which they did.
    """

    entries: Sequence[tuple[int, bytes]]
    reports: Sequence[Promise]
    again: Sequence[Promise] = ()


class WitnessCalls(Protocol):
    """How a witness is asked: one request, bounded in size and time."""

    async def ask(self, address: str, body: bytes) -> tuple[int, bytes]:
        """Return status and body of a witness's answer.

        Raises:
            StoreError: `store`: it does not answer, or not in time, or too much.
        """
        ...


class Log(Protocol):
    """The tree of the log that the newest charter names. Only a publication writes it, and one publication at a time.

    A charter that names another log is applied while nobody publishes: the tree is empty then, and what was in it waits again.
    """

    async def named(self) -> CharterLog | None:
        """Return the log that the newest charter names, None before the first."""
        ...

    def publishing(self) -> AbstractAsyncContextManager[None]:
        """Hold the one right to publish, among all processes; waits for whoever has it."""
        ...

    async def head(self) -> StoredHead | None:
        """Return the newest signed head."""
        ...

    async def signed_heads(self, limit: int) -> Sequence[StoredHead]:
        """Return the newest signed heads, the newest first."""
        ...

    async def cosignatures(self, size: int) -> Mapping[str, bytes]:
        """Return the cosignatures of the head of `size` leaves: signature lines, by the names of witnesses."""
        ...

    async def keep_cosignature(self, head: StoredHead, witness: str, line: bytes) -> None:
        """Keep a verified cosignature of a signed head; the first of a witness stays. Of a head that is no more, nothing is kept."""
        ...

    async def note_served(self, head: StoredHead) -> int:
        """Note that a signed head is about to be served; return the size of the largest of its log that ever was, on the disk by now."""
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

    async def former_checkpoint(self, origin: str) -> bytes | None:
        """Return the last head of a log that another has followed, cosignatures included."""
        ...

    async def former_tile(self, origin: str, path: str) -> bytes | None:
        """Return a tile of a log that another has followed."""
        ...

    async def leaves(self, start: int, end: int) -> Sequence[Leaf]:
        """Return the leaves start ≤ index < end that a signed head includes."""
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


class LogKeys(Protocol):
    """The keys of the logs that this server has, had, or is to have; which one is in force the charter says."""

    def first(self) -> LogKey:
        """Return the key of the oldest log that is here: the only one before the first charter."""
        ...

    def has(self, log: CharterLog) -> bool:
        """Say whether the key of the log that a charter names is here."""
        ...

    def of(self, log: CharterLog) -> LogKey:
        """Return the key of the log that a charter names.

        Raises:
            StoreError: `store`: it is not here.
        """
        ...

    def signed_after(self, log: LogKey) -> int | None:
        """Return the number of a log after this one that has signed a head, None when none here has."""
        ...
