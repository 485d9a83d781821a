# SPDX-License-Identifier: AGPL-3.0-or-later
"""Taking a block of a file: exactly a block sealed to one recipient, under an id, written once.

Rules of this file: a block goes to the store as it comes and is never whole in memory here; what is wrong with it is said before
its last piece is handed on, so that the store keeps nothing of it. Its day never lies before one that the log has
signed. A block that is there already needs no room.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import aclosing
from datetime import date
from typing import TYPE_CHECKING, Final

from corncrake_crypto.age_format import check_sealed_header
from corncrake_crypto.encoding import day_text, parse_day
from corncrake_crypto.errors import Failure, FileError, PeerError
from corncrake_crypto.padding import BLOCK_CLASS, HEADER_FRAME, LARGE_BLOCK_CLASS, STANZA_LENGTH, wire_size
from corncrake_server.refusals import Conflict, NoRoom, NotHere, TooLarge

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from corncrake_server.clock import Clock
    from corncrake_server.ports.blocks import Blocks
    from corncrake_server.ports.log import Log
    from corncrake_server.ports.room import Disk
    from corncrake_server.services.quota import BlockRoom, Share

BLOCK_WIRES: Final = (wire_size(1, BLOCK_CLASS), wire_size(1, LARGE_BLOCK_CLASS))
"""Lengths in bytes that a sealed block has, and no other."""
MOST_WIRE: Final = max(BLOCK_WIRES)
_KEPT_SECONDS: Final = 60.0
_HEADER: Final = HEADER_FRAME + STANZA_LENGTH
_ID: Final = re.compile(r"[0-9a-f]{32}")


def check_block_id(block_id: str) -> None:
    """Check that an id is 32 lower-case hex characters.

    Raises:
        NotHere: `block`.
    """
    if _ID.fullmatch(block_id) is None:
        raise NotHere("the id of a block is 32 lower-case hexadecimal characters", Failure.BLOCK)


async def _checked(pieces: AsyncIterator[bytes], digest: bytes | None, share: Share | None = None) -> AsyncGenerator[bytes]:
    """Hand on a block, none of it before its header is right, and not to its end if its SHA-256 is not `digest` or it has no room."""
    head, found = bytearray(), hashlib.sha256()
    async for piece in pieces:
        if digest is not None:
            found.update(piece)
        if len(head) >= _HEADER:
            yield piece
            continue
        head += piece
        if len(head) >= _HEADER:
            check_sealed_header(bytes(head[:_HEADER]), 1)
            yield bytes(head)
    if digest is not None and found.digest() != digest:
        raise PeerError(Failure.ALTERED, "the block is not the one that Content-Digest says")
    if share is not None:
        # Only now, so that blocks that trickle take no room.
        share.take()


class BlockShelf:
    """Blocks of files."""

    def __init__(self, blocks: Blocks, room: BlockRoom, disk: Disk, log: Log, clock: Clock) -> None:
        """Keep the parts."""
        self._blocks = blocks
        self._room = room
        self._disk = disk
        self._log = log
        self._clock = clock
        self._signed = date.min
        self._ask_again = 0.0

    async def allowed(self, block_id: str, length: int) -> None:
        """Check id and stated length before a body is read.

        Raises:
            NotHere: `block`.   TooLarge, FileError: `size`.   NoRoom: there is no room for it, and it is not there already.
        """
        check_block_id(block_id)
        if length > MOST_WIRE:
            raise TooLarge(MOST_WIRE)
        if length not in BLOCK_WIRES:
            raise FileError(Failure.SIZE, f"a sealed block has {' or '.join(map(str, BLOCK_WIRES))} bytes")
        try:
            self._check_room(length)
        except NoRoom:
            if await self._blocks.size(block_id) is None:
                raise

    def _check_room(self, length: int) -> None:
        self._room.check(length)
        self._disk.check_room(length)

    async def _compare(self, block_id: str, pieces: AsyncIterator[bytes]) -> None:
        """Compare what comes with the block that is there, without room for either.

        Raises:
            Conflict: `block`.   NoRoom: it is not there any more.
        """
        here, there = hashlib.sha256(), hashlib.sha256()
        async for piece in pieces:
            here.update(piece)
        try:
            stored = await self._blocks.read(block_id, 0, MOST_WIRE)
        except NotHere:
            raise NoRoom from None
        async for piece in stored:
            there.update(piece)
        if here.digest() != there.digest():
            raise Conflict(Failure.BLOCK, "another block is there under this id")

    async def _day(self) -> str:
        """Return the day for a block that comes now: by the clock, and not before one that the log has signed."""
        if self._clock.monotonic() >= self._ask_again:
            head = await self._log.head()
            self._signed = parse_day(head.day) if head is not None else date.min
            self._ask_again = self._clock.monotonic() + _KEPT_SECONDS
        return day_text(max(self._clock.today(), self._signed))

    async def put(self, block_id: str, length: int, pieces: AsyncIterator[bytes], digest: bytes | None = None) -> bool:
        """Store a block; True when it is new, False when it is there already.

        Args:
            block_id: an id that is `allowed`.
            length: bytes that will come, `allowed`.
            pieces: exactly those.
            digest: the SHA-256 that they must have, if the client has said one.

        Raises:
            FileError: `header`.   PeerError: `altered`: it has another SHA-256.
            Conflict: `block`.   NoRoom: there is no room for it.
        """
        try:
            self._check_room(length)
        except NoRoom:
            if await self._blocks.size(block_id) is None:
                raise
            async with aclosing(_checked(pieces, digest)) as checked:
                await self._compare(block_id, checked)
            return False
        day = await self._day()
        with self._room.share(length) as share:
            async with aclosing(_checked(pieces, digest, share)) as checked:
                share.kept = await self._blocks.put(block_id, length, checked, day)
            return share.kept

    async def has(self, block_id: str) -> bool:
        """Say whether a block is there.

        Raises:
            NotHere: `block`: this is no id.
        """
        check_block_id(block_id)
        return await self._blocks.size(block_id) is not None

    async def size(self, block_id: str) -> int:
        """Return the length of a block in bytes.

        Raises:
            NotHere: `block`.
        """
        check_block_id(block_id)
        size = await self._blocks.size(block_id)
        if size is None:
            raise NotHere("there is no such block", Failure.BLOCK)
        return size

    async def read(self, block_id: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """Return the bytes start ≤ index < stop of a block in pieces.

        Raises:
            NotHere: `block`.
        """
        return await self._blocks.read(block_id, start, stop)
