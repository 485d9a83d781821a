# SPDX-License-Identifier: AGPL-3.0-or-later
"""Publication: the only writer of the tree. Plan, note, sign.

Rules of this file: one publication at a time, among all processes. A head is signed only when (1) everything that it covers is
durable, (2) it is noted beside the key, and (3) it lies above the head noted before. The days of heads never run backwards,
whatever the clock does: a head has the day of the one before, at least. A publication that a crash cut off after
its plan is finished as it was planned, never made anew. A database whose newest head, planned ones included, lies below the
noted one, or whose log was followed by another that has signed, was restored from an old backup: the server refuses it, since to go on would be
to sign two histories.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from corncrake_crypto.checkpoint import Checkpoint, sign_checkpoint
from corncrake_crypto.encoding import day_text, parse_day
from corncrake_crypto.errors import Failure, StoreError
from corncrake_crypto.merkle import Frontier, leaf_hash
from corncrake_crypto.tiles import edge_paths, grow
from corncrake_server.ports.log import StoredHead
from corncrake_server.services.leaves import leaves_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corncrake_server.clock import Clock
    from corncrake_server.ports.log import Leaf, Log, LogKey, LogKeys, Waiting

_MOST_GAP: Final = timedelta(days=8)
"""From one head to the next, as long as nobody says that the clock is right."""


class Publication:
    """Grows the tree."""

    def __init__(self, log: Log, keys: LogKeys, clock: Clock) -> None:
        """Keep the parts."""
        self._log = log
        self._keys = keys
        self._clock = clock
        self._since = clock.today()
        self._one = asyncio.Lock()
        self.signed = asyncio.Event()
        """Set when a head was signed here; whoever waits for it clears it."""

    async def check_start(self, *, publishes: bool = True) -> None:
        """Finish what a crash cut off, and refuse a database older than the key's last head.

        Args:
            publishes: False: sign nothing. What this host has signed would not be noted on the one that publishes.

        Raises:
            StoreError: `store`.
        """
        async with self._one, self._log.publishing():
            key = await self._key()
            await (self._settle(key) if publishes else self._check_noted(key))

    async def _key(self) -> LogKey:
        """Return the key of the log whose tree is in the database."""
        named = await self._log.named()
        return self._keys.first() if named is None else self._keys.of(named)

    async def publish(self, *, scheduled: bool = False) -> StoredHead:
        """Append what waits, and sign the new head; return it.

        Args:
            scheduled: nobody has looked at the clock. Return the newest head as it is, when it is of today, since another process
                may have been faster; and sign nothing when the clock has leapt, since a head of a day to come cannot be taken back.

        Raises:
            StoreError: `store`: nothing was signed.
        """
        async with self._one, self._log.publishing():
            key = await self._key()
            head = await self._settle(key)
            today = day_text(self._clock.today())
            if scheduled and head is not None:
                if head.day == today:
                    return head
                self._check_leap(head)
            # A clock that is put back, or was ahead when the last head was signed, does not stop the log.
            today = max(today, head.day) if head is not None else today
            waiting = await self._log.waiting()
            size, frontier = (0, Frontier()) if head is None else (head.size, Frontier.decode(head.frontier))
            edge = await self._edge(size)
            # Drawing and hashing a busy day's leaves takes long enough to be done beside the loop.
            leaves, planned, tiles = await asyncio.to_thread(_grown, frontier, waiting, edge, today)
            await self._log.plan(planned, leaves, tiles, [place for place, _ in waiting.entries])
            return await self._sign(planned, key)

    def _check_leap(self, head: StoredHead) -> None:
        if self._clock.today() - parse_day(head.day) > _MOST_GAP:
            raise StoreError(
                Failure.STORE,
                f"the last head is of {head.day} and the clock says {day_text(self._clock.today())}: if it is right, run `corncrake-server publish`",
            )

    async def is_late(self) -> bool:
        """Say whether the newest head is older than yesterday; on a fresh server, whether it has run for longer without one."""
        head = await self._log.head()
        newest = self._since if head is None else parse_day(head.day)
        return newest < self._clock.today() - timedelta(days=1)

    async def is_unfinished(self) -> bool:
        """Say whether a publication was planned, and nobody here is about to finish it."""
        return not self._one.locked() and await self._log.planned() is not None

    async def check_noted(self) -> StoredHead | None:
        """Return the newest head, planned ones included, after comparing it with the one noted beside the key; change nothing.

        Raises:
            StoreError: `store`: the database is older than the key's last head or than a later log, or has another tree.
        """
        return await self._check_noted(await self._key())

    async def _check_noted(self, key: LogKey) -> StoredHead | None:
        later = self._keys.signed_after(key)
        if later is not None:
            raise StoreError(Failure.STORE, f"the database is older than log {later}, which has followed the one that its charter names")
        # The note first: a publication that ends meanwhile, elsewhere, then makes the database newer and not older.
        size, root = key.noted_head()
        newest = await self._log.planned() or await self._log.head()
        if (newest.size if newest else 0) < size:
            raise StoreError(
                Failure.STORE, f"the database is older than the head of size {size} that the log key has signed: docs/backup.md says what to do"
            )
        if newest is not None and newest.size == size and newest.root != root:
            raise StoreError(
                Failure.STORE,
                f"the database has another tree than the one of size {size} that the log key has signed: docs/backup.md says what to do",
            )
        return newest

    async def _settle(self, key: LogKey) -> StoredHead | None:
        """Return the newest head, after comparing with the noted one and finishing a planned one."""
        newest = await self._check_noted(key)
        return newest if newest is None or newest.note is not None else await self._sign(newest, key)

    async def _sign(self, planned: StoredHead, key: LogKey) -> StoredHead:
        size, _ = key.noted_head()
        if planned.size < size:
            raise StoreError(Failure.STORE, "the log key does not sign below its last head")
        await asyncio.to_thread(key.note_head, planned.size, planned.root)
        checkpoint = Checkpoint(key.origin, planned.size, planned.root, parse_day(planned.day))
        note = sign_checkpoint(checkpoint, key.key)
        await self._log.finish(planned.size, note)
        self.signed.set()
        return StoredHead(planned.size, planned.root, planned.day, planned.frontier, note)

    async def _edge(self, size: int) -> Mapping[str, bytes]:
        """Return the partial tiles that a tree of `size` leaves ends in."""
        tiles: dict[str, bytes] = {}
        for path in edge_paths(size):
            tile = await self._log.tile(path)
            if tile is None:
                raise StoreError(Failure.STORE, f"the database lacks {path}")
            tiles[path] = tile
        return tiles


def _grown(frontier: Frontier, waiting: Waiting, edge: Mapping[str, bytes], day: str) -> tuple[Sequence[Leaf], StoredHead, Mapping[str, bytes]]:
    """Return the leaves to append, the unsigned head of the grown tree, and the tiles to write."""
    leaves = leaves_of(waiting, frontier.size, day)
    entries = [leaf.entry for leaf in leaves]
    tiles = grow(frontier.size, entries, edge)
    for entry in entries:
        frontier.append(leaf_hash(entry))
    return leaves, StoredHead(frontier.size, frontier.root(), day, frontier.encode(), None), tiles
