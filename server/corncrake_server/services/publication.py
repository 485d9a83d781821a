# SPDX-License-Identifier: AGPL-3.0-or-later
"""Publication: the only writer of the tree. Plan, note, sign.

Rules of this file: one publication at a time, among all processes. A head is signed only when (1) everything that it covers is
durable, (2) it is noted beside the key, and (3) it lies above the head noted before. A publication that a crash cut off after
its plan is finished as it was planned, never made anew. A database whose newest head, planned ones included, lies below the
noted one was restored from an old backup: the server refuses it, since to go on would be to sign two histories.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from corncrake_crypto.checkpoint import Checkpoint, sign_checkpoint
from corncrake_crypto.encoding import day_text, parse_day
from corncrake_crypto.errors import Failure, StoreError
from corncrake_crypto.merkle import Frontier, leaf_hash
from corncrake_crypto.tiles import edge_paths, grow
from corncrake_server.ports import StoredHead
from corncrake_server.services.leaves import leaves_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corncrake_server.clock import Clock
    from corncrake_server.ports import Leaf, Log, LogKey


class Publication:
    """Grows the tree."""

    def __init__(self, log: Log, key: LogKey, clock: Clock) -> None:
        """Keep the parts."""
        self._log = log
        self._key = key
        self._clock = clock
        self._one = asyncio.Lock()

    async def check_start(self) -> None:
        """Finish what a crash cut off, and refuse a database older than the key's last head.

        Raises:
            StoreError: `store`.
        """
        async with self._one, self._log.publishing():
            await self._settle()

    async def publish(self, *, unless_published_today: bool = False) -> StoredHead:
        """Append what waits, and sign the new head; return it.

        Args:
            unless_published_today: return the newest head as it is, when it is of today: what a schedule asks for, since
                another process may have been faster.

        Raises:
            StoreError: `store`: nothing was signed.
        """
        async with self._one, self._log.publishing():
            head = await self._settle()
            today = day_text(self._clock.today())
            if unless_published_today and head is not None and head.day >= today:
                return head
            waiting = await self._log.waiting()
            size, frontier = (0, Frontier()) if head is None else (head.size, Frontier.decode(head.frontier))
            leaves = leaves_of(waiting, size, today)
            edge = await self._edge(size)
            # Hashing a busy day's leaves takes long enough to be done beside the loop.
            planned, tiles = await asyncio.to_thread(_grown, frontier, leaves, edge, today)
            await self._log.plan(planned, leaves, tiles, [place for place, _ in waiting.entries])
            return await self._sign(planned)

    async def _settle(self) -> StoredHead | None:
        """Return the newest head, after finishing a planned one and comparing with the noted one."""
        head, planned = await self._log.head(), await self._log.planned()
        newest = planned or head
        size, root = self._key.noted_head()
        if (newest.size if newest else 0) < size:
            raise StoreError(Failure.STORE, f"the database is older than the head of size {size} that the log key has signed")
        if newest is not None and newest.size == size and newest.root != root:
            raise StoreError(Failure.STORE, f"the database has another tree than the one of size {size} that the log key has signed")
        return head if planned is None else await self._sign(planned)

    async def _sign(self, planned: StoredHead) -> StoredHead:
        size, _ = self._key.noted_head()
        if planned.size < size:
            raise StoreError(Failure.STORE, "the log key does not sign below its last head")
        await asyncio.to_thread(self._key.note_head, planned.size, planned.root)
        checkpoint = Checkpoint(self._key.origin, planned.size, planned.root, parse_day(planned.day))
        note = sign_checkpoint(checkpoint, self._key.key)
        await self._log.finish(planned.size, note)
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


def _grown(frontier: Frontier, leaves: Sequence[Leaf], edge: Mapping[str, bytes], day: str) -> tuple[StoredHead, Mapping[str, bytes]]:
    """Return the unsigned head of the grown tree, and the tiles to write."""
    entries = [leaf.entry for leaf in leaves]
    tiles = grow(frontier.size, entries, edge)
    for entry in entries:
        frontier.append(leaf_hash(entry))
    return StoredHead(frontier.size, frontier.root(), day, frontier.encode(), None), tiles
