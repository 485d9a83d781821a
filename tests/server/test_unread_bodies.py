# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bodies that are refused before they have come: the answer arrives, and nobody holds anything by sending on."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from corncrake_server.api.unread_bodies import MOST_BYTES
from tests.server.blocks import LARGE, new_id
from tests.server.running import PATIENCE_S, RunningServer

MIB = 1 << 20
AT_ONCE = 32
SLOW = 300
ENDLESS = 10**11


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that has no room for any block, its desk open."""
    running = RunningServer(tmp_path_factory.mktemp("server"), "", blocks_most=1)
    running.prepare()
    running.start()
    running.open_desk()
    yield running
    running.end(signal.SIGKILL)


def block_head(length: int, *more: str) -> bytes:
    lines = [f"PUT /v1/blocks/{new_id()} HTTP/1.1", "Host: h", f"Content-Length: {length}", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def connect(server: RunningServer) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.settimeout(PATIENCE_S)
    return connection


def most_resident(server: RunningServer) -> int:
    """Bytes of memory that the server has had at most."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def test_who_writes_a_whole_block_before_reading_reads_the_refusal_and_may_ask_again(server: RunningServer) -> None:
    with connect(server) as connection, connection.makefile("rb") as answers:
        for _ in range(5):
            connection.sendall(block_head(LARGE) + bytes(LARGE))
            assert b" 507 " in answers.readline()
            length = next(int(line.split(b":")[1]) for line in iter(answers.readline, b"\r\n") if line.startswith(b"content-length:"))
            assert b'"store"' in answers.read(length)


def test_who_asks_whether_to_send_is_told_no_and_not_to_go_on(server: RunningServer) -> None:
    with connect(server) as connection, connection.makefile("rb") as answers:
        connection.sendall(block_head(LARGE, "Expect: 100-continue"))
        assert b" 507 " in answers.readline()
        assert b"connection: close\r\n" in iter(answers.readline, b"\r\n")


def test_a_body_without_an_end_is_read_so_far_and_no_further(server: RunningServer) -> None:
    piece, sent = bytes(MIB), 0
    with connect(server) as connection, suppress(ConnectionError):
        connection.sendall(block_head(ENDLESS))
        while sent < 10 * MOST_BYTES:
            connection.sendall(piece)
            sent += len(piece)
    # Beside what the server reads, what two sockets hold between them.
    assert MOST_BYTES - MIB < sent < 2 * MOST_BYTES + 16 * MIB


def test_refused_blocks_take_no_memory_while_they_come(server: RunningServer) -> None:
    before = most_resident(server)
    connections = [connect(server) for _ in range(AT_ONCE)]
    for connection in connections:
        connection.sendall(block_head(LARGE) + bytes(LARGE - 1))
    assert most_resident(server) - before < AT_ONCE * LARGE // 4
    for connection in connections:
        connection.sendall(b"x")
        assert b" 507 " in connection.makefile("rb").readline()
        connection.close()


async def trickle(server: RunningServer, line: str, begun: asyncio.Semaphore) -> int:
    """Send a little of a body again and again until the connection ends; return the status of what came back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"{line} HTTP/1.1\r\nHost: h\r\nContent-Length: {ENDLESS}\r\n\r\n".encode())
    begun.release()

    async def send_on() -> None:
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.5)

    sending = asyncio.create_task(send_on())
    try:
        first = await reader.readline()
        with suppress(ConnectionError):  # reset: more was on its way
            await reader.read()
    finally:
        sending.cancel()
        writer.close()
    return int(first.split()[1])


@pytest.mark.parametrize(("line", "status"), [("PUT /v1/blocks/x", 404), ("POST /v1/charter", 405), ("GET /v1/charter", 200)])
def test_hundreds_whose_unread_bodies_trickle_on_keep_nobody_out_and_are_let_go(server: RunningServer, line: str, status: int) -> None:
    async def send_among_them() -> tuple[int, list[int]]:
        begun = asyncio.Semaphore(0)
        slow = [asyncio.create_task(trickle(server, line, begun)) for _ in range(SLOW)]
        for _ in slow:
            await begun.acquire()
        sent = await asyncio.to_thread(server.send, server.report())
        assert not any(task.done() for task in slow)
        return sent.status_code, await asyncio.gather(*slow)

    taken, answers = asyncio.run(asyncio.wait_for(send_among_them(), PATIENCE_S))
    assert (taken, set(answers)) == (201, {status})
