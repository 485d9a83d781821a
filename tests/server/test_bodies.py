# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bodies that come slowly, many at once, or wait for a database: who is given up, and who is not."""

import asyncio
import queue
import select
import signal
import socket
import sqlite3
import threading
import tracemalloc
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from corncrake_crypto.padding import BLOCK_CLASS, MAX_RECIPIENTS, REPORT_CLASSES, wire_size
from corncrake_crypto.stamp import parse_stamp, step_paid, zero_bits
from corncrake_server.api.bodies import BodyReader
from corncrake_server.api.errors import refuse
from corncrake_server.clock import SystemClock
from corncrake_server.refusals import TooSlow
from corncrake_server.settings import Settings
from tests.server.running import PATIENCE_S, RunningServer
from tests.simulators.flood import STEPS, Sender, with_stamps
from tests.simulators.organisation import EPOCH

if TYPE_CHECKING:
    from litestar import Request

SLOW = 400
PIECE = bytes(1_100)
LENGTH = wire_size(2, 12_288)
LARGE_REPORT = REPORT_CLASSES[-1]
HELD = wire_size(MAX_RECIPIENTS, LARGE_REPORT)
ROOM = 4 * HELD
UNENDED = 200_000
PIECE_HELD = 1 << 20
BLOCK_LENGTH = wire_size(1, BLOCK_CLASS)
REPORTS = f"POST /v1/desks/legal/epochs/{EPOCH}/reports"


@contextmanager
def serving(folder: Path, **settings: int) -> Generator[RunningServer]:
    """A server on SQLite with steps in its charter, its desk open."""
    server = RunningServer(folder, "", **settings)
    server.prepare()
    with_stamps(server)
    server.start()
    try:
        server.open_desk()
        yield server
    finally:
        if server.process is not None:
            server.end(signal.SIGKILL)


def head(line: str, length: int, stamp: str | None = None) -> bytes:
    more = "" if stamp is None else f"Corncrake-Stamp: {stamp}\r\n"
    return f"{line} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n{more}\r\n".encode()


def stamped(sender: Sender, step: int) -> tuple[bytes, str | None]:
    """A report, and a stamp that pays this step and by no luck a higher one; none for 0."""
    while step:
        body = sender.report()
        stamp = sender.stamp(body, step)
        if step_paid(zero_bits(parse_stamp(stamp), sender.origin, sender.charter), STEPS) == step:
            return body, stamp
    return sender.report(), None


def status(connection: socket.socket) -> int:
    return int(connection.makefile("rb").readline().split()[1])


async def trickle(port: int, line: str, length: int, begun: asyncio.Semaphore) -> None:
    """Send just fast enough to be let go on, until it is over."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head(line, length) + PIECE)
    await writer.drain()
    begun.release()
    while True:
        await asyncio.sleep(1)
        writer.write(PIECE)
        await writer.drain()


@pytest.mark.parametrize("kind", ["report", "block"])
def test_hundreds_of_bodies_that_trickle_do_not_keep_out_a_report(tmp_path: Path, kind: str) -> None:
    async def send_among_them(server: RunningServer) -> int:
        begun = asyncio.Semaphore(0)
        lines = [(REPORTS, LENGTH) if kind == "report" else (f"PUT /v1/blocks/{at:032x}", BLOCK_LENGTH) for at in range(SLOW)]
        slow = [asyncio.create_task(trickle(server.port, line, length, begun)) for line, length in lines]
        for _ in slow:
            await begun.acquire()
        status = (await asyncio.to_thread(server.send, server.report())).status_code
        assert not any(task.done() for task in slow)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        return status

    with serving(tmp_path) as server:
        assert asyncio.run(asyncio.wait_for(send_among_them(server), PATIENCE_S)) == 201


def test_when_the_bytes_are_used_up_the_slowest_is_given_up_and_a_whole_report_is_taken(tmp_path: Path) -> None:
    with serving(tmp_path, reports_held=HELD) as server:
        slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(5)]
        for connection in slow:
            connection.sendall(head(REPORTS, wire_size(2, LARGE_REPORT)) + bytes(55_000))
            connection.settimeout(30)
        assert server.send(server.report()).status_code == 201
        # It is given up for the report's sake, long before its own time is over.
        assert b" 408 " in slow[0].makefile("rb").readline()
        for connection in slow:
            connection.close()


def test_reports_that_wait_for_a_stalled_database_are_counted_until_they_are_stored(tmp_path: Path) -> None:
    # Two have room also after a little more was freed than had to be; a third has not.
    with serving(tmp_path, reports_held=2 * HELD + HELD // 4, body_seconds=2, body_grace_seconds=1) as server:
        answers: queue.Queue[int] = queue.Queue()
        sending = [threading.Thread(target=lambda: answers.put(server.send(server.report(LARGE_REPORT)).status_code)) for _ in range(4)]
        with closing(sqlite3.connect(server.data / "corncrake.sqlite3", isolation_level=None)) as stall:
            stall.execute("BEGIN IMMEDIATE")
            for thread in sending:
                thread.start()
            # There is room for two; those that are whole go on waiting while the others are given up, or told that too many wait.
            assert {answers.get(timeout=20) for _ in range(2)} <= {408, 503}
            stall.execute("ROLLBACK")
        for thread in sending:
            thread.join()
        # One that was whole when three others had only begun leaves no room for any of them.
        rest = [answers.get_nowait() for _ in range(2)]
        assert 201 in rest
        assert set(rest) <= {201, 408, 503}


class Coming:
    """A request whose body comes in large pieces, and does not end."""

    async def receive(self) -> dict[str, object]:
        return {"type": "http.request", "body": bytes(PIECE_HELD), "more_body": True}


async def held_while_told() -> int:
    """Bytes of memory that are held for a body that was given up, while its answer is on its way."""
    reader, request = BodyReader(Settings(data_dir=""), SystemClock(), 3 * PIECE_HELD, seconds=60), cast("Request[Any, Any, Any]", Coming())
    before = tracemalloc.get_traced_memory()[0]
    try:
        async with reader.whole(request, 100 * PIECE_HELD):
            pytest.fail("it never ends")
    except TooSlow as error:
        refuse(request, error)
        return tracemalloc.get_traced_memory()[0] - before


def test_a_body_that_is_given_up_takes_no_memory_while_it_is_told() -> None:
    tracemalloc.start()
    try:
        assert asyncio.run(held_while_told()) < PIECE_HELD
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("step", [0, 1, 2])
def test_one_stamp_on_many_bodies_that_never_end_does_not_keep_out_a_slow_report(tmp_path: Path, step: int) -> None:
    with serving(tmp_path, reports_held=ROOM, body_grace_seconds=PATIENCE_S) as server, ExitStack() as stack:
        sender = Sender.to(server)

        def begin(body: bytes, stamp: str | None, count: int) -> socket.socket:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), PATIENCE_S))
            connection.sendall(head(REPORTS, len(body), stamp) + body[:count])
            return connection

        ours, ours_stamp = stamped(sender, step)
        slow = begin(ours, ours_stamp, len(ours) // 2)
        _, stamp = stamped(sender, len(STEPS))
        # More than there is room for, of bodies for which the stamp is not.
        large = server.report(LARGE_REPORT)
        shown_again = [begin(large, stamp, UNENDED) for _ in range(ROOM // UNENDED + 1)]
        given_up, _, _ = select.select(shown_again, [], [], PATIENCE_S)
        assert status(given_up[0]) == 408
        slow.sendall(ours[len(ours) // 2 :])
        assert status(slow) == 201
