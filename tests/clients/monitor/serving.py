# SPDX-License-Identifier: AGPL-3.0-or-later
"""A page that is served as somebody hostile would: to each visitor what the test says."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

POLICY = {"content-security-policy": "default-src 'none'; script-src 'self'"}


class Asked(NamedTuple):
    """One request: its path, headers, and which connection it came on."""

    path: str
    headers: dict[str, str]
    connection: tuple[str, int]


class Given(NamedTuple):
    """One answer. `drip`: seconds between two bytes of its headers; `cut`: the line breaks instead."""

    body: bytes
    headers: dict[str, str] = POLICY
    status: int = 200
    drip: float = 0
    cut: bool = False


NEVER = Given(b"", cut=True)


@contextmanager
def serving(answer: Callable[[Asked], Given]) -> Generator[tuple[str, list[Asked]]]:
    """Serve while the block runs; give the address, and what is asked."""
    asked: list[Asked] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            one = Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, self.client_address)
            asked.append(one)
            given = answer(one)
            if given.cut:
                self.close_connection = True
                return
            if given.drip:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
                while not over.wait(given.drip):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                return
            self.send_response_only(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(given.body)))
            self.end_headers()
            self.wfile.write(given.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class calls it
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()
