# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody who watches a server from all sides: each connection with its times, each request, the database's rows, the log.

Rules of this file: it sees what goes over the line in clear, as a server does; it opens no seal. Bytes are passed on as they come, and
read afterwards.
"""

from __future__ import annotations

import re
import socket
import sqlite3
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from tests.server.running import RunningServer

PATIENCE_S: Final = 30
_REQUEST: Final = re.compile(rb"(GET|HEAD|POST|PUT) (/[^ ]*) HTTP/1\.1\r\n")
_ID: Final = re.compile(r"[0-9a-f]{32,}")


@dataclass
class Asked:
    """One request: when its first byte came, on which connection, what for (ids left out), of how many bytes with its body."""

    at: float
    connection: int
    method: str
    path: str
    size: int


@dataclass
class Seen:
    """All that one run left: requests as they came, bytes both ways, when the last connection ended, and what the server has more."""

    asked: list[Asked]
    up: int
    down: int
    connections: int
    ended: float
    rows: list[int]
    blocks: list[int]
    logged: int


@dataclass
class _Connection:
    pieces: list[tuple[float, bytes]] = field(default_factory=list[tuple[float, bytes]])
    down: int = 0
    ended: float = 0.0


class Observer:
    """Stands before a server on SQLite, on a port of its own."""

    def __init__(self, server: RunningServer, port: int) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", port))
        self._connections: list[_Connection] = []
        self._threads: list[threading.Thread] = []
        self._known_reports: set[str] = set()
        self._known_blocks: set[str] = set()
        self._logged = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        self.seen()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._server.port))
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection()
            # It is on the list before anything goes over it: a whole visit may be over before this thread has its next turn.
            self._connections.append(connection)
            pumps = [
                threading.Thread(target=self._pump, args=(source, target, connection, up), daemon=True)
                for source, target, up in ((near, far, True), (far, near, False))
            ]
            self._threads += pumps
            for pump in pumps:
                pump.start()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket, connection: _Connection, up: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(65_536):
                if up:
                    connection.pieces.append((time.perf_counter(), piece))
                else:
                    connection.down += len(piece)
                target.sendall(piece)
        connection.ended = time.perf_counter()
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def seen(self) -> Seen:
        """What there is to see since the last call; to be called when all connections are about to end."""
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), "a connection is still open"
        connections, self._connections, self._threads = self._connections, [], []
        asked = sorted((one for at, each in enumerate(connections) for one in _requests(each, at)), key=lambda one: one.at)
        return Seen(
            asked,
            sum(len(piece) for each in connections for _, piece in each.pieces),
            sum(each.down for each in connections),
            len(connections),
            max((each.ended for each in connections), default=0.0),
            self._new_rows(),
            self._new_blocks(),
            self._new_log(),
        )

    def _new_rows(self) -> list[int]:
        with closing(sqlite3.connect(self._server.folder / "database.sqlite")) as database:
            rows = {str(name): int(length) for name, length in database.execute("SELECT id, length(body) FROM reports")}
        new = [length for name, length in rows.items() if name not in self._known_reports]
        self._known_reports.update(rows)
        return new

    def _new_blocks(self) -> list[int]:
        found = {path.name: path.stat().st_size for path in (self._server.data / "blocks").rglob("*") if path.is_file()}
        new = [size for name, size in found.items() if name not in self._known_blocks]
        self._known_blocks.update(found)
        return new

    def _new_log(self) -> int:
        before, self._logged = self._logged, (self._server.folder / "log").stat().st_size
        return self._logged - before


def _requests(connection: _Connection, number: int) -> list[Asked]:
    raw = b"".join(piece for _, piece in connection.pieces)
    starts: list[int] = []
    at = 0
    for _, piece in connection.pieces:
        starts.append(at)
        at += len(piece)
    asked: list[Asked] = []
    place = 0
    while place < len(raw):
        line = _REQUEST.match(raw, place)
        assert line is not None, "a request is cut"
        head_ends = raw.index(b"\r\n\r\n", place) + 4
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)\r\n", raw[place:head_ends])
        ends = head_ends + (int(length[1]) if length else 0)
        moment = next(when for (when, _), start in zip(reversed(connection.pieces), reversed(starts), strict=True) if start <= place)
        asked.append(Asked(moment, number, line[1].decode(), _ID.sub("ID", line[2].decode()), ends - place))
        place = ends
    return asked
