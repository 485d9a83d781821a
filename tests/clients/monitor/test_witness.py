# SPDX-License-Identifier: AGPL-3.0-or-later
"""The witness as a log asks it, by C2SP tlog-witness: it cosigns one history and no other, whenever it is killed."""

from __future__ import annotations

import signal
import socket
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from corncrake_crypto.checkpoint import Checkpoint, sign_checkpoint
from corncrake_crypto.cosignature import verifier_key, write_asked
from corncrake_crypto.merkle import consistency_path, leaf_hash, tree_root
from corncrake_crypto.signatures import SigningKey
from corncrake_monitor.keys import read_key
from corncrake_server.storage.log_key import LogKeyFiles
from tests.crypto.independent import Verifier, head, mth
from tests.server.running import NO_TLS, PATIENCE_S
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clients.monitor.conftest import Monitor
    from tests.server.running import RunningServer


class Side:
    """One history that the log's key can sign: leaves common to all sides up to `split`, then its own."""

    def __init__(self, origin: str, key: SigningKey, name: bytes, split: int) -> None:
        self.origin, self.key = origin, key
        self.entries = [(b"common" if at < split else name) + at.to_bytes(4, "big") for at in range(400)]
        self.leaves = [leaf_hash(entry) for entry in self.entries]

    def note(self, size: int) -> bytes:
        return sign_checkpoint(Checkpoint(self.origin, size, tree_root(self.leaves[:size]), TODAY), self.key)

    def request(self, old: int, size: int) -> bytes:
        return write_asked(old, consistency_path(old, self.leaves[:size]), self.note(size))

    def has(self, note: bytes) -> bool:
        _, size, root = head(note)
        return mth(self.entries[:size]) == root


@pytest.fixture
def witness(server: RunningServer, monitor: Monitor) -> Iterator[Monitor]:
    """A witness that has looked once, and so knows the log; it answers."""
    monitor.keygen()
    assert monitor.watch(server).code == 0
    monitor.serve()
    yield monitor
    monitor.end(signal.SIGKILL)


@pytest.fixture
def sides(server: RunningServer) -> tuple[Side, Side]:
    """Two histories that part after 100 leaves."""
    key = LogKeyFiles(server.data).key
    return Side(server.log_origin, key, b"one", 100), Side(server.log_origin, key, b"two", 100)


def test_a_head_is_cosigned_and_the_next_one_that_continues_it(witness: Monitor, sides: tuple[Side, Side]) -> None:
    one, _ = sides
    known = Verifier.from_vkey(vkey_of(witness))
    for old, size in ((0, 64), (64, 64), (64, 128), (128, 200)):
        answer = witness.ask(one.request(old, size))
        assert answer.status_code == 200
        assert known.cosigned_at(one.note(size) + answer.content) is not None


def vkey_of(witness: Monitor) -> str:
    return verifier_key(*read_key(witness.key).public)


def test_what_a_witness_refuses_it_refuses_by_the_specification(witness: Monitor, sides: tuple[Side, Side]) -> None:
    one, two = sides
    assert witness.ask(one.request(0, 64)).status_code == 200
    conflict = witness.ask(one.request(0, 128))
    assert (conflict.status_code, conflict.text, conflict.headers["content-type"]) == (409, "64\n", "text/x.tlog.size")
    stranger = Side(one.origin, SigningKey.generate(), b"one", 100)
    assert witness.ask(stranger.request(64, 128)).status_code == 403
    elsewhere = Side("elsewhere.example/log/1", one.key, b"one", 100)
    assert witness.ask(elsewhere.request(64, 128)).status_code == 404
    assert witness.ask(b"old 64\n\nhello").status_code == 400
    assert witness.ask(write_asked(128, [], one.note(64))).status_code == 400
    assert witness.ask(write_asked(64, [bytes(32)] * 3, one.note(128))).status_code == 422
    assert witness.ask(one.request(64, 150)).status_code == 200
    # A proof from 150 that was made on the other side does not hold here.
    assert witness.ask(two.request(150, 200)).status_code == 422


def test_another_tree_of_the_same_size_is_refused_and_kept_as_evidence(witness: Monitor, sides: tuple[Side, Side]) -> None:
    one, two = sides
    assert witness.ask(one.request(0, 150)).status_code == 200
    assert witness.ask(two.request(150, 150)).status_code == 409
    status = witness.run("status", "--state", str(witness.state), "--json")
    assert status.code == 1
    assert witness.judge(status.said["kept"][0]["evidence"]).said["proven"]


def test_a_log_that_asks_for_one_tree_after_another_fills_no_disk(witness: Monitor, sides: tuple[Side, Side]) -> None:
    one, two = sides
    assert witness.ask(one.request(0, 150)).status_code == 200
    for name in (b"two", b"three", b"four"):
        assert witness.ask(Side(one.origin, two.key, name, 100).request(150, 150)).status_code == 409
    assert len(list(witness.folder.glob("fork-*.json"))) == 1
    # Once a person has dealt with it, the next one is new.
    assert witness.run("status", "--state", str(witness.state), "--forget-found", "--json").code == 0
    assert witness.ask(Side(one.origin, two.key, b"five", 100).request(150, 150)).status_code == 409
    status = witness.run("status", "--state", str(witness.state), "--json")
    assert witness.judge(status.said["kept"][0]["evidence"]).said["proven"]


