# SPDX-License-Identifier: AGPL-3.0-or-later
"""A PostgreSQL of our own: a real one, on a Unix socket in a folder of its own, as durable as a deployment's.

Rules of this file: it does not run as root, which PostgreSQL refuses; it is ended by its process id. Locale C is on every machine.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

PATIENCE_S: Final = 60
PAUSE_S: Final = 0.1


def as_postgres() -> list[str]:
    """The words before a command that must not run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    assert found, "PostgreSQL is missing: apt-get install postgresql"
    return str(found[-1])


def _wait_ready(folder: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while subprocess.run([program("pg_isready"), "-h", str(folder), "-q"], check=False).returncode != 0:
        assert server.poll() is None, (folder / "log").read_text(errors="replace")
        assert time.monotonic() < deadline, "PostgreSQL does not answer"
        time.sleep(PAUSE_S)


@contextmanager
def running_postgres() -> Generator[Path]:
    """A running PostgreSQL: the folder of its socket."""
    folder = Path(tempfile.mkdtemp(prefix="corncrake-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"
    subprocess.run(
        [*as_postgres(), program("initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "max_connections=200"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*as_postgres(), program("postgres"), "-D", str(data), *options], stdout=log, stderr=log, cwd="/")
    try:
        _wait_ready(folder, server)
        yield folder
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(PATIENCE_S)
        shutil.rmtree(folder)


@contextmanager
def fresh_database(folder: Path) -> Generator[str]:
    """A fresh database of a running PostgreSQL: its name."""
    name = f"t{uuid.uuid4().hex}"
    command = [program("psql"), "-h", str(folder), "-U", "postgres", "-q", "-c"]
    subprocess.run([*command, f"create database {name}"], check=True, cwd="/")
    yield name
    subprocess.run([*command, f"drop database {name} with (force)"], check=True, cwd="/")


def address(folder: Path, name: str) -> str:
    """A database's address, for SQLAlchemy."""
    return f"postgresql+asyncpg://postgres@/{name}?host={folder}"
