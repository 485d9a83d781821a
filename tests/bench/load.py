# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sixty-four connections that report as fast as a server takes it.

Rules of this file: every report is another one, to a server: the bytes of one sealed report with a tail of its own. The client does next to
nothing, so that the server is what is measured: a process of its own beside the server, no parsing beyond the status.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Final

import uvloop

if TYPE_CHECKING:
    from tests.server.running import RunningServer

CONNECTIONS: Final = 64
CREATED: Final = b"201"
_TAIL: Final = 16


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    await reader.readexactly(length)
    return head[9:12]


async def _report(port: int, head: bytes, body: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    done = 0
    while time.perf_counter() < until:
        writer.write(head + body[:-_TAIL] + os.urandom(_TAIL))
        assert await _answer(reader) == CREATED
        done += 1
    writer.close()
    return done


async def _all(port: int, head: bytes, body: bytes, for_s: float) -> float:
    start = time.perf_counter()
    counts = await asyncio.gather(*(_report(port, head, body, start + for_s) for _ in range(CONNECTIONS)))
    return sum(counts) / (time.perf_counter() - start)


def reports_per_second(server: RunningServer, epoch: int, for_s: float) -> float:
    """Return how many reports a second `server` acknowledges at 64 connections."""
    body = server.report()
    head = (
        f"POST /v1/desks/legal/epochs/{epoch}/reports HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    return uvloop.run(_all(server.port, head, body, for_s))
