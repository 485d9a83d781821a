# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command-line programs, run as a person runs them: one process each, results as JSON.

Rules of this file: nothing of a program is imported; what a demonstration sees is what its user would see. Every wait has an end.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATIENCE: Final = 120
"""Seconds that a program may take."""
STOP: Final = 8
"""Seconds that a server may take to end, before it is killed."""
_PAUSE: Final = 0.1


class ProgramError(Exception):
    """A program did not do what the demonstration needs."""


@dataclass(frozen=True)
class Told:
    """What a program answered: exit code, its JSON (or its text as `text`), standard error."""

    code: int
    data: dict[str, Any]
    err: str


def run_program(folder: Path, module: str, *words: str, env: Mapping[str, str] | None = None, fails: bool = False) -> Told:
    """Run one program to its end in `folder`.

    Args:
        folder: where it runs.
        module: such as `corncrake_vault`.
        words: its command line.
        env: what its environment has besides this process's.
        fails: whether exit code 1 is an answer too.

    Raises:
        ProgramError: it failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        env=os.environ | (env or {}),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
        timeout=PATIENCE,
    )
    if "Traceback" in done.stderr or (done.returncode != 0 and not (fails and done.returncode == 1)):
        raise ProgramError(f"{module} {' '.join(words[:3])} … ended with {done.returncode}:\n{done.stderr}")
    try:
        # Of several objects the last one is the result; before it `send` prints the words.
        data: Any = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        data = {"text": done.stdout}
    return Told(done.returncode, cast("dict[str, Any]", data), done.stderr)


def held_port(wanted: int = 0) -> socket.socket:
    """Return a socket on a loopback port that nobody has: `wanted`, if it is free.

    As long as it is open nobody is given that port for a connection, and a server can listen on it all the same.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind(("127.0.0.1", wanted))
    except OSError:
        held.bind(("127.0.0.1", 0))
    return held


def port_of(held: socket.socket) -> int:
    """Return the port of a socket."""
    return int(held.getsockname()[1])


def free_port(wanted: int = 0) -> int:
    """Return a loopback port that nobody has at this moment: `wanted`, if it is free."""
    with held_port(wanted) as probe:
        return port_of(probe)


class ServerProcess:
    """`corncrake-server serve` on a loopback port; its own session, so that Ctrl-C reaches it through us only."""

    def __init__(self, folder: Path, port: int, *words: str, env: Mapping[str, str] | None = None) -> None:
        """Start it on the data folder `folder`, and return when it answers.

        Raises:
            ProgramError: it ended at once, or does not answer.
        """
        self.origin = f"http://127.0.0.1:{port}"
        self.log = folder.with_name(f"{folder.name}.log")
        command = [sys.executable, "-m", "corncrake_server", "serve", "--data", str(folder), "--port", str(port), *words]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | (env or {}), start_new_session=True
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        with httpx.Client(base_url=self.origin, trust_env=False) as client:
            while True:
                if self.process.poll() is not None:
                    raise ProgramError(f"the server ended at once:\n{self.log.read_text(errors='replace')[-2000:]}")
                try:
                    client.get("/v1/health")
                except httpx.HTTPError:
                    if time.monotonic() > deadline:
                        raise ProgramError("the server does not answer") from None
                    time.sleep(_PAUSE)
                else:
                    return

    def stop(self) -> None:
        """End it: politely, then not."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
