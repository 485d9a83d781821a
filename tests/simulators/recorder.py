# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody on the line who writes down what clients send: a loopback port before a server's Unix socket.

    with Recorder(town.socket) as line:
        …                       # whatever speaks to line.origin
        line.requests()         # each request as it came, byte for byte

Rules of this file: it changes nothing, and knows of HTTP only where one request ends.
"""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, Self

if TYPE_CHECKING:
    from types import TracebackType

PIECE: Final = 65_536
_LENGTH: Final = re.compile(rb"\r\ncontent-length: ([0-9]+)\r\n", re.IGNORECASE)


class Request(NamedTuple):
    """One request: on which connection, from 0; its head with all its lines; its body."""

    connection: int
    head: bytes
    body: bytes


class Recorder:
    """A line that remembers, for use in a `with` statement.

    Attributes:
        origin: where clients find it.
        target: the Unix socket of the server behind it.
    """

    def __init__(self, target: str = "") -> None:
        """Listen; nothing is passed on before `with`."""
        self.target = target
        self._sent: list[bytearray] = []
        recorder = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                recorder.pass_on(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        """Begin to pass on."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def pass_on(self, client: socket.socket) -> None:
        """Pass one connection on until either side ends it."""
        sent = bytearray()
        self._sent.append(sent)
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(self.target)
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            with suppress(OSError):
                while piece := client.recv(PIECE):
                    sent += piece
                    server.sendall(piece)
                server.shutdown(socket.SHUT_WR)
            back.join()

    def forget(self) -> None:
        """Forget what was sent so far."""
        self._sent.clear()

    def requests(self) -> list[Request]:
        """Return the requests that were sent, in the order of their connections."""
        found: list[Request] = []
        for connection, sent in enumerate(self._sent):
            rest = bytes(sent)
            while rest:
                head, _, rest = rest.partition(b"\r\n\r\n")
                length = _LENGTH.search(head + b"\r\n")
                size = int(length[1]) if length else 0
                found.append(Request(connection, head, rest[:size]))
                rest = rest[size:]
        return found


def _pump(server: socket.socket, client: socket.socket) -> None:
    with suppress(OSError):
        while piece := server.recv(PIECE):
            client.sendall(piece)
        client.shutdown(socket.SHUT_WR)
