# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks of both classes on their way: onto the disk as they come, on from where the line broke, and never of another length."""

from __future__ import annotations

import re
import secrets
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from corncrake_courier.sealed import BLOCK_SIZES, Fetched, Room, after, fetch_blocks
from corncrake_courier.server import Server
from corncrake_courier.state import DOWNLOADS, Asked, load
from corncrake_crypto.errors import CorncrakeError, Failure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL, LARGE = BLOCK_SIZES
CUT = 1_000_000


@dataclass
class Shelf:
    """What a server holds, how it answers, and what it was asked."""

    blocks: dict[str, bytes] = field(default_factory=dict[str, bytes])
    has_range: bool = True
    cuts: int = 0
    lies: str = ""
    asked: list[str | None] = field(default_factory=list["str | None"])
    callers: set[int] = field(default_factory=set[int])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shelf: Shelf

    def handle(self) -> None:
        with suppress(ConnectionError):
            # A courier that refuses an answer hangs up.
            super().handle()

    def do_GET(self) -> None:
        shelf, asked = self.shelf, self.headers.get("range")
        shelf.asked.append(asked)
        shelf.callers.add(self.client_address[1])
        data = shelf.blocks.get(self.path.rsplit("/", 1)[1])
        if data is None:
            self.send_response(404)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
            return
        said = re.fullmatch(r"bytes=([0-9]+)-", asked or "") if shelf.has_range else None
        start = int(said[1]) if said else 0
        if start >= len(data) and said:
            self.send_error(416)
            return
        self.send_response(206 if said else 200)
        if said:
            self.send_header("content-range", shelf.lies or f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("content-length", str(len(data) - start))
        self.end_headers()
        if shelf.cuts:
            shelf.cuts -= 1
            self.wfile.write(data[start : start + CUT])
            self.close_connection = True
            return
        with suppress(ConnectionError):
            # A courier that refuses the length hangs up.
            self.wfile.write(data[start:])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the library calls
        """Be silent."""


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def server(shelf: Shelf) -> Iterator[Server]:
    handler = type("OfThisShelf", (Handler,), {"shelf": shelf})
    listening = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
    thread.start()
    try:
        with Server(f"http://127.0.0.1:{listening.server_port}") as connected:
            yield connected
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


def fetch(server: Server, folder: Path, wanted: list[str], size: int = 1 << 30) -> Fetched:
    load(folder)
    return fetch_blocks(server, folder, wanted, Room(99, size), lambda _: None)


def test_blocks_of_both_lengths_are_fetched_as_they_are(server: Server, shelf: Shelf, tmp_path: Path) -> None:
    shelf.blocks = {"aa" * 16: secrets.token_bytes(SMALL), "bb" * 16: secrets.token_bytes(LARGE)}
    done = fetch(server, tmp_path, list(shelf.blocks))
    assert [path.read_bytes() for path in done.files] == list(shelf.blocks.values())


@pytest.mark.parametrize("length", [0, 1, SMALL - 1, SMALL + 1, LARGE - 1, LARGE + 1, 99_999_999])
def test_a_block_of_any_other_length_is_refused_before_its_bytes_are_taken(server: Server, shelf: Shelf, tmp_path: Path, length: int) -> None:
    shelf.blocks = {"aa" * 16: bytes(length)}
    with pytest.raises(CorncrakeError) as raised:
        fetch(server, tmp_path, ["aa" * 16])
    assert raised.value.failure is Failure.SIZE
    assert list((tmp_path / DOWNLOADS).iterdir()) == []


@pytest.mark.parametrize(("has_range", "asked"), [(True, [0, CUT, 2 * CUT]), (False, [0, CUT, CUT])])
def test_a_block_goes_on_where_the_line_broke_or_anew_when_the_server_cannot(
    server: Server, shelf: Shelf, tmp_path: Path, *, has_range: bool, asked: list[int]
) -> None:
    data = secrets.token_bytes(LARGE)
    shelf.blocks, shelf.has_range, shelf.cuts = {"aa" * 16: data}, has_range, 2
    for _ in range(2):
        with pytest.raises(CorncrakeError, match="what is here stays"):
            fetch(server, tmp_path, ["aa" * 16])
    (path,) = fetch(server, tmp_path, ["aa" * 16]).files
    assert path.read_bytes() == data
    assert shelf.asked == [f"bytes={start}-" if start else None for start in asked]
    assert [entry.name for entry in (tmp_path / DOWNLOADS).iterdir()] == [path.name]


@pytest.mark.parametrize("lies", ["bytes 0-9/10", f"bytes {CUT + 1}-{LARGE - 1}/{LARGE}", f"bytes {CUT}-{LARGE - 2}/{LARGE}", "nonsense"])
def test_a_server_that_goes_on_elsewhere_is_refused_and_the_next_pull_begins_anew(server: Server, shelf: Shelf, tmp_path: Path, lies: str) -> None:
    shelf.blocks, shelf.cuts, shelf.lies = {"aa" * 16: secrets.token_bytes(LARGE)}, 1, lies
    for word in (Failure.STORE, Failure.SIZE):
        with pytest.raises(CorncrakeError) as raised:
            fetch(server, tmp_path, ["aa" * 16])
        assert raised.value.failure is word
    (path,) = fetch(server, tmp_path, ["aa" * 16]).files
    assert path.read_bytes() == shelf.blocks["aa" * 16]


@pytest.mark.parametrize("longer", [0, 9])
def test_a_part_that_is_whole_already_or_too_long_is_fetched_anew_in_the_same_run(server: Server, shelf: Shelf, tmp_path: Path, longer: int) -> None:
    shelf.blocks = {"aa" * 16: secrets.token_bytes(SMALL)}
    load(tmp_path)
    (tmp_path / DOWNLOADS / f"block-{'aa' * 16}.age.part").write_bytes(bytes(SMALL + longer))
    (path,) = fetch(server, tmp_path, ["aa" * 16]).files
    assert path.read_bytes() == shelf.blocks["aa" * 16]


def test_a_large_block_that_has_no_room_waits_for_the_next_parcel(server: Server, shelf: Shelf, tmp_path: Path) -> None:
    names = [f"{number:032x}" for number in range(3)]
    shelf.blocks = {names[0]: bytes(LARGE), names[1]: bytes(LARGE), names[2]: bytes(SMALL)}
    done = fetch(server, tmp_path, names, size=5 << 20)
    assert (done.here, done.rest) == (names[:1], names[1:])


def test_a_pull_looks_for_so_many_absent_blocks_only_and_the_next_one_begins_with_the_others(server: Server, shelf: Shelf, tmp_path: Path) -> None:
    load(tmp_path)
    names = [f"{number:032x}" for number in range(5)]
    shelf.blocks = {names[4]: bytes(SMALL)}
    asked = Asked(reviewer="ana", number=1, left=names)
    done = fetch_blocks(server, tmp_path, asked.left, Room(99, 1 << 30, absent=3), lambda _: None)
    assert (done.absent, done.rest) == (names[:3], names[3:])
    asked = after(asked, done)
    assert (asked.left, asked.missing) == (names[3:], names[:3])
    room = Room(99, 1 << 30, absent=3)
    done = fetch_blocks(server, tmp_path, asked.left, room, lambda _: None)
    assert (done.here, done.rest) == (names[4:], [])
    asked = after(asked, done)
    done = fetch_blocks(server, tmp_path, asked.missing, room, lambda _: None)
    assert (after(asked, done).left, after(asked, done).missing) == ([], [names[2], names[3], names[0], names[1]])


def test_blocks_that_are_not_there_are_looked_for_on_one_connection(server: Server, shelf: Shelf, tmp_path: Path) -> None:
    assert len(fetch(server, tmp_path, [f"{number:032x}" for number in range(5)]).absent) == 5
    assert len(shelf.callers) == 1
