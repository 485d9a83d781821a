# SPDX-License-Identifier: AGPL-3.0-or-later
"""The server as a monitor sees it: possibly hostile, possibly slow, possibly gone.

Rules of this file: every answer has a largest size, counted as it comes, and a longest time; redirects are not followed; nothing tells this
visitor from others but what it asks for. Nothing that comes is believed here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Self

import httpx

from corncrake_crypto.checkpoint import MAX_CHECKPOINT
from corncrake_crypto.errors import Failure, PeerError, StoreError, UsageError
from corncrake_crypto.merkle import HASH_LENGTH
from corncrake_crypto.tiles import WIDTH

if TYPE_CHECKING:
    from types import TracebackType

PATIENCE: Final = 60.0
"""Seconds that one answer may take, once there is a line."""
_TRIES: Final = 2
"""To connect, each with a time for the line and one for TLS."""
_MAX_ENTRY: Final = 256
"""Bytes of an entry: a commitment has 32, a public document's line some 100."""
_TILE_MAX: Final = WIDTH * HASH_LENGTH
_ENTRIES_MAX: Final = WIDTH * (2 + _MAX_ENTRY)
_OK: Final = 200
_NOT_FOUND: Final = 404
PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
"""What a server that starts anew, or the proxy before it, answers: it holds nothing back."""


class Missing(PeerError):  # noqa: N818 - it says what is so
    """The server has no such thing."""


class Server:
    """A connection to one server; use it in a `with` statement, and not in an event loop."""

    def __init__(self, origin: str, *, uds: str | None = None, patience: float = PATIENCE) -> None:
        """Connect to `origin`, by the Unix socket `uds` when it is given.

        Raises:
            UsageError: `origin`: this is no address.
        """
        self.origin = origin.rstrip("/")
        self.uds = uds
        self.patience = patience
        connect = min(30.0, patience)
        # Only what runs in a loop can be ended as a whole: the headers of an answer too may drip, or be announced without end.
        self._longest = _TRIES * 2 * connect + patience
        self._runner = asyncio.Runner()
        try:
            self._client = httpx.AsyncClient(
                base_url=self.origin,
                transport=httpx.AsyncHTTPTransport(uds=uds, retries=_TRIES - 1),
                timeout=httpx.Timeout(patience, connect=connect),
                follow_redirects=False,
                headers={"user-agent": "", "accept-encoding": "identity"},
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise UsageError(Failure.ORIGIN, "the server's address is not one: https://host") from error

    def get(self, path: str, most: int) -> bytes:
        """Return the body of an answer, at most `most` bytes.

        Raises:
            StoreError: `store`: the line broke, or the server is not there or cannot answer just now: look again later.
            PeerError: `size`: the answer is too large or takes too long; `withheld`: the server refuses.
            Missing: it has no such thing.
        """
        return self._runner.run(self._get(path, most))

    async def _get(self, path: str, most: int) -> bytes:
        try:
            async with asyncio.timeout(self._longest), self._client.stream("GET", path) as answer:
                if answer.status_code == _NOT_FOUND:
                    raise Missing(Failure.WITHHELD, f"the server has no {path}")
                if answer.status_code in PASSING:
                    raise StoreError(Failure.STORE, f"the server cannot answer just now, status {answer.status_code}: look again later")
                if answer.status_code != _OK:
                    raise PeerError(Failure.WITHHELD, f"the server answered {answer.status_code} to {path}")
                body = bytearray()
                async with asyncio.timeout(self.patience):
                    async for piece in answer.aiter_raw():
                        body += piece
                        if len(body) > most:
                            raise PeerError(Failure.SIZE, f"the server's answer to {path} is too large")
                return bytes(body)
        except TimeoutError as error:
            raise PeerError(Failure.SIZE, f"the server's answer to {path} takes too long") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise StoreError(Failure.STORE, f"the line to the server broke ({type(error).__name__}); nothing was learnt: look again later") from error

    def checkpoint(self, prefix: str) -> bytes:
        """Return the newest head of the log under `prefix`."""
        return self.get(f"{prefix}/checkpoint", MAX_CHECKPOINT)

    def log_file(self, prefix: str, path: str) -> bytes:
        """Return a file of the log under `prefix`; where a partial one is gone since it has become full, the full one.

        Raises:
            StoreError, PeerError: as `get`.
        """
        most = _ENTRIES_MAX if path.startswith("tile/entries/") else _TILE_MAX
        try:
            return self.get(f"{prefix}/{path}", most)
        except Missing:
            full, partial, _ = path.rpartition(".p/")
            if not partial:
                raise
            return self.get(f"{prefix}/{full}", most)

    def __enter__(self) -> Self:
        """Return the server itself."""
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """Close all connections."""
        try:
            self._runner.run(self._client.aclose())
        finally:
            self._runner.close()
