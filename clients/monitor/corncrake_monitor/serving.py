# SPDX-License-Identifier: AGPL-3.0-or-later
"""The witness as an HTTP service: `POST /add-checkpoint` by C2SP tlog-witness, and `GET /seen` for other monitors.

Rules of this file: bodies are bounded in size and time before anything looks at them; on loopback or a Unix socket, behind a proxy that does
TLS. No request is logged. There is nothing here that tells who asks, since the checkpoint's signature is all that counts.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from litestar import Litestar, Request, Response, get, post

from corncrake_crypto.cosignature import MAX_ASKED
from corncrake_crypto.errors import CorncrakeError
from corncrake_monitor.witness import TEXT, Answer

if TYPE_CHECKING:
    from corncrake_monitor.witness import Witness

BODY_SECONDS: Final = 30
_CONNECTIONS: Final = 64
_TOO_LARGE: Final = 413
_TOO_SLOW: Final = 408
_NOTHING: Final = 404
_BROKEN: Final = 503


class _TooLargeError(Exception):
    """A body is longer than any request to a witness."""


async def _body(request: Request[Any, Any, Any]) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_ASKED:
            raise _TooLargeError
    return bytes(body)


async def _answer(request: Request[Any, Any, Any], witness: Witness) -> Answer:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _body(request)
    except _TooLargeError:
        return Answer(_TOO_LARGE, b"a request to a witness is not so long\n")
    except TimeoutError:
        return Answer(_TOO_SLOW, b"too slow\n")
    try:
        # Files are written and synced: beside the loop.
        return await asyncio.to_thread(witness.add_checkpoint, body)
    except CorncrakeError:
        return Answer(_BROKEN, b"the witness cannot write down what it would cosign; nothing was cosigned: ask again later\n")


def create_app(witness: Witness) -> Litestar:
    """Return the application of one witness."""

    @post("/add-checkpoint", request_max_body_size=None)
    async def add_checkpoint(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Cosign a checkpoint; C2SP tlog-witness."""
        answer = await _answer(request, witness)
        # By name: what a media type would add to it, a charset, the specification does not have.
        return Response(answer.body, status_code=answer.status, headers={"content-type": answer.type})

    @get("/seen")
    async def get_seen() -> Response[bytes]:
        """The newest head that this monitor has seen."""
        try:
            note = await asyncio.to_thread(witness.seen)
        except CorncrakeError:
            return Response(b"the state cannot be read\n", status_code=_BROKEN, media_type=TEXT)
        if note is None:
            return Response(b"nothing was seen yet\n", status_code=_NOTHING, media_type=TEXT)
        return Response(note, media_type=TEXT)

    return Litestar([add_checkpoint, get_seen], openapi_config=None, logging_config=None)


def serve(witness: Witness, *, port: int, uds: str | None) -> None:
    """Answer until the process is told to end.

    Args:
        witness: that decides.
        port: on loopback; without meaning when `uds` is given.
        uds: path of a Unix socket to listen on.
    """
    uvicorn.run(
        create_app(witness),
        host="127.0.0.1",
        port=port,
        uds=uds,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        log_level="warning",
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
    )
