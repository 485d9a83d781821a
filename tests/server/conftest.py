# SPDX-License-Identifier: AGPL-3.0-or-later
"""Running servers: one per test module and database, and makers of fresh ones."""

import asyncio
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.blocks import StoreKind
from tests.server.house import House, Run, Work
from tests.server.running import RunningServer
from tests.server.test_expiry import SetClock
from tests.simulators.s3 import fresh_bucket

MakeServer = Callable[..., RunningServer]


def _end(server: RunningServer) -> None:
    if server.process is not None:
        server.end(signal.SIGKILL)


@pytest.fixture
def make_server(tmp_path: Path, database_url: str) -> Iterator[MakeServer]:
    """Makes a prepared server, not started, on the database of this test; ended when the test ends."""
    made: list[RunningServer] = []

    def make(**settings: str | int) -> RunningServer:
        folder = tmp_path / f"server{len(made)}"
        folder.mkdir()
        server = RunningServer(folder, database_url, **settings)
        made.append(server)
        server.prepare()
        return server

    yield make
    for server in made:
        _end(server)


@pytest.fixture
def fresh_server(make_server: MakeServer) -> RunningServer:
    """A server of its own for this test, its desk open."""
    server = make_server()
    server.start()
    server.open_desk()
    return server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that all tests of a module share, its desk open; once on each database."""
    folder = tmp_path_factory.mktemp("server")
    url = ""
    if request.param == "postgresql":
        socket = request.getfixturevalue("postgres_folder")
        name = f"t{uuid.uuid4().hex}"
        subprocess.run(["psql", "-h", str(socket), "-U", "postgres", "-q", "-c", f"create database {name}"], check=True, cwd="/")
        url = f"postgresql+asyncpg://postgres@/{name}?host={socket}"
    running = RunningServer(folder, url, body_seconds=3, body_grace_seconds=1)
    running.prepare()
    running.start()
    running.open_desk()
    yield running
    _end(running)


@pytest.fixture(params=["files", "s3"])
def store_kind(request: pytest.FixtureRequest) -> StoreKind:
    """Each kind of store, an empty one."""
    if request.param == "files":
        return StoreKind("files", {})
    return StoreKind("s3", fresh_bucket(request.getfixturevalue("s3_endpoint")).settings)


@pytest.fixture
def run(tmp_path: Path, database_url: str) -> Run:
    """Runs something on a prepared server's parts, on each of the two databases."""
    server = RunningServer(tmp_path, database_url, block_days=9)
    server.prepare()

    async def work(act: Work) -> None:
        house = House(server, SetClock())
        try:
            await house.process.start()
            await act(house)
        finally:
            await house.process.stop()

    return lambda act: asyncio.run(work(act))
