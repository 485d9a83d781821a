# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a browser needs to be told so that the one-file edition of the page, opened from disk, may talk to this server.

Rules of this file: a file on disk has the origin `null`, and only that one is answered; another site's page never is. Only what a
reporter's device asks for, by the methods that it uses; couriers' paths have no headers of this kind. No credentials: there are none.
What is refused is told too, or the page would take a 'no' for a broken line.

Source: WHATWG Fetch §3.2 (CORS protocol).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

_ORIGIN: Final = b"null"
_ROUTES: Final = (
    (re.compile(r"/v1/(?:charter|charters/[^/]+|forms/[^/]+|desks/[^/]+/(?:heads|epochs/[^/]+/prekeys|editions/[^/]+/[^/]+/[^/]+))"), ("GET",)),
    (re.compile(r"/v1/desks/[^/]+/epochs/[^/]+/reports"), ("POST",)),
    (re.compile(r"/v1/blocks/[^/]+"), ("PUT", "HEAD")),
)
"""The paths of `api/reporters.py`, and how each is asked for."""
_REQUEST_HEADERS: Final = b"content-type, content-digest, corncrake-stamp"
_KEPT_SECONDS: Final = b"7200"
"""How long a browser need not ask again before a request of the same kind; none keeps it for longer."""
_ALWAYS: Final = [(b"access-control-allow-origin", _ORIGIN), (b"access-control-expose-headers", b"retry-after"), (b"vary", b"origin")]


def methods_for(path: str) -> tuple[str, ...]:
    """Return by which methods a saved page may ask for a path; none for whatever is not a reporter's."""
    return next((methods for pattern, methods in _ROUTES if pattern.fullmatch(path)), ())


class SavedPages:
    """An application that also answers pages that were opened from disk."""

    def __init__(self, application: ASGIApp) -> None:
        """Stand before an application."""
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or answer the question whether it may be sent."""
        if scope["type"] != "http" or dict(scope["headers"]).get(b"origin") != _ORIGIN:
            await self._application(scope, receive, send)
            return
        methods = methods_for(scope["path"])
        if not methods or scope["method"] not in {"OPTIONS", *methods}:
            await self._application(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            allowed = [(b"access-control-allow-methods", ", ".join(methods).encode()), (b"access-control-allow-headers", _REQUEST_HEADERS)]
            headers = [*_ALWAYS, *allowed, (b"access-control-max-age", _KEPT_SECONDS), (b"cache-control", b"no-store"), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_ALWAYS]
            await send(message)

        await self._application(scope, receive, told)
