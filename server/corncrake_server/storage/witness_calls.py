# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a witness is reached: over HTTPS, or by a Unix socket of this machine where the server itself may reach nothing else.

Rules of this file: one request, one answer of a few kilobytes, half a minute in all; no redirect is followed, no proxy of the environment used.
"""

from __future__ import annotations

import asyncio
from typing import Final

import httpx

from corncrake_crypto.errors import Failure, StoreError

_SECONDS: Final = 30.0
_MOST_ANSWER: Final = 16_384
_UNIX: Final = "unix:"


class HttpWitnessCalls:
    """`ports.log.WitnessCalls` by HTTP."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        """Keep how long one request may take in all."""
        self._seconds = seconds

    async def ask(self, address: str, body: bytes) -> tuple[int, bytes]:
        """Return status and body of an answer; see `ports.log.WitnessCalls`."""
        socket = address.removeprefix(_UNIX) if address.startswith(_UNIX) else None
        url = "http://witness" if socket is not None else address
        try:
            async with (
                asyncio.timeout(self._seconds),
                httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=socket), timeout=self._seconds) as client,
            ):
                return await _exchange(client, f"{url}/add-checkpoint", body)
        except TimeoutError as error:
            raise StoreError(Failure.STORE, "it does not answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise StoreError(Failure.STORE, f"it does not answer ({type(error).__name__})") from error


async def _exchange(client: httpx.AsyncClient, url: str, body: bytes) -> tuple[int, bytes]:
    async with client.stream(
        "POST", url, content=body, headers={"content-type": "text/plain", "user-agent": "", "accept-encoding": "identity"}
    ) as answer:
        found = bytearray()
        async for piece in answer.aiter_raw():
            found += piece
            if len(found) > _MOST_ANSWER:
                raise StoreError(Failure.STORE, "its answer is too long")
        return answer.status_code, bytes(found)
