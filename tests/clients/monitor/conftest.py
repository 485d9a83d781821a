# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real server, one that shows another side, and the monitor as a person or a timer runs it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from corncrake_crypto.encoding import day_text, root_text
from corncrake_monitor.__main__ import main
from tests.server.running import PATIENCE_S, RunningServer, free_port
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Ran:
    """Exit code, and what a program reads of standard output."""

    code: int
    said: dict[str, Any]
    err: str

    @property
    def words(self) -> list[str]:
        """The words of what was found by this pass."""
        return [one["word"] for one in self.said["found"]]


class Monitor:
    """One monitor: its state, its key, and where its evidence lies."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        folder.mkdir()
        self.folder = folder
        self.state = folder / "state.json"
        self.key = folder / "witness.key"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def run(self, *words: str, today: str = day_text(TODAY)) -> Ran:
        """Run one command to its end, within this process."""
        self._monkeypatch.setenv("CORNCRAKE_TODAY", today)
        self._capsys.readouterr()
        code = main(words)
        out, err = self._capsys.readouterr()
        return Ran(code, json.loads(out.splitlines()[-1]) if out else {}, err)

    def keygen(self, name: str = "witness.example/one") -> dict[str, Any]:
        """Make key and state; return what the charter names."""
        ran = self.run("keygen", "--name", name, "--key", str(self.key), "--state", str(self.state), "--json")
        assert ran.code == 0, ran.err
        return ran.said["witness"]

    def watch(self, server: RunningServer, *words: str, origin: str | None = None, today: str = day_text(TODAY)) -> Ran:
        """One pass."""
        place = ["--server", origin or server.origin, "--root", root_text(server.organisation.root), "--state", str(self.state)]
        return self.run("watch", *place, "--json", *words, today=today)

    def serve(self) -> None:
        """Start the witness, and wait until it answers."""
        words = [sys.executable, "-m", "corncrake_monitor", "serve", "--key", str(self.key), "--state", str(self.state), "--port", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(words, env=os.environ | {"CORNCRAKE_TODAY": day_text(TODAY)}, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "the witness does not answer"
            try:
                httpx.get(f"{self.url}/seen", timeout=5)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return

    @property
    def url(self) -> str:
        """Where the witness answers."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, body: bytes, **more: Any) -> httpx.Response:
        """Ask the witness."""
        return httpx.post(f"{self.url}/add-checkpoint", content=body, timeout=PATIENCE_S, **more)

    def end(self, sent: signal.Signals = signal.SIGTERM) -> None:
        """End the witness."""
        if self.process is not None:
            self.process.send_signal(sent)
            self.process.wait(PATIENCE_S)
            self.process = None

    def judge(self, name: str) -> Ran:
        """What a third party says to a file of evidence."""
        return self.run("judge", str(self.folder / name), "--json")


class MakeMonitor:
    """Makes monitors; each has a folder of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._parts = (folder, capsys, monkeypatch)
        self.made: list[Monitor] = []

    def __call__(self) -> Monitor:
        folder, capsys, monkeypatch = self._parts
        self.made.append(Monitor(folder / f"monitor{len(self.made)}", capsys, monkeypatch))
        return self.made[-1]


@pytest.fixture
def make_monitor(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeMonitor]:
    """Makes monitors, whose witnesses end with the test."""
    made = MakeMonitor(tmp_path, capsys, monkeypatch)
    yield made
    for monitor in made.made:
        monitor.end(signal.SIGKILL)


@pytest.fixture
def monitor(make_monitor: MakeMonitor) -> Monitor:
    """One monitor."""
    return make_monitor()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server with an open desk and one publication."""
    folder = tmp_path / "server"
    folder.mkdir()
    running = RunningServer(folder, "")
    running.prepare()
    running.start()
    running.open_desk()
    running.publish()
    yield running
    if running.process is not None:
        running.end(signal.SIGKILL)


@dataclass
class OtherSide:
    """The same log key, database and origin, on another socket: what it publishes from now on is another history."""

    server: RunningServer
    data: Path
    socket: Path
    process: subprocess.Popen[bytes]

    def publish(self) -> None:
        """Publish here only."""
        words = [sys.executable, "-m", "corncrake_server", "publish", "--data", str(self.data)]
        subprocess.run(words, env=self.server.environment | {"CORNCRAKE_DATA_DIR": str(self.data)}, check=True, capture_output=True)

    def get(self, path: str) -> bytes:
        """GET from this side."""
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.socket)), base_url=self.server.origin, timeout=PATIENCE_S) as client:
            return client.get(path).raise_for_status().content


@pytest.fixture
def other_side(server: RunningServer, tmp_path: Path) -> Iterator[OtherSide]:
    """A server that was split in two after its first publication."""
    server.end()
    data, socket = tmp_path / "other", tmp_path / "o.sock"
    shutil.copytree(server.data, data)
    server.start()
    environment = server.environment | {"CORNCRAKE_DATA_DIR": str(data)}
    with (tmp_path / "other.log").open("ab") as log:
        words = [sys.executable, "-m", "corncrake_server", "serve", "--data", str(data), "--uds", str(socket)]
        process = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
    side = OtherSide(server, data, socket, process)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        assert process.poll() is None, (tmp_path / "other.log").read_text()
        assert time.monotonic() < deadline, "the other side does not answer"
        try:
            side.get("/v1/charter")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            break
    yield side
    process.kill()
    process.wait(PATIENCE_S)
