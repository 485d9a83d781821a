# SPDX-License-Identifier: AGPL-3.0-or-later
"""A line that notes what goes over it: as much as somebody sees who watches the network and can look through its encryption, but not the seal.

Rules of this file: bytes are passed on as they come and parsed afterwards.
"""

from __future__ import annotations

import re
import socket
import threading
from typing import NamedTuple, Self


class Exchange(NamedTuple):
    """One request and its answer: the request line with ids of reports and blocks left out, and lengths."""

    request: str
    request_head: int
    request_body: int
    status: str
    answer_head: int
    answer_body: int


def _messages(raw: bytes) -> list[tuple[str, int, int]]:
    """First line, length of the head, length of the body of each message of one direction."""
    found: list[tuple[str, int, int]] = []
    while raw:
        head, _, rest = raw.partition(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length: *(\d+)\r?$", head)
        body = int(length[1]) if length else 0
        assert len(rest) >= body, "a message was cut, or its body has no stated length"
        found.append((head.split(b"\r\n", 1)[0].decode(), len(head), body))
        raw = rest[body:]
    return found


class RecordingLine:
    """Listens on one loopback port and passes everything on to another."""

    def __init__(self, port: int, to: int) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", port))
        self._connections: list[tuple[bytearray, bytearray]] = []
        self._threads: list[threading.Thread] = []
        self._begin(self._accept)

    def _begin(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            up, down = bytearray(), bytearray()
            self._connections.append((up, down))
            self._begin(_pump, near, far, up)
            self._begin(_pump, far, near, down)

    def taken(self) -> list[list[Exchange]]:
        """What went over each connection since the last call; to be called when all of them are over."""
        pumps = self._threads[1:]
        for thread in pumps:
            thread.join(30)
            assert not thread.is_alive(), "a connection is still open"
        connections, self._connections, self._threads = self._connections, [], self._threads[:1]
        recorded: list[list[Exchange]] = []
        for up, down in connections:
            pairs = zip(_messages(bytes(up)), _messages(bytes(down)), strict=True)
            recorded.append([Exchange(*request, *answer) for request, answer in pairs])
        return recorded

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _pump(source: socket.socket, target: socket.socket, noted: bytearray) -> None:
    while piece := _received(source):
        noted += piece
        try:
            target.sendall(piece)
        except OSError:
            return
    try:
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(65_536)
    except OSError:
        return b""
