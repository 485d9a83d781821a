# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much room blocks have, and who gets what is left of it.

Rules of this file: no counter per client, since a counter is a record of who was here, and none that lets whoever comes first take
all: what is scarce has a price, the same for everybody. That price stands in one function; stamps are for reports so far, so that no
block can pay it. What was accepted is never given up for what comes later.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from corncrake_crypto.errors import StoreError
from corncrake_server.refusals import NoRoom

if TYPE_CHECKING:
    from collections.abc import Generator

    from corncrake_server.ports.blocks import Blocks

UNPAID: Final = 0
_COUNT_SECONDS: Final = 3_600.0
_PATIENCE: Final = 10.0


def price(left: int) -> int | None:
    """Return what a block must have paid, in steps of stamps, so that after it `left` bytes of room are left; None: it has no room.

    This is the seam for stamps of blocks: as room runs out, the price rises for everybody alike. There are none, so that every block has
    paid `UNPAID` and gets room while there is some; that a flood can use it up until blocks expire is said in SECURITY.md.
    """
    return None if left < 0 else UNPAID


class BlockRoom:
    """The bytes that all blocks together may take, in either store."""

    def __init__(self, blocks: Blocks, most: int) -> None:
        """Keep the store, and how many bytes there may be; 0: the store's own disk decides."""
        self._blocks = blocks
        self._most = most
        self._used = 0

    async def count(self) -> None:
        """Count what is stored, if there is a limit; other processes add to it too."""
        if not self._most:
            return
        before, found = self._used, 0
        async for block in self._blocks.stored():
            found += block.size
        # What came while it was counted may be counted twice until the next time: better than not at all.
        self._used = found + max(self._used - before, 0)

    async def begin(self) -> None:
        """Count for the first time; what a store has not listed within `_PATIENCE` seconds is counted later."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._try()

    async def keep_counting(self) -> None:
        """Count every hour, for ever."""
        while True:
            await self._try()
            await asyncio.sleep(_COUNT_SECONDS)

    async def _try(self) -> None:
        try:
            await self.count()
        except StoreError as error:
            sys.stderr.write(f"blocks were not counted: {error}\n")

    def check(self, length: int, paid: int = UNPAID) -> None:
        """Check that `length` more bytes have room.

        Raises:
            NoRoom: they have not, or not for what was paid.
        """
        if not self._most:
            return
        cost = price(self._most - self._used - length)
        if cost is None or paid < cost:
            raise NoRoom("there is no room for more blocks now; nothing that was sent before is lost")

    @contextmanager
    def share(self, length: int, paid: int = UNPAID) -> Generator[Share]:
        """Give a share for one block while it comes; what it took is given back when the block was not kept."""
        share = Share(self, length, paid)
        try:
            yield share
        finally:
            if share.taken and not share.kept:
                self.give_back(length)

    def take(self, length: int, paid: int) -> None:
        """Take room.

        Raises:
            NoRoom: there is none, or not for what was paid.
        """
        self.check(length, paid)
        self._used += length

    def give_back(self, length: int) -> None:
        """Give back the room of a block that is not there, or not any more."""
        self._used = max(self._used - length, 0)


class Share:
    """Room for one block. Its taker sets `kept` when the block is new, and there."""

    def __init__(self, room: BlockRoom, length: int, paid: int) -> None:
        """Take nothing yet."""
        self._room = room
        self._length = length
        self._paid = paid
        self.taken = False
        self.kept = False

    def take(self) -> None:
        """Take the room; see `BlockRoom.take`."""
        self._room.take(self._length, self._paid)
        self.taken = True
