# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is left of a body when its answer is known: read for a moment and thrown away, so that the answer arrives.

Rules of this file: to close a connection under a sender that still writes resets it, and the reset may overtake the answer: nginx
then says 502 in our place, and who writes all before it reads takes a refusal for a broken line. So what is left of a body is read
before the answer leaves, and the connection goes on. If it is too long or too slow for that, the answer leaves, says that the
connection ends, and as much is read once more before it does: time for nginx, or for whoever reads while it writes, to see the
answer and stop. Nothing of it is kept, and both times are bounded.

Source: RFC 9112 §9.3, §9.6.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from corncrake_server.services.blocks import MOST_WIRE

if TYPE_CHECKING:
    from litestar.types import ASGIApp, HTTPReceiveMessage, Message, Receive, Scope, Send, WebSocketReceiveMessage

MOST_BYTES: Final = MOST_WIRE
"""Read before the answer, and once more after it: the largest body that a reporter's device sends."""
MOST_SECONDS: Final = 3.0
"""For each of the two. In the first a large block comes at 1.4 MB a second; behind nginx the second ends when nginx has the answer.
A body that is taken may hold a connection for much longer: nobody gains by being refused."""


class _Exchange:
    """One request that has a body, and its answer."""

    def __init__(self, receive: Receive, send: Send, most: int, seconds: float, *, invited: bool) -> None:
        self._receive = receive
        self._send = send
        self._most = most
        self._seconds = seconds
        self._invited = invited
        self._over = False
        self._closing = False

    async def receive(self) -> HTTPReceiveMessage | WebSocketReceiveMessage:
        """Receive for the application, and note when the body is over, or the connection."""
        message = await self._receive()
        self._over = message["type"] != "http.request" or not message["more_body"]
        return message

    async def _throw_away(self) -> None:
        left = self._most
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                while not self._over and left > 0:
                    message = await self.receive()
                    left -= len(message["body"]) if message["type"] == "http.request" else 0

    async def send(self, message: Message) -> None:
        """Send for the application, once the body is over or has had its moment."""
        if message["type"] == "http.response.start":
            # Who was too slow has had its moment.
            if self._invited and message["status"] != HTTPStatus.REQUEST_TIMEOUT:
                await self._throw_away()
            if not self._over:
                self._closing = True
                message["headers"] = [*message["headers"], (b"connection", b"close")]
        if message["type"] == "http.response.body" and self._closing and not message["more_body"]:
            message["more_body"] = True
            await self._send(message)
            await self._throw_away()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)


class UnreadBodies:
    """An application whose answers arrive, though it has not read the bodies that they are about."""

    def __init__(self, application: ASGIApp, most: int = MOST_BYTES, seconds: float = MOST_SECONDS) -> None:
        """Stand before an application.

        Args:
            application: whatever answers.
            most: bytes of a body that are read before its answer, and after it.
            seconds: how long each may take.
        """
        self._application = application
        self._most = most
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        names: set[bytes] = {name for name, _ in scope["headers"]} if scope["type"] == "http" else set()
        if names & {b"content-length", b"transfer-encoding"}:
            # Who asks by Expect whether to send at all is told, and not made to.
            exchange = _Exchange(receive, send, self._most, self._seconds, invited=b"expect" not in names)
            receive, send = exchange.receive, exchange.send
        await self._application(scope, receive, send)
