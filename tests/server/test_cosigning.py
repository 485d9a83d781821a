# SPDX-License-Identifier: AGPL-3.0-or-later
"""Witnesses that lie, are slow, or answer without end: publication goes on, and nothing of theirs is served."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.charter import Witness, Witnesses
from corncrake_crypto.cosignature import MAX_ASKED, cosign, read_asked
from corncrake_crypto.encoding import b64url
from corncrake_crypto.errors import UsageError
from corncrake_crypto.note import parse_note
from corncrake_crypto.signatures import SigningKey
from corncrake_server.services.cosigning import read_witnesses
from tests.crypto import independent
from tests.server.running import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.server.conftest import MakeServer

NAME = "witness.example/one"
KEY = SigningKey.generate()


class _Handler(BaseHTTPRequestHandler):
    witness: Scripted

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.witness.asked.append(body)
        self.witness.answer(self, body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass


class Scripted:
    """A witness that answers as its script says."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.script = "honest"
        handler = type("Handler", (_Handler,), {"witness": self})
        self.service = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.service.daemon_threads = True
        threading.Thread(target=self.service.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.service.server_port}"

    def answer(self, to: BaseHTTPRequestHandler, body: bytes) -> None:
        text, _ = parse_note(read_asked(body).checkpoint)
        line = cosign(text, NAME, KEY, 1)
        status, said = {
            "honest": (200, line),
            "stranger": (200, cosign(text, NAME, SigningKey.generate(), 1)),
            "other head": (200, cosign(text.replace("day 2026-11-25", "day 2026-11-26"), NAME, KEY, 1)),
            "words": (200, b"with pleasure\n"),
            "ahead": (409, b"9007199254740991\n"),
            "never content": (409, b"0\n"),
            "redirect": (302, line),
            "endless": (200, b""),
        }[self.script]
        to.send_response(status)
        to.send_header("location", f"{self.url}/elsewhere")
        if self.script != "endless":
            to.send_header("content-length", str(len(said)))
        to.end_headers()
        to.wfile.write(said)
        try:
            while self.script == "endless":
                to.wfile.write(b"x" * 65_536)
        except OSError:
            return


@pytest.fixture
def witness() -> Iterator[Scripted]:
    """A witness on loopback."""
    scripted = Scripted()
    yield scripted
    scripted.service.shutdown()
    scripted.service.server_close()


def waited(true: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


LIES = ("stranger", "other head", "words", "ahead", "never content", "redirect", "endless")


def test_what_is_no_cosignature_is_not_served_and_the_next_honest_answer_is(make_server: MakeServer, witness: Scripted) -> None:
    server = make_server(witnesses=f"{NAME}={witness.url}")
    named = Witnesses(keys=(Witness(name=NAME, key=b64url(KEY.public)),), threshold=1)
    assert server.bring(server.sign_charter(sequence=2, witnesses=named)).returncode == 0
    server.start()
    for told, script in enumerate(LIES, 1):
        witness.script = script
        server.publish()
        waited(lambda told=told: (server.folder / "log").read_bytes().count(b"has not cosigned") == told)
        assert NAME.encode() not in server.get("/log/1/checkpoint").content
    assert not any(len(body) > MAX_ASKED for body in witness.asked)
    witness.script = "honest"
    server.publish()
    waited(lambda: NAME.encode() in server.get("/log/1/checkpoint").content)


def test_what_a_witness_is_sent_shows_another_program_that_the_log_continues(make_server: MakeServer, witness: Scripted) -> None:
    server = make_server(witnesses=f"{NAME}={witness.url}")
    named = Witnesses(keys=(Witness(name=NAME, key=b64url(KEY.public)),), threshold=1)
    assert server.bring(server.sign_charter(sequence=2, witnesses=named)).returncode == 0
    for _ in range(3):
        server.publish()
    server.start()
    mine = independent.Verifier(NAME, 4, KEY.public)
    for count in (1, 2, 3):
        # Once the head of the moment is served with its cosignature, the next is proven from there.
        waited(lambda count=count: len(witness.asked) == count and mine.cosigned_at(server.get("/log/1/checkpoint").content) is not None)
        server.publish()
    before, root_before = 0, independent.mth([])
    for body in witness.asked[:3]:
        old, proof, checkpoint = independent.read_asked(body)
        assert independent.Verifier(server.log_origin, 1, server.log_key).signed(checkpoint)
        origin, size, root = independent.head(checkpoint)
        assert (origin, old) == (server.log_origin, before)
        assert size > old
        assert independent.is_consistent(old, size, proof, root_before, root) if old else proof == []
        before, root_before = size, root
    assert before > 256


def test_a_witness_that_the_charter_does_not_name_is_not_asked(make_server: MakeServer, witness: Scripted) -> None:
    server = make_server(witnesses=f"{NAME}={witness.url}")
    server.start()
    server.publish()
    server.publish()
    server.end()
    assert witness.asked == []


@pytest.mark.parametrize("text", ["w", "w=", "w=ftp://x", "w=https://a,w=https://b", "=https://x", "a b=https://x"])
def test_a_setting_that_names_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_witnesses(text)


def test_settings_are_read_as_they_are_written() -> None:
    assert read_witnesses("") == {}
    assert read_witnesses("w.example/1=https://w.example/, v=unix:/run/v.sock") == {"w.example/1": "https://w.example", "v": "unix:/run/v.sock"}
