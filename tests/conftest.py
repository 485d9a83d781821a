# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real parts for all tests: a PostgreSQL of our own, fresh databases, the tier of this run.

Rules of this file: servers listen on a Unix socket in a folder of their own and are ended by their process id. What the machine lacks fails the
test that needs it; nothing is skipped.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

NEEDS_SYSTEM: Final = {"postgres_url", "database_url", "chromium", "page_browser"}
START_PATIENCE_S: Final = 60
START_PAUSE_S: Final = 0.1


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_system: needs PostgreSQL, Chromium, nginx or long runs; left out by ./dev test quick")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        names: list[str] = getattr(item, "fixturenames", [])
        if NEEDS_SYSTEM.intersection(names) or {"faults", "paths"}.intersection(item.path.parts):
            item.add_marker(pytest.mark.needs_system)


@pytest.fixture(scope="session")
def tier() -> str:
    """`quick`, `full` or `slow`: how large the counts are."""
    return os.environ.get("CORNCRAKE_TEST_TIER", "full")


def _as_postgres() -> list[str]:
    """The words before a command that must not run as root: PostgreSQL refuses to."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]


def _program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    assert found, "PostgreSQL is missing: apt-get install postgresql"
    return str(found[-1])


def _wait_ready(folder: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_PATIENCE_S
    while subprocess.run([_program("pg_isready"), "-h", str(folder), "-q"], check=False).returncode != 0:
        assert server.poll() is None, (folder / "log").read_text(errors="replace")
        assert time.monotonic() < deadline, "PostgreSQL does not answer"
        time.sleep(START_PAUSE_S)


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """A running PostgreSQL: the folder of its socket. Durable, as a deployment's is."""
    folder = Path(tempfile.mkdtemp(prefix="corncrake-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"
    # None of what follows inherits the session's locale: C is on every machine.
    subprocess.run(
        [*_as_postgres(), _program("initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "max_connections=200"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*_as_postgres(), _program("postgres"), "-D", str(data), *options], stdout=log, stderr=log, cwd="/")
    try:
        _wait_ready(folder, server)
        yield folder
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(START_PATIENCE_S)
        shutil.rmtree(folder)


@pytest.fixture
def postgres_url(postgres_folder: Path) -> Iterator[str]:
    """A fresh database, as an address for SQLAlchemy."""
    name = f"t{uuid.uuid4().hex}"
    command = [_program("psql"), "-h", str(postgres_folder), "-U", "postgres", "-q", "-c"]
    subprocess.run([*command, f"create database {name}"], check=True, cwd="/")
    yield f"postgresql+asyncpg://postgres@/{name}?host={postgres_folder}"
    subprocess.run([*command, f"drop database {name} with (force)"], check=True, cwd="/")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database on each of the two engines."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/database.sqlite"
    return str(request.getfixturevalue("postgres_url"))
