# SPDX-License-Identifier: AGPL-3.0-or-later
"""A server that answers what it likes: a monitor ends in bounded time and memory, believes nothing, and says what it met."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

import httpx
import pytest

from tests.server.running import NO_TLS, PATIENCE_S, RunningServer, wait_for_socket

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.clients.monitor.conftest import Monitor

Trick = Callable[[BaseHTTPRequestHandler, bytes], None]


def plain(to: BaseHTTPRequestHandler, body: bytes) -> None:
    """Answer with this."""
    to.send_response(200)
    to.send_header("content-length", str(len(body)))
    to.end_headers()
    to.wfile.write(body)


def endless(to: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Answer without end."""
    to.send_response(200)
    to.end_headers()
    with suppress(OSError):
        while True:
            to.wfile.write(b"x" * 65_536)


def dripping(to: BaseHTTPRequestHandler, body: bytes) -> None:
    """Answer a byte at a time, each soon enough to keep a reader waiting."""
    to.send_response(200)
    to.end_headers()
    with suppress(OSError):
        for byte in body * 100:
            to.wfile.write(bytes((byte,)))
            time.sleep(0.05)


def drip_headers(to: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Begin a header, and never end it."""
    with suppress(OSError):
        to.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            to.wfile.write(b"x")
            time.sleep(0.05)


def announce(to: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Say without end that an answer comes."""
    with suppress(OSError):
        while True:
            to.wfile.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            time.sleep(0.01)


def elsewhere(to: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Send the reader somewhere else."""
    to.send_response(302)
    to.send_header("location", "http://127.0.0.1:1/")
    to.send_header("content-length", "0")
    to.end_headers()


def changed(to: BaseHTTPRequestHandler, body: bytes) -> None:
    """Answer with another last byte."""
    plain(to, body[:-1] + bytes((body[-1] ^ 1,)))


def short(to: BaseHTTPRequestHandler, body: bytes) -> None:
    """Answer with a part."""
    plain(to, body[: len(body) // 2])


def packed(to: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Answer with something that unpacks to very much."""
    raw = zlib.compress(bytes(100_000_000), wbits=31)
    to.send_response(200)
    to.send_header("content-encoding", "gzip")
    to.send_header("content-length", str(len(raw)))
    to.end_headers()
    with suppress(OSError):
        to.wfile.write(raw)


def silent(to: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Close the line instead of an answer."""
    to.close_connection = True


class Liar:
    """Stands before an honest server, at its origin, and plays a trick on one path."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.path = ""
        self.trick: Trick = plain
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with httpx.Client(
                    transport=httpx.HTTPTransport(uds=str(server.folder / "s"), verify=NO_TLS), trust_env=False, timeout=PATIENCE_S
                ) as client:
                    came = client.get(f"http://x{self.path}")
                if self.path.startswith(liar.path) and liar.path:
                    liar.trick(self, came.content)
                    return
                self.send_response(came.status_code)
                self.send_header("content-length", str(len(came.content)))
                self.end_headers()
                self.wfile.write(came.content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
                pass

        self.service = ThreadingHTTPServer(("127.0.0.1", server.port), Handler)
        self.service.daemon_threads = True
        threading.Thread(target=self.service.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.service.shutdown()
        self.service.server_close()


@pytest.fixture(scope="module")
def liar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Liar]:
    """One honest server for all tests, behind one liar."""
    folder = tmp_path_factory.mktemp("server")
    server = RunningServer(folder, "")
    server.prepare()
    server.start()
    server.open_desk()
    for _ in range(5):
        server.publish()
    server.end()
    behind(server, folder)
    with Liar(server) as lying:
        yield lying
    server.end()


def behind(server: RunningServer, folder: Path) -> None:
    """Serve on a socket instead of the port, which the liar takes."""
    with (folder / "log").open("ab") as log:
        words = [sys.executable, "-m", "corncrake_server", "serve", "--uds", str(folder / "s")]
        server.process = subprocess.Popen(words, env=server.environment, stdout=log, stderr=log)
    wait_for_socket(folder / "s", server.process)


PATHS = (
    "/v1/charter",
    "/log/1/checkpoint",
    "/log/1/tile/0/",
    "/log/1/tile/1/",
    "/log/1/tile/entries/",
    "/v1/desks/legal/heads",
    "/v1/desks/legal/epochs/",
)
TRICKS = (endless, elsewhere, changed, short, packed)


@pytest.mark.parametrize("path", PATHS)
def test_whatever_a_path_answers_the_pass_ends_and_all_is_not_well(liar: Liar, monitor: Monitor, path: str) -> None:
    for trick in TRICKS:
        liar.path, liar.trick = path, trick
        ran = monitor.watch(liar.server)
        assert ran.code == 1, (trick.__name__, ran.said)
        liar.path = ""
        # And nothing of it was believed: the next honest pass finds nothing against what was remembered.
        assert monitor.watch(liar.server).code == 0, trick.__name__


@pytest.mark.parametrize("trick", [dripping, drip_headers, announce])
@pytest.mark.parametrize("path", ["/v1/charter", "/log/1/tile/entries/"])
def test_an_answer_that_drips_is_given_up(liar: Liar, monitor: Monitor, path: str, trick: Trick) -> None:
    liar.path, liar.trick = path, trick
    assert monitor.watch(liar.server, "--patience", "1").code == 1
    liar.path = ""


def test_what_a_hostile_server_says_does_not_reach_the_terminal_as_it_is(liar: Liar, monitor: Monitor) -> None:
    def shouting(to: BaseHTTPRequestHandler, _body: bytes) -> None:
        plain(to, b"\x1b[2Jall is well\n")

    liar.path, liar.trick = "/v1/charter", shouting
    ran = monitor.watch(liar.server)
    liar.path = ""
    assert ran.code == 1
    assert all(character.isprintable() for one in ran.said["found"] for character in one["says"])
