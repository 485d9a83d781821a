# SPDX-License-Identifier: AGPL-3.0-or-later
"""Taking a block of a file: exactly a block sealed to one recipient, under an id, written once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from corncrake_crypto.age_format import check_sealed_shape
from corncrake_crypto.encoding import day_text
from corncrake_crypto.errors import Failure, FileError
from corncrake_crypto.padding import BLOCK_CLASS, wire_size
from corncrake_server.refusals import NotHere, TooLarge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from corncrake_server.clock import Clock
    from corncrake_server.ports import Blocks

BLOCK_WIRE: Final = wire_size(1, BLOCK_CLASS)
_ID: Final = re.compile(r"[0-9a-f]{32}")


def check_block_id(block_id: str) -> None:
    """Check that an id is 32 lower-case hex characters.

    Raises:
        NotHere: `block`.
    """
    if _ID.fullmatch(block_id) is None:
        raise NotHere("the id of a block is 32 lower-case hexadecimal characters", Failure.BLOCK)


class BlockShelf:
    """Blocks of files."""

    def __init__(self, blocks: Blocks, clock: Clock) -> None:
        """Keep the store."""
        self._blocks = blocks
        self._clock = clock

    def allowed(self, block_id: str, length: int) -> None:
        """Check id and stated length before a body is read.

        Raises:
            NotHere: `block`.   TooLarge, FileError: `size`.
        """
        check_block_id(block_id)
        if length > BLOCK_WIRE:
            raise TooLarge(BLOCK_WIRE)
        if length != BLOCK_WIRE:
            raise FileError(Failure.SIZE, f"a sealed block has {BLOCK_WIRE} bytes")

    async def put(self, block_id: str, body: bytes) -> bool:
        """Store a block; True when it is new, False when it is there already.

        Raises:
            FileError: `header` or `size`.   Conflict: `block`.   NoRoom: the disk is too full.
        """
        check_sealed_shape(body, 1, (BLOCK_CLASS,))
        return await self._blocks.put(block_id, body, day_text(self._clock.today()))

    async def has(self, block_id: str) -> bool:
        """Say whether a block is there."""
        check_block_id(block_id)
        return await self._blocks.has(block_id)

    async def open(self, block_id: str) -> tuple[int, AsyncIterator[bytes]]:
        """Return the length of a block and its pieces.

        Raises:
            NotHere: `block`.
        """
        check_block_id(block_id)
        size = await self._blocks.size(block_id)
        if size is None:
            raise NotHere("there is no such block", Failure.BLOCK)
        return size, self._blocks.read(block_id)
