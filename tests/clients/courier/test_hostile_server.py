# SPDX-License-Identifier: AGPL-3.0-or-later
"""A server that answers too much, or with something else than was asked for."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from corncrake_courier import outside, server
from corncrake_courier.outside import Outside
from corncrake_courier.sealed import Room, fetch_reports
from corncrake_courier.server import Missing, Server
from corncrake_courier.state import load
from corncrake_crypto.errors import CorncrakeError, Failure, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Hostile(BaseHTTPRequestHandler):
    """Answers by the path."""

    def do_GET(self) -> None:
        if self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(bytes(65_536))
            except OSError:
                return
        elif self.path.startswith("/dripping"):
            self.send_response(200 if self.path == "/dripping" else 404)
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(b"x")
                    time.sleep(0.05)
        elif self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("location", "/endless")
            self.end_headers()
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("content-length", "1000")
            self.end_headers()
            self.wfile.write(bytes(10))
        else:
            self.send_response(404)
            self.end_headers()
            self.wfile.write(b'{"failure":"desk","detail":"\\u001b[31mno"}')

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(201)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the library calls
        """Be silent."""


@pytest.fixture
def hostile() -> Iterator[Server]:
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        with Server(f"http://127.0.0.1:{listening.server_port}") as asked:
            yield asked
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


def test_an_answer_without_end_is_cut_off(hostile: Server) -> None:
    with pytest.raises(CorncrakeError) as raised:
        hostile.get("/endless", 1_000_000)
    assert raised.value.failure is Failure.SIZE


def test_an_answer_that_drips_is_given_up(hostile: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (server, outside):
        monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)
    with Outside(hostile.origin) as nobody:
        for ask in (hostile.get, nobody.get):
            with pytest.raises(CorncrakeError, match="takes too long"):
                ask("/dripping", 1_000_000)
    with pytest.raises(Missing), hostile.download("/dripping/refusal", tmp_path / "part", (1_000,)):
        pass


def test_a_parcel_that_a_slow_line_takes_long_to_bring_has_arrived(hostile: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(monotonic=lambda: 0.0, time=time.time)
    monkeypatch.setattr(server, "time", clock)

    def pieces() -> Iterator[bytes]:
        yield bytes(10)
        clock.monotonic = lambda: 2.0 * server.ANSWER_SECONDS
        yield bytes(10)

    assert hostile.put("/parcel", 20, bytes(32), pieces()) == 201


def test_a_redirect_is_not_followed(hostile: Server) -> None:
    with pytest.raises(CorncrakeError, match="answered 302"):
        hostile.get("/elsewhere", 1_000)


def test_a_line_that_breaks_says_that_nothing_is_lost(hostile: Server) -> None:
    with pytest.raises(StoreError, match="what is here stays"):
        hostile.get("/cut", 2_000)


def test_the_servers_own_word_is_told_without_what_could_steer_a_terminal(hostile: Server) -> None:
    with pytest.raises(Missing) as raised:
        hostile.get("/nothing", 1_000)
    assert raised.value.failure is Failure.DESK
    assert "\x1b" not in raised.value.detail


def test_a_report_that_the_server_does_not_give_stops_no_other(hostile: Server, tmp_path: Path) -> None:
    load(tmp_path)
    reports = ["aa" * 32, "bb" * 32]
    fetched = fetch_reports(hostile, tmp_path, reports, Room(9, 1 << 30), lambda _: None)
    assert (fetched.absent, fetched.here, fetched.rest) == (reports, [], [])
