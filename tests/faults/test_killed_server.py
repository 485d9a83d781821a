# SPDX-License-Identifier: AGPL-3.0-or-later
"""An acknowledged report is never lost: the server is killed under load, again and again, on both databases.

Every receipt that a client got must verify; its report must reach a courier as it was sent; after publication it must stand in
the log, once.
"""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx

from corncrake_crypto.checkpoint import Checkpoint, open_checkpoint
from corncrake_crypto.merkle import leaf_hash, verify_inclusion
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.receipt import Receipt, commitment, open_receipt, report_id
from corncrake_crypto.tiles import inclusion_proof
from tests.server.running import RunningServer
from tests.simulators.organisation import EPOCH

CLIENTS = 12
ROUNDS = {"quick": 2, "full": 5, "slow": 50}
LONGEST_ROUND_S = 1.5


class Load:
    """Clients that send reports as fast as they can, each its own, until the server is gone."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.template = server.report()
        self.sent: dict[str, bytes] = {}
        self.receipts: dict[str, bytes] = {}
        self.stop = threading.Event()

    def _client(self) -> None:
        path = f"{self.server.origin}/v1/desks/legal/epochs/{EPOCH}/reports"
        with httpx.Client(timeout=30) as client:
            while not self.stop.is_set():
                # To a server a report is a shape: its last bytes may be any.
                body = self.template[:-16] + random_bytes(16)
                self.sent[report_id(body)] = body
                try:
                    answer = client.post(path, content=body)
                except httpx.TransportError:
                    return
                if answer.status_code == 201:
                    self.receipts[report_id(body)] = answer.content

    def run_and_kill(self, after_s: float, meanwhile: Callable[[], object]) -> None:
        """Send from all clients, and kill the server after so many seconds."""
        threads = [threading.Thread(target=self._client) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        other = threading.Thread(target=meanwhile)
        other.start()
        time.sleep(after_s)
        self.server.end(signal.SIGKILL)
        self.stop.set()
        for thread in (*threads, other):
            thread.join()
        self.stop.clear()


def read_openings(server: RunningServer, size: int) -> dict[str, int]:
    """The leaf of every report; fails when one is there twice."""
    openings = server.fetch(f"/v1/courier/openings?start=0&end={size}").json()["openings"]
    count = Counter(opening["id"] for opening in openings if opening["kind"] == "report")
    assert all(times == 1 for times in count.values())
    return {opening["id"]: opening["index"] for opening in openings if opening["kind"] == "report"}


def check_included(server: RunningServer, head: Checkpoint, receipt: Receipt, index: int) -> None:
    """Check a receipt's promise by a proof made from the tiles as anybody reads them."""

    def fetch(path: str) -> bytes:
        if path not in tiles:
            answer = server.get(f"/log/1/{path}")
            assert answer.status_code == 200, path
            tiles[path] = answer.content
        return tiles[path]

    tiles = TILES.setdefault(server.port, {})
    path = inclusion_proof(index, head.size, fetch)
    verify_inclusion(index, head.size, leaf_hash(commitment(receipt)), path, head.root)


TILES: dict[int, dict[str, bytes]] = {}


def test_every_receipt_given_before_a_kill_is_kept(tier: str, tmp_path: Path, database_url: str) -> None:
    server = RunningServer(tmp_path, database_url, publish_at="")
    server.prepare()
    server.start()
    server.open_desk()
    load = Load(server)
    chance = random.Random(20261125)  # noqa: S311 - when to kill is no secret
    for number in range(ROUNDS[tier]):
        if server.process is None:
            server.start()
        # Every second round is killed while a publication runs beside the reports.
        meanwhile = server.ask_to_publish if number % 2 else lambda: None
        load.run_and_kill(chance.uniform(0.1, LONGEST_ROUND_S), meanwhile)
    assert len(load.receipts) > ROUNDS[tier]

    server.start()
    receipts = {name: open_receipt(raw, server.log_origin, server.log_key, name, "legal") for name, raw in load.receipts.items()}
    with httpx.Client(timeout=30) as client:
        for name in load.receipts:
            path = f"/v1/courier/reports/{name}"
            assert client.get(server.origin + path, headers=server.signed("GET", path)).content == load.sent[name]
        again = next(iter(load.receipts))
        assert server.send(load.sent[again]).content == load.receipts[again]
    server.publish()
    head = open_checkpoint(server.get("/log/1/checkpoint").content, server.log_origin, server.log_key)
    leaves = read_openings(server, head.size)
    assert server.fetch("/v1/courier/pending").json()["notes"] == []
    for name, receipt in receipts.items():
        check_included(server, head, receipt, leaves[name])
    server.end()
