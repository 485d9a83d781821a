# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real server with an open desk, and the program as a person runs it."""

import contextlib
import io
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from corncrake_crypto.encoding import day_text, root_text
from corncrake_reporter.__main__ import main
from tests.server.running import RunningServer
from tests.simulators.organisation import TODAY


class Ran(NamedTuple):
    """Exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> dict[str, Any]:
        """The one JSON object that was printed."""
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for a module, its desk open."""
    running = RunningServer(tmp_path_factory.mktemp("server"), "")
    running.prepare()
    running.start()
    running.open_desk()
    yield running
    running.end()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the program against a server: `run(server, "check", "--json", words=…, typed=…)`."""

    def ran(server: RunningServer, task: str, *arguments: str, words: str | None = None, typed: str = "", **changes: str) -> Ran:
        monkeypatch.setenv("CORNCRAKE_TODAY", changes.pop("today", day_text(TODAY)))
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        if words is None:
            monkeypatch.delenv("CORNCRAKE_WORDS", raising=False)
        else:
            monkeypatch.setenv("CORNCRAKE_WORDS", words)
        root = changes.pop("root", root_text(server.organisation.root))
        capsys.readouterr()
        code = main([task, "--server", server.origin, "--root", root, "--language", changes.pop("language", "en"), *arguments])
        assert not changes
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return ran


class BreakingLine:
    """A line to a server that breaks when it is told to.

    `cut` of the next connections whose first request has this `method` reach the server, and its answer is lost.
    """

    def __init__(self) -> None:
        self.target = 0
        self.method = b""
        self.cut = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._socket.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError), near, socket.create_connection(("127.0.0.1", self.target)) as far:
            piece = near.recv(65_536)
            cuts = self.cut > 0 and piece.startswith(self.method)
            self.cut -= cuts
            threading.Thread(target=self._back, args=(far, near, cuts), daemon=True).start()
            while piece:
                far.sendall(piece)
                piece = near.recv(65_536)

    def _back(self, far: socket.socket, near: socket.socket, cuts: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := far.recv(65_536):
                if cuts:
                    near.shutdown(socket.SHUT_RDWR)
                    return
                near.sendall(piece)


@pytest.fixture(scope="module")
def line() -> Iterator[BreakingLine]:
    made = BreakingLine()
    yield made
    made.close()


@pytest.fixture(scope="module")
def server_behind_line(tmp_path_factory: pytest.TempPathFactory, line: BreakingLine) -> Iterator[RunningServer]:
    """A server whose address is that of the line."""
    running = RunningServer(tmp_path_factory.mktemp("behind"), "")
    running.origin, line.target = line.origin, running.port
    running.prepare()
    running.start()
    running.open_desk()
    yield running
    running.end()
