# SPDX-License-Identifier: AGPL-3.0-or-later
"""The server as a reporter asks it: so that a canary looks like a report.

Rules of this file: no key, no signature, and no header that a reporter's program does not send; those in the same order, to the letter. Nothing
that comes is believed here. Every answer has a largest size, every silence an end, and so has every body.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final, Self

import httpx

from corncrake_courier.server import ANSWER_SECONDS, CONNECT_SECONDS, ERROR_MAX, OK, READ_SECONDS, refusal
from corncrake_crypto.charter import is_origin
from corncrake_crypto.errors import Failure, PeerError, StoreError, UsageError

if TYPE_CHECKING:
    from types import TracebackType

AGENT: Final = "corncrake-reporter"
_LOOPBACK: Final = re.compile(r"http://(?:127\.0\.0\.1|localhost)(?::[0-9]+)?")


class TooMuchError(PeerError):
    """An answer was given up before its end: what it says is not known."""


class Outside:
    """One connection of somebody whom nobody knows; use it in a `with` statement. A visit and a report each have their own."""

    def __init__(self, origin: str) -> None:
        """Prepare to ask the server at `origin`, by the proxy that the environment names, if it names one.

        Raises:
            UsageError: `origin`, when no server may have this address; `misuse`, when the proxy cannot be used.
        """
        if not is_origin(origin):
            raise UsageError(Failure.ORIGIN, "no server may have this address: https://, or http:// for .onion and this machine")
        try:
            self._client = httpx.Client(
                base_url=origin,
                timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
                follow_redirects=False,
                trust_env=_LOOPBACK.fullmatch(origin) is None,
                headers={"user-agent": AGENT, "accept-encoding": "identity"},
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            raise UsageError(Failure.MISUSE, "the proxy that the environment names cannot be used; nothing was sent") from error

    def get(self, path: str, most: int) -> bytes:
        """Return the body of an answer, at most `most` bytes.

        Raises:
            StoreError: `store`: the line broke, or the server is not there.
            PeerError: `size`: the answer is too large; otherwise the server's own failure word.
        """
        return self._ask(self._client.build_request("GET", path), most)

    def post(self, path: str, body: bytes, most: int) -> bytes:
        """Send a body, and return the answer's, at most `most` bytes.

        Raises:
            StoreError, PeerError: as `get`.
        """
        return self._ask(self._client.build_request("POST", path, content=body, headers={"content-type": "application/octet-stream"}), most)

    def _ask(self, request: httpx.Request, most: int) -> bytes:
        started, body = time.monotonic(), bytearray()
        try:
            answer = self._client.send(request, stream=True)
            try:
                limit = most if answer.status_code in OK else ERROR_MAX
                # As they come, so that bytes that drip are given up.
                for piece in answer.iter_raw():
                    body += piece
                    if len(body) > limit or time.monotonic() - started > ANSWER_SECONDS:
                        raise TooMuchError(Failure.SIZE, f"the server's answer to {request.url.path} is too large, or takes too long")
            finally:
                answer.close()
                self._client.cookies.clear()
        except httpx.HTTPError as error:
            raise StoreError(Failure.STORE, f"the line to the server broke ({type(error).__name__})") from error
        if answer.status_code in OK:
            return bytes(body)
        raise refusal(answer.status_code, bytes(body), request.url.path)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """Close the connection."""
        self._client.close()
