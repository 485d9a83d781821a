# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may come in: one browser, once, by the address that the terminal showed.

Rules of this file: it stands before everything else and answers 404 to whoever does not belong here, without saying why. The token opens once.
The session is a cookie that is sent to one unguessable path only, since cookies know no ports: another program of this machine that listens on
127.0.0.1 never gets it. Secrets are compared in constant time and hide in a representation.

Source: RFC 6265 §4.1.2, §8.5; Fetch Metadata (W3C); CSP Level 3.
"""

from __future__ import annotations

import hmac
import secrets
import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

TOKEN_BYTES: Final = 16
COOKIE: Final = "viewer"
HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; frame-ancestors 'none'; base-uri 'none';"
        " form-action 'none'; sandbox allow-same-origin"
    ),
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), display-capture=(), fullscreen=(self)",
    "x-dns-prefetch-control": "off",
}
"""What goes with every answer: no script at all, and nothing from anywhere else."""
_NOT_HERE: Final = b"Not here.\n"


class Gate:
    """The application behind its door."""

    def __init__(self, port: int, make: Callable[[str], ASGIApp], first: str = "") -> None:
        """Make token and session, and the application for the path that the session is for.

        Args:
            port: of the listening socket.
            make: returns the application whose paths all begin with what it is given.
            first: the page within it that is shown first.
        """
        self._token: str | None = secrets.token_urlsafe(TOKEN_BYTES)
        self._spent = ""
        self._session = secrets.token_urlsafe(2 * TOKEN_BYTES)
        self._room = "/" + secrets.token_urlsafe(TOKEN_BYTES)
        self._host = f"127.0.0.1:{port}"
        self.address = f"http://{self._host}/{self._token}"
        self._first = f"{self._room}/{first}"
        self._app = make(self._room)
        self._busy = 0
        self._last = time.monotonic()

    def __repr__(self) -> str:
        """Return a form that hides everything."""
        return "Gate(…)"

    def idle_seconds(self) -> float:
        """Return for how long nobody inside has asked for anything, or been answered."""
        return 0.0 if self._busy else time.monotonic() - self._last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        with_headers = _adding_headers(send)
        if self._enters(scope):
            self._last = time.monotonic()
            cookie = f"{COOKIE}={self._session}; Path={self._room}; HttpOnly; SameSite=Strict"
            await _answer(with_headers, 303, [(b"location", self._first.encode()), (b"set-cookie", cookie.encode())])
        elif self._is_inside(scope):
            self._busy += 1
            try:
                await self._app(scope, receive, with_headers)
            finally:
                self._busy -= 1
                self._last = time.monotonic()
        else:
            await _answer(with_headers, 404, [])

    def _enters(self, scope: HTTPScope) -> bool:
        """Say whether this is the one use of the token, and spend it."""
        said = scope["path"].removeprefix("/")
        if not self._is_ours(scope) or scope["method"] != "GET":
            return False
        if self._spent and _same(said, self._spent):
            print("The address was used a second time and refused. If that was not you, end this with Ctrl-C.", file=sys.stderr, flush=True)
        if self._token is None or not _same(said, self._token):
            return False
        self._spent, self._token = self._token, None
        return True

    def _is_inside(self, scope: HTTPScope) -> bool:
        room = scope["path"][: len(self._room) + 1]
        held = [value for value in _cookies(scope) if _same(value, self._session)]
        return self._is_ours(scope) and scope["method"] == "GET" and _same(room, self._room + "/") and bool(held)

    def _is_ours(self, scope: HTTPScope) -> bool:
        """Say whether a browser sends this for our own page, or for a person who opened the address, to exactly this address."""
        if _header(scope, b"host") != [self._host]:
            return False
        match _header(scope, b"sec-fetch-site"), _header(scope, b"sec-fetch-dest"):
            case ["same-origin"], _:
                return True
            case ["none"], ["document"]:
                return True
            case _:
                return False


def destination(scope: Scope) -> str:
    """Return what a browser wants the answer for: `document`, `image`, `video`, `audio`, `style`; empty when it does not say one thing."""
    said = _header(scope, b"sec-fetch-dest") if scope["type"] == "http" else []
    return said[0] if len(said) == 1 else ""


def _header(scope: HTTPScope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _cookies(scope: HTTPScope) -> list[str]:
    parts = [part.strip() for line in _header(scope, b"cookie") for part in line.split(";")]
    return [part.removeprefix(f"{COOKIE}=") for part in parts if part.startswith(f"{COOKIE}=")]


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())


def _adding_headers(send: Send) -> Send:
    """Return a `send` that puts `HEADERS` on every answer, in place of any that it has."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = [(key.encode(), value.encode()) for key, value in HEADERS.items()]
            message["headers"] = [(key, value) for key, value in message["headers"] if key.decode("latin-1").lower() not in HEADERS] + ours
        await send(message)

    return sending


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    body = b"" if headers else _NOT_HERE
    said = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": said})
    await send({"type": "http.response.body", "body": body, "more_body": False})
