# SPDX-License-Identifier: AGPL-3.0-or-later
"""An acknowledged report is never lost: the server is killed under load, again and again, on both databases.

Every receipt that a client got must verify; its report must reach a vault, by a real courier, and stand there once; after publication it must
stand in the log, once. Clients whose answer was cut off send the same bytes again after the restart, as the real ones do.
"""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from corncrake_courier.keys import CourierKey
from corncrake_courier.pull import Wish, pull
from corncrake_courier.server import Server
from corncrake_courier.state import load as load_state
from corncrake_crypto.checkpoint import Checkpoint, open_checkpoint
from corncrake_crypto.merkle import leaf_hash, verify_inclusion
from corncrake_crypto.receipt import Receipt, commitment, open_receipt, report_id
from corncrake_crypto.tiles import inclusion_proof
from corncrake_vault.vault import unlock_vault
from tests.clients.vault.machine import PASSPHRASE, Machine
from tests.server.running import NO_TLS, PATIENCE_S, RunningServer
from tests.simulators.organisation import EPOCH, TODAY
from tests.simulators.server import SimulatedReporter

CLIENTS = 12
ROUNDS = {"quick": 2, "full": 5, "slow": 50}
LONGEST_ROUND_S = 1.5
GIVEN_EACH_ROUND = 2
WRITTEN_AHEAD = 200
"""Reports that each client has sealed before the first round; it goes through them in order, and writes more when they are used up."""


class Client:
    """A reporter who sends one report after the other, each once, as fast as the server takes them."""

    def __init__(self, server: RunningServer, number: int) -> None:
        self.origin = server.origin
        self.path = f"{server.origin}/v1/desks/legal/epochs/{EPOCH}/reports"
        self.reporter = SimulatedReporter(server.organisation)
        self.number = number
        self.written: list[bytes] = []
        self.sent = 0
        self.receipts: dict[str, bytes] = {}
        self.unanswered: bytes | None = None

    def text(self, at: int) -> str:
        return f"report {at} of client {self.number}"

    def _next(self) -> bytes:
        if self.unanswered is not None:
            return self.unanswered
        if self.sent == len(self.written):
            self.write(1)
        self.sent += 1
        return self.written[self.sent - 1]

    def write(self, count: int) -> None:
        for _ in range(count):
            self.written.append(self.reporter.report(self.text(len(self.written)), origin=self.origin))

    def run(self, stop: threading.Event) -> None:
        with httpx.Client(timeout=30, verify=NO_TLS) as client:
            while not stop.is_set():
                self.unanswered = body = self._next()
                try:
                    answer = client.post(self.path, content=body)
                except httpx.TransportError:
                    return
                if answer.status_code in {200, 201}:
                    self.receipts[report_id(body)] = answer.content
                    self.unanswered = None


def run_and_kill(server: RunningServer, clients: list[Client], after_s: float, meanwhile: Callable[[], object]) -> None:
    """Send from all clients, and kill the server after so many seconds."""
    stop, given = threading.Event(), sum(len(client.receipts) for client in clients)
    threads = [threading.Thread(target=client.run, args=(stop,)) for client in clients]
    threads.append(threading.Thread(target=meanwhile))
    for thread in threads:
        thread.start()
    time.sleep(after_s)
    # However slow the machine is: not before there is something that could be lost.
    deadline = time.monotonic() + PATIENCE_S
    while sum(len(client.receipts) for client in clients) < given + GIVEN_EACH_ROUND:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    server.end(signal.SIGKILL)
    stop.set()
    for thread in threads:
        thread.join()


def read_openings(server: RunningServer, size: int) -> dict[str, int]:
    """The leaf of every report; fails when one is there twice."""
    openings = server.fetch(f"/v1/courier/openings?start=0&end={size}").json()["openings"]
    count = Counter(opening["id"] for opening in openings if opening["kind"] == "report")
    assert all(times == 1 for times in count.values())
    return {opening["id"]: opening["index"] for opening in openings if opening["kind"] == "report"}