def test_the_witness_and_the_public_are_shown_two_logs_and_the_next_look_finds_it(
    witness: Monitor, server: RunningServer, sides: tuple[Side, Side]
) -> None:
    assert witness.ask(sides[0].request(0, 32)).status_code == 200
    ran = witness.watch(server)
    assert (ran.code, ran.words) == (1, ["fork"])
    assert witness.judge(ran.said["found"][0]["evidence"]).said["proven"]


def test_a_witness_that_is_killed_at_any_moment_never_cosigns_two_sides(witness: Monitor, sides: tuple[Side, Side]) -> None:
    """Both sides ask at once, again and again, while the process is killed and started; every cosignature that anybody got is of one side."""
    known = Verifier.from_vkey(vkey_of(witness))
    got: list[bytes] = []
    ended = threading.Event()

    def insist(side: Side) -> None:
        old, size = 0, 101
        while not ended.is_set():
            try:
                answer = httpx.post(f"{witness.url}/add-checkpoint", content=side.request(old, size), timeout=PATIENCE_S, verify=NO_TLS)
            except httpx.HTTPError:
                time.sleep(0.01)
                continue
            if answer.status_code == 200:
                got.append(side.note(size) + answer.content)
                old, size = size, min(size + 1, 400)
            elif answer.status_code == 409 and int(answer.text) < 400:
                old = int(answer.text)
                size = max(size, old + 1)

    threads = [threading.Thread(target=insist, args=(side,)) for side in sides]
    for thread in threads:
        thread.start()
    for moment in (0.05, 0.11, 0.17, 0.23, 0.31, 0.43):
        time.sleep(moment)
        witness.end(signal.SIGKILL)
        witness.serve()
    deadline = time.monotonic() + PATIENCE_S
    while not got and time.monotonic() < deadline:
        time.sleep(0.05)
    ended.set()
    for thread in threads:
        thread.join()
    assert got
    assert all(known.cosigned_at(note) is not None for note in got)
    assert all(sides[0].has(note) for note in got) or all(sides[1].has(note) for note in got)


def test_a_witness_without_its_state_does_not_start(witness: Monitor) -> None:
    witness.end()
    witness.state.unlink()
    ran = witness.run("serve", "--key", str(witness.key), "--state", str(witness.state), "--port", "1")
    assert ran.code == 2
    assert "forgot" in ran.err


def test_an_endless_body_is_refused_and_others_are_answered_meanwhile(witness: Monitor, sides: tuple[Side, Side]) -> None:
    assert witness.ask(b"old 0\n" * 10_000).status_code == 413
    with socket.create_connection(("127.0.0.1", witness.port)) as slow:
        slow.sendall(b"POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nold 0")
        assert witness.ask(sides[0].request(0, 64)).status_code == 200


def test_what_is_said_of_a_key_hides_its_seed(monitor: Monitor) -> None:
    monitor.keygen()
    assert monitor.key.stat().st_mode & 0o077 == 0
    key = read_key(monitor.key)
    assert key.key.seed.hex() not in repr(key)
    assert repr(key.key.seed) not in repr(key)
    assert monitor.run("keygen", "--name", "x", "--key", str(monitor.key), "--state", str(monitor.state)).code == 2


def test_a_monitor_that_has_watched_becomes_a_witness_as_its_guide_says(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    monitor.keygen()
    assert monitor.watch(server).code == 0
    monitor.serve()
    assert httpx.get(f"{monitor.url}/seen", timeout=PATIENCE_S).status_code == 200


def test_a_state_belongs_to_one_key_and_no_second_one_is_made_for_it(monitor: Monitor) -> None:
    monitor.keygen()
    before = monitor.state.read_bytes()
    second = monitor.folder / "second.key"
    ran = monitor.run("keygen", "--name", "witness.example/two", "--key", str(second), "--state", str(monitor.state))
    assert (ran.code, second.exists(), monitor.state.read_bytes()) == (2, False, before)
    assert "name another file" in ran.err
    # A key that is there is not written over, and no state is begun for it.
    other = monitor.folder / "other.json"
    ran = monitor.run("keygen", "--name", "witness.example/two", "--key", str(monitor.key), "--state", str(other))
    assert (ran.code, other.exists()) == (2, False)


def test_what_can_be_no_folder_for_evidence_and_no_address_is_said(server: RunningServer, monitor: Monitor) -> None:
    (monitor.folder / "file").touch()
    ran = monitor.watch(server, "--evidence", str(monitor.folder / "file"))
    assert (ran.code, ran.err.split(":")[0]) == (2, "misuse")
    assert monitor.watch(server, "--compare", "http://[").words == ["misuse"]
