# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading a body: of a stated length, in a stated time, at a stated rate, and no byte more.

Rules of this file: the length is known and allowed before the first byte is read. A body may take `body_seconds` in all and
must have, after `body_grace_seconds`, a mean rate of `body_bytes_per_second`; the server itself holds it to that, whatever
stands before it. Only so many bodies are read at a time: the others wait, which bounds memory and refuses nobody.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from corncrake_crypto.errors import Failure, FileError
from corncrake_server.refusals import LengthMissing, TooSlow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from litestar import Request

    from corncrake_server.clock import Clock
    from corncrake_server.settings import Settings

_MOST_DIGITS: Final = 12


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


class BodyReader:
    """Reads bodies, for one process."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Take the limits from the settings."""
        self._seconds = settings.body_seconds
        self._rate = settings.body_bytes_per_second
        self._grace = settings.body_grace_seconds
        self._clock = clock
        self._places = asyncio.Semaphore(settings.bodies_at_once)

    def _patience(self, started: float, received: int) -> float:
        """Return how many seconds the next piece may take."""
        elapsed = self._clock.monotonic() - started
        return min(self._seconds, self._grace + received / self._rate) - elapsed

    async def pieces(self, request: Request[Any, Any, Any], length: int) -> AsyncIterator[bytes]:
        """Yield a body of exactly `length` bytes in pieces.

        Raises:
            TooSlow: it does not come, or not fast enough.
            FileError: `size`: it is not `length` bytes long.
        """
        async with self._places:
            started = self._clock.monotonic()
            received = 0
            more = True
            while more:
                patience = self._patience(started, received)
                try:
                    message = await asyncio.wait_for(request.receive(), max(patience, 0))
                except TimeoutError as error:
                    raise TooSlow("the body came too slowly") from error
                if message["type"] != "http.request":
                    raise TooSlow("the connection ended before the body")
                piece, more = message["body"], message["more_body"]
                received += len(piece)
                if received > length:
                    break
                if piece:
                    yield piece
            if received != length:
                raise FileError(Failure.SIZE, "the body has not its stated length")

    async def whole(self, request: Request[Any, Any, Any], length: int) -> bytes:
        """Return a body of exactly `length` bytes; see `pieces`."""
        body = bytearray()
        async for piece in self.pieces(request, length):
            body += piece
        return bytes(body)