class TileReader:
    """The log as anybody reads it; each tile is fetched once."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.tiles: dict[str, bytes] = {}

    def __call__(self, path: str) -> bytes:
        if path not in self.tiles:
            answer = self.server.get(f"/log/1/{path}")
            assert answer.status_code == 200, path
            self.tiles[path] = answer.content
        return self.tiles[path]


def check_included(tiles: TileReader, head: Checkpoint, receipt: Receipt, index: int) -> None:
    """Check a receipt's promise by a proof made from the tiles."""
    path = inclusion_proof(index, head.size, tiles)
    verify_inclusion(index, head.size, leaf_hash(commitment(receipt)), path, head.root)


def carry(server: RunningServer, machine: Machine, folder: Path) -> None:
    """Pull with a real courier and import into a real vault, which must find nothing wrong."""
    wish = Wish(server.organisation.root, "carrier", TODAY, None, None, folder / "in.parcel", folder / "state")
    with Server(server.origin, courier=CourierKey("carrier", server.courier)) as reached:
        pull(reached, load_state(folder / "state"), wish, lambda _: None)
    said = machine.run("import", str(folder / "in.parcel"))
    assert said.code == 0, said.err
    assert (said.data["faults"], said.data["kept_aside"]) == ([], [])


def read_texts(machine: Machine) -> Counter[str]:
    """How often each text stands in the vault; every message must have its place in the log."""
    found: Counter[str] = Counter()
    for thread in machine.run("list").data["threads"]:
        for message in machine.run("show", str(thread["number"])).data["messages"]:
            assert message["leaf"] is not None
            found[message["answers"][0]["text"]] += 1
    return found


@pytest.fixture
def server(tmp_path: Path, database_url: str) -> Iterator[RunningServer]:
    """A server that is not started yet, and is ended whatever the test came to."""
    made = RunningServer(tmp_path, database_url, publish_at="")
    yield made
    if made.process is not None:
        made.end(signal.SIGKILL)


def test_every_receipt_given_before_a_kill_is_kept_and_its_report_reaches_a_vault(
    tier: str, tmp_path: Path, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(tmp_path, monkeypatch, server.organisation)
    vault = unlock_vault(machine.store, PASSPHRASE, TODAY)
    with vault.store, vault.store.transaction():
        # The desk's first edition is signed below with this vault's key, as if the vault had made it.
        vault.store.raise_number("edition:legal", 1)
    server.prepare()
    server.start()
    server.open_desk()
    clients = [Client(server, number) for number in range(CLIENTS)]
    for client in clients:
        client.write(WRITTEN_AHEAD)
    chance = random.Random(20261125)  # noqa: S311 - when to kill is no secret
    for number in range(ROUNDS[tier]):
        if server.process is None:
            server.start()
        # Every second round is killed while a publication runs beside the reports.
        meanwhile = server.ask_to_publish if number % 2 else lambda: None
        run_and_kill(server, clients, chance.uniform(0.1, LONGEST_ROUND_S), meanwhile)
    given = {name: raw for client in clients for name, raw in client.receipts.items()}
    assert len(given) > ROUNDS[tier]

    server.start()
    receipts = {name: open_receipt(raw, server.log_origin, server.log_key, name, "legal") for name, raw in given.items()}
    again = clients[0].written[0]
    assert server.send(again).content == given[report_id(again)]
    server.publish()
    head = open_checkpoint(server.get("/log/1/checkpoint").content, server.log_origin, server.log_key)
    leaves = read_openings(server, head.size)
    assert server.fetch("/v1/courier/pending").json()["notes"] == []
    tiles = TileReader(server)
    for name, receipt in receipts.items():
        check_included(tiles, head, receipt, leaves[name])

    carry(server, machine, tmp_path)
    texts = read_texts(machine)
    assert set(texts.values()) == {1}
    acknowledged = {client.text(at) for client in clients for at, body in enumerate(client.written) if report_id(body) in given}
    assert acknowledged <= texts.keys()
