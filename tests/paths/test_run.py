# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./dev run` as a person uses it: started, ended by Ctrl-C while somebody is sending, started again."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from development.programs import STOP

ROOT = Path(__file__).resolve().parents[2]
ENDS_WITHIN_S = 10
PATIENCE_S = 60


class Run:
    """The running command, and the address that it printed."""

    def __init__(self, folder: Path, *words: str) -> None:
        command = [sys.executable, "-m", "development.run", "--folder", str(folder), *words]
        # A session of its own: the signal goes where a terminal would send it, and not to the tests.
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.address = ""
        self.said = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if found := re.match(r"The page: +(http://127\.0\.0\.1:\d+/#r=[a-z2-7]{52}&d=legal)$", line):
                self.address = found[1]
                return

    @property
    def origin(self) -> str:
        return self.address.partition("/#")[0]

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


def _half_sent(origin: str) -> socket.socket:
    """Send the head of a report and a little of its body."""
    host, _, port = origin.removeprefix("http://").rpartition(":")
    line = socket.create_connection((host, int(port)))
    line.sendall(f"POST /v1/desks/legal/epochs/0/reports HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 15488\r\n\r\nage".encode())
    return line


def test_ctrl_c_ends_everything_within_ten_seconds_with_a_request_half_sent_and_a_second_start_goes_on(folder: Path) -> None:
    first = Run(folder)
    try:
        assert first.address, first.said
        charter = httpx.get(f"{first.origin}/v1/charter", trust_env=False).content
        with _half_sent(first.origin):
            assert first.interrupt() == 0
        # A server that has not ended by then is killed. How many seconds it took would say more of the machine.
        assert STOP < ENDS_WITHIN_S
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{first.origin}/v1/health", trust_env=False)
    finally:
        first.process.kill()
    second = Run(folder)
    try:
        assert second.address == first.address, second.said
        assert httpx.get(f"{second.origin}/v1/charter", trust_env=False).content == charter
        assert second.interrupt() == 0
    finally:
        second.process.kill()


def test_what_it_prints_names_every_program_and_calls_its_code_a_sample(folder: Path) -> None:
    run = Run(folder, "--fresh")
    try:
        for program in ("corncrake-reporter", "corncrake-courier", "corncrake-vault", "corncrake-server"):
            assert program in run.said
        assert "A sample of the QR code" in run.said
    finally:
        run.interrupt()
