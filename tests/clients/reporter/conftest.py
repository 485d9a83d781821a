# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real server with an open desk, and the program as a person runs it."""

import contextlib
import io
import json
import threading
from collections.abc import Callable, Generator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from corncrake_crypto.encoding import day_text, root_text
from corncrake_reporter.__main__ import main
from tests.server.running import RunningServer, open_server
from tests.simulators.organisation import TODAY


class Ran(NamedTuple):
    """Exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> dict[str, Any]:
        """The last JSON object that was printed."""
        return json.loads(self.out.splitlines()[-1])


Run = Callable[..., Ran]


class Typed(io.StringIO):
    """What a person types at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for a module, its desk open."""
    with open_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the program against a server: `run(server, "check", "--json", words=…, typed=…)`."""

    def ran(
        server: RunningServer, task: str, *arguments: str, words: str | None = None, typed: str = "", at_terminal: bool = False, **changes: str
    ) -> Ran:
        monkeypatch.setenv("CORNCRAKE_TODAY", changes.pop("today", day_text(TODAY)))
        monkeypatch.setattr("sys.stdin", Typed(typed) if at_terminal else io.StringIO(typed))
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


class Answer(NamedTuple):
    """What a server answers."""

    status: int
    headers: dict[str, str]
    body: bytes


Change = Callable[[str, str, Answer], Answer | None]
"""Makes another answer of the one to a method and path; None breaks the line instead."""


_OF_THE_LINE = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding"})
"""Headers that are not passed on: they say how an answer came, not what it is."""


class _Handler(BaseHTTPRequestHandler):
    between: "Between"

    def handle_one_request(self) -> None:
        with contextlib.suppress(OSError):
            super().handle_one_request()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        self.between.seen.append((self.command, self.path, dict(self.headers)))
        with httpx.Client(transport=httpx.HTTPTransport(uds=self.between.uds), trust_env=False) as client:
            came = client.request(self.command, self.between.target + self.path, content=body, headers=dict(self.headers), timeout=60)
        kept = {name: value for name, value in came.headers.items() if name not in _OF_THE_LINE}
        answer = self.between.change(self.command, self.path, Answer(came.status_code, kept, came.content))
        self.close_connection = True
        if answer is None:
            return
        self.send_response_only(answer.status)
        for name, value in ({"content-length": str(len(answer.body)), "connection": "close"} | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = _pass  # noqa: N815 - the names are the base class's


def honest(_method: str, _path: str, answer: Answer) -> Answer:
    """Change nothing."""
    return answer


class Between:
    """Whoever stands between a reporter and a server, or has become the server: it passes on, changes, or breaks off.

    The server is at the address `target`, and behind the Unix socket `uds` where there is one.
    """

    def __init__(self) -> None:
        self.target = ""
        self.uds: str | None = None
        self.change: Change = honest
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        handler = type("Handler", (_Handler,), {"between": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Middle(NamedTuple):
    """A server, and who stands before it."""

    server: RunningServer
    between: Between


@contextlib.contextmanager
def open_middle(folder: Path) -> Generator[Middle]:
    """A running server with an open desk whose address is that of whoever stands before it; both end when the block ends."""
    between = Between()
    running = RunningServer(folder, "")
    between.target, running.origin = running.origin, between.origin
    running.prepare()
    running.start()
    running.open_desk()
    yield Middle(running, between)
    running.end()
    between.close()


@pytest.fixture(scope="module")
def shared_middle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Middle]:
    """One for a module."""
    with open_middle(tmp_path_factory.mktemp("behind")) as middle:
        yield middle


@pytest.fixture
def middle(shared_middle: Middle) -> Iterator[Middle]:
    """The same, honest at the beginning of each test."""
    shared_middle.between.seen.clear()
    yield shared_middle
    shared_middle.between.change = honest


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[RunningServer]:
    """A server of its own, its desk open."""
    folder = tmp_path / "server"
    folder.mkdir()
    with open_server(folder) as running:
        yield running
