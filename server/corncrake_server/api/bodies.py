# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading a body: of a stated length, in a stated time, at a stated rate, and no byte more.

Rules of this file: the length is known and allowed before the first byte is read. After `body_grace_seconds` a body must have a
mean rate of `body_bytes_per_second`, and a report or block may take `body_seconds` or `block_seconds` in all; the server itself
holds it to that, whatever stands before it. What is bounded is not how many bodies come but how many of their bytes are held (a
report's in memory, a block's and a parcel's on the disk), each kind by itself, and until what they brought is stored. Nobody
queues: when the bytes are used up, the slowest bodies are given up, so that a thousand that trickle do not keep out one that
comes. Reports stand in four lines, by the step of their stamps. Whether a stamp is for this body is known only when the body is
whole, so one stamp could stand before any number that never end: the lines that hold more than a quarter of the bytes give way
first, and only then those without a stamp before those with one.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final

from corncrake_crypto.errors import Failure, FileError
from corncrake_crypto.request_signature import parse_content_digest
from corncrake_crypto.stamp import STEPS, parse_stamp
from corncrake_server.refusals import LengthMissing, TooSlow

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from litestar import Request

    from corncrake_crypto.stamp import Stamp
    from corncrake_server.clock import Clock
    from corncrake_server.settings import Settings

_MOST_DIGITS: Final = 12
_SHARE_FREED: Final = 16
"""Bodies are given up until so much of the bytes is free again: sorting them for each piece that comes would cost too much."""


def stated_length(request: Request[Any, Any, Any]) -> int:
    """Return the value of Content-Length, in bytes.

    Raises:
        LengthMissing: there is none.
        FileError: `size`: it is no number.
    """
    values = request.headers.getall("content-length", [])
    if not values:
        raise LengthMissing
    if len(values) != 1 or not values[0].isascii() or not values[0].isdigit() or len(values[0]) > _MOST_DIGITS:
        raise FileError(Failure.SIZE, "Content-Length is not one number")
    return int(values[0])


def stated_digest(request: Request[Any, Any, Any]) -> bytes | None:
    """Return the SHA-256 that Content-Digest says the body has, None when the client says none.

    Raises:
        FileError: `encoding`: it is not one SHA-256.

    Source: RFC 9530 §2.
    """
    values = request.headers.getall("content-digest", [])
    return parse_content_digest(", ".join(values)) if values else None


def stated_stamp(request: Request[Any, Any, Any]) -> Stamp | None:
    """Return the stamp of a report, None when it has none.

    Raises:
        FileError: `encoding`: it is no stamp, or there are two.

    Source: crypto/spec/stamp.md §2.
    """
    values = request.headers.getall("corncrake-stamp", [])
    return parse_stamp(", ".join(values)) if values else None


class _Body:
    """One body while its bytes are held."""

    def __init__(self, started: float, paid: int) -> None:
        self.started = started
        self.paid = paid
        self.held = 0
        self.complete = False
        self.given_up = False
        self.waiting: asyncio.Timeout | None = None

    def give_up(self) -> None:
        self.given_up = True
        if self.waiting is not None and not self.waiting.expired():
            # Wakes whoever waits for its next piece.
            self.waiting.reschedule(0)


class _Room:
    """The bytes that bodies of one kind may hold together."""

    def __init__(self, most: int, grace: float, clock: Clock) -> None:
        self._most = most
        self._grace = grace
        self._clock = clock
        self._bodies: set[_Body] = set()
        self._held = [0] * (STEPS + 1)
        """In each line."""
        self._freed = asyncio.Event()

    @contextmanager
    def enter(self, paid: int) -> Generator[_Body]:
        body = _Body(self._clock.monotonic(), paid)
        self._bodies.add(body)
        try:
            yield body
        finally:
            self._bodies.remove(body)
            self._add(body, -body.held)
            self._freed.set()

    def _add(self, body: _Body, count: int) -> None:
        body.held += count
        self._held[body.paid] += count

    async def hold(self, body: _Body, count: int) -> None:
        """Hold `count` more bytes for a body; when they are too many, wait for what is being stored, or give up the slowest."""
        self._add(body, count)
        while sum(self._held) > self._most and not body.given_up:
            if any(other.complete for other in self._bodies):
                self._freed.clear()
                await self._freed.wait()
            else:
                self._give_up_slowest()

    def _give_up_slowest(self) -> None:
        for body in sorted((body for body in self._bodies if body.held), key=self._standing):
            if sum(self._held) <= self._most - self._most // _SHARE_FREED:
                return
            self._add(body, -body.held)
            body.give_up()

    def _standing(self, body: _Body) -> tuple[bool, int, bool, float]:
        """Sort the lines that hold more than their share first, then by step, then by rate, the slowest first.

        Those that have only just begun, whose rate says nothing yet, stand behind the others of their line, the oldest first.
        """
        age = self._clock.monotonic() - body.started
        has_more = self._held[body.paid] > self._most // len(self._held)
        is_new = age <= self._grace
        return not has_more, body.paid, is_new, -age if is_new else body.held / age


async def _joined(pieces: AsyncGenerator[bytes]) -> bytes:
    whole = bytearray()
    async for piece in pieces:
        whole += piece
    return bytes(whole)


class BodyReader:
    """Reads bodies of one kind, for one process."""

    def __init__(self, settings: Settings, clock: Clock, most: int, *, seconds: float) -> None:
        """Take the rate from the settings.

        Args:
            settings: of this server.
            clock: for the rate.
            most: bytes that all bodies of this kind may hold together.
            seconds: longest time that one may take.
        """
        self._seconds = seconds
        self._rate = settings.body_bytes_per_second
        self._grace = settings.body_grace_seconds
        self._clock = clock
        self._room = _Room(most, self._grace, clock)

    def _patience(self, body: _Body, received: int) -> float:
        """Return how many seconds the next piece may take."""
        elapsed = self._clock.monotonic() - body.started
        return max(min(self._seconds, self._grace + received / self._rate) - elapsed, 0)

    async def _piece(self, request: Request[Any, Any, Any], body: _Body, received: int) -> tuple[bytes, bool]:
        """Return the next piece, its bytes held, and whether more will come."""
        try:
            async with asyncio.timeout(self._patience(body, received)) as body.waiting:
                message = await request.receive()
                if message["type"] != "http.request":
                    raise TooSlow("the connection ended before the body")
                await self._room.hold(body, len(message["body"]))
        except TimeoutError as error:
            raise TooSlow("the body came too slowly") from error
        finally:
            body.waiting = None
        if body.given_up:
            raise TooSlow("the body came too slowly for the room that there is")
        return message["body"], message["more_body"]

    async def _pieces(self, request: Request[Any, Any, Any], length: int, body: _Body) -> AsyncGenerator[bytes]:
        received, more = 0, True
        while more:
            piece, more = await self._piece(request, body, received)
            received += len(piece)
            if received > length:
                break
            if piece:
                yield piece
        if received != length:
            raise FileError(Failure.SIZE, "the body has not its stated length")
        body.complete = True

    @asynccontextmanager
    async def pieces(self, request: Request[Any, Any, Any], length: int, paid: int = 0) -> AsyncGenerator[AsyncGenerator[bytes]]:
        """Give a body of exactly `length` bytes in pieces; its room is held until the block ends. `paid`: the step of its stamp.

        Raises:
            TooSlow: it does not come, or not fast enough.
            FileError: `size`: it is not `length` bytes long.
        """
        with self._room.enter(paid) as body:
            async with aclosing(self._pieces(request, length, body)) as pieces:
                yield pieces

    @asynccontextmanager
    async def whole(self, request: Request[Any, Any, Any], length: int, paid: int = 0) -> AsyncGenerator[bytes]:
        """Give a body of exactly `length` bytes; see `pieces`. Leave the block when it is stored, not before."""
        async with self.pieces(request, length, paid) as pieces:
            yield await _joined(pieces)
