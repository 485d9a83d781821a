# SPDX-License-Identifier: AGPL-3.0-or-later
"""An acknowledged block is never lost: the server is killed while blocks come, again and again, on both stores.

Clients do as the real ones: after a restart they ask which blocks are there and send the others. In the end every block is there,
byte for byte; and whatever is there at any time, acknowledged or not, is whole.
"""

import asyncio
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from corncrake_server.settings import load_settings
from corncrake_server.storage.block_stores import open_blocks
from corncrake_server.storage.files import FileSpool
from tests.server.blocks import LARGE, SMALL, credentials, make_block, new_id
from tests.server.running import NO_TLS, RunningServer
from tests.simulators.s3 import CREDENTIALS, fresh_bucket

CLIENTS = 4
ROUNDS = {"quick": 2, "full": 5, "slow": 50}
LONGEST_ROUND_S = 0.6
EACH_ROUND = 3
"""Blocks that each client has for a round, one of them large; what it does not finish it has in the next one too."""
PIECE = 30_000


class Client:
    """Somebody who sends blocks, each until the server has said that it is there."""

    def __init__(self, server: RunningServer) -> None:
        self.origin = server.origin
        self.blocks: dict[str, bytes] = {}
        self.acknowledged: set[str] = set()

    def add(self, count: int) -> None:
        for at in range(count):
            self.blocks[new_id()] = make_block(SMALL if at else LARGE)

    def run(self) -> None:
        """Resume: ask for each block, and send those that are not there, until all are or the server has ended."""
        with httpx.Client(timeout=60, verify=NO_TLS, base_url=f"{self.origin}/v1/blocks/") as client:
            for name in [name for name in self.blocks if name not in self.acknowledged]:
                try:
                    if client.head(name).status_code == 404:
                        self._put(client, name)
                except httpx.TransportError:
                    return
                self.acknowledged.add(name)

    def _put(self, client: httpx.Client, name: str) -> None:
        body = self.blocks[name]
        # In small pieces, so that a kill finds it under way.
        pieces = (body[at : at + PIECE] for at in range(0, len(body), PIECE))
        answer = client.put(name, content=pieces, headers={"content-length": str(len(body))})
        assert answer.status_code in {200, 201}, answer.text


def run_all(clients: list[Client], killed: RunningServer | None = None, after_s: float = 0.0) -> None:
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    if killed is not None:
        time.sleep(after_s)
        killed.end(signal.SIGKILL)
    for thread in threads:
        thread.join()


def check_all(server: RunningServer, clients: list[Client]) -> int:
    """Look into the store itself, no server running; return how many blocks are there."""
    bodies = {name: body for client in clients for name, body in client.blocks.items()}
    acknowledged = {name for client in clients for name in client.acknowledged}

    async def look() -> int:
        settings = load_settings(None, {}, server.environment)
        with credentials():
            store = open_blocks(settings, FileSpool(settings.data / "spool", 0))
        there = {block.id: block.size async for block in store.stored()}
        assert acknowledged <= there.keys()
        for name in there:
            assert b"".join([piece async for piece in await store.read(name, 0, LARGE)]) == bodies[name]
        return len(there)

    return asyncio.run(look())


@pytest.fixture(params=["files", "s3"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningServer]:
    """A prepared server on each store, ended whatever the test came to."""
    settings = {} if request.param == "files" else fresh_bucket(request.getfixturevalue("s3_endpoint")).settings
    made = RunningServer(tmp_path, "", **settings)
    made.environment |= CREDENTIALS
    made.prepare()
    yield made
    if made.process is not None:
        made.end(signal.SIGKILL)


def test_every_block_acknowledged_before_a_kill_is_there_and_the_upload_goes_on(tier: str, server: RunningServer) -> None:
    clients = [Client(server) for _ in range(CLIENTS)]
    chance = random.Random(20261125)  # noqa: S311 - when to kill is no secret
    for _ in range(ROUNDS[tier]):
        for client in clients:
            client.add(EACH_ROUND)
        server.start()
        run_all(clients, killed=server, after_s=chance.uniform(0.02, LONGEST_ROUND_S))
        check_all(server, clients)
    server.start()
    run_all(clients)
    assert all(client.acknowledged == client.blocks.keys() for client in clients)
    client = clients[0]
    name, body = next(iter(client.blocks.items()))
    assert httpx.put(f"{server.origin}/v1/blocks/{name}", content=body, timeout=60).status_code == 200
    server.end()
    assert check_all(server, clients) == ROUNDS[tier] * EACH_ROUND * CLIENTS
    left = [path for folder in ("spool", "blocks/incoming") for path in server.data.glob(f"{folder}/*")]
    assert left == []
