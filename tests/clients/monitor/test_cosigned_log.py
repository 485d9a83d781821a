# SPDX-License-Identifier: AGPL-3.0-or-later
"""A log whose charter demands cosignatures, and a real witness: what is served when it is there, down, and there again."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from corncrake_crypto.charter import Witness, Witnesses
from corncrake_crypto.cosignature import verifier_key
from corncrake_monitor.keys import read_key
from tests.crypto.independent import Verifier, head
from tests.server.running import PATIENCE_S, RunningServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.clients.monitor.conftest import Monitor


class Pair:
    """A server whose charter demands one cosignature, and the monitor that gives it."""

    def __init__(self, server: RunningServer, monitor: Monitor) -> None:
        self.server = server
        self.monitor = monitor
        self.known = Verifier.from_vkey(verifier_key(*read_key(monitor.key).public))

    def served(self) -> bytes:
        """The newest head as everybody gets it."""
        return self.server.get("/log/1/checkpoint").content

    def wait_for(self, size: int) -> bytes:
        """The head of `size` leaves, once it is served with its cosignature."""
        deadline = time.monotonic() + PATIENCE_S
        while head(note := self.served())[1] != size or self.known.cosigned_at(note) is None:
            assert time.monotonic() < deadline, (self.server.folder / "log").read_text()
            time.sleep(0.05)
        return note

    def publish(self) -> int:
        """Publish; return the size of the new tree."""
        return int(self.server.command("publish").stdout.split(" has ")[1].split()[0])


@pytest.fixture
def pair(tmp_path: Path, monitor: Monitor) -> Iterator[Pair]:
    """Both, the witness answering; nothing is published."""
    folder = tmp_path / "server"
    folder.mkdir()
    named = msgspec.convert(monitor.keygen(), Witness)
    server = RunningServer(folder, "", witnesses=f"{named.name}={monitor.url}")
    server.prepare()
    assert server.bring(server.sign_charter(sequence=2, witnesses=Witnesses(keys=(named,), threshold=1))).returncode == 0
    server.start()
    server.open_desk()
    # It knows the log's key from now on, and finds that nothing stands in the log.
    assert monitor.watch(server).words == ["frozen"]
    monitor.serve()
    yield Pair(server, monitor)
    if server.process is not None:
        server.end(signal.SIGKILL)


def test_each_head_is_cosigned_and_served_so(pair: Pair) -> None:
    for _ in range(3):
        note = pair.wait_for(pair.publish())
        assert Verifier(pair.server.log_origin, 1, pair.server.log_key).signed(note)
    assert pair.monitor.watch(pair.server).said["found"] == []


def test_a_witness_that_is_down_delays_nothing_and_is_asked_again(pair: Pair) -> None:
    first = pair.publish()
    pair.wait_for(first)
    pair.monitor.end()
    for _ in range(2):
        last = pair.publish()
    assert pair.server.send(pair.server.report()).status_code == 201
    # Whoever demands cosignatures can go on with the head that has them; nothing is lost meanwhile.
    assert head(pair.served())[1] == first
    pair.monitor.serve()
    last = pair.publish()
    pair.wait_for(last)


def test_a_server_that_starts_anew_asks_for_what_is_missing(pair: Pair) -> None:
    pair.monitor.end()
    size = pair.publish()
    assert pair.known.cosigned_at(pair.served()) is None
    assert pair.monitor.watch(pair.server).words == ["too-few"]
    pair.monitor.serve()
    pair.server.end()
    pair.server.start()
    pair.wait_for(size)
    assert pair.monitor.watch(pair.server).words == []


def test_a_witness_that_has_lost_its_answer_says_where_it_stands_and_is_asked_from_there(pair: Pair) -> None:
    pair.wait_for(pair.publish())
    pair.server.end()
    pair.server.start()
    # The new process does not know what the witness has cosigned: 409 tells it.
    pair.wait_for(pair.publish())
