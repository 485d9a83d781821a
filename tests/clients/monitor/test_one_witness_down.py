# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two of two witnesses must cosign and one is down: an honest server is not accused, and one that lies meanwhile is."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from corncrake_crypto.charter import Witness, Witnesses
from corncrake_crypto.cosignature import cosign
from corncrake_crypto.encoding import day_text
from corncrake_crypto.note import unverified_text
from corncrake_monitor.keys import read_key
from tests.crypto.independent import head
from tests.server.running import PATIENCE_S, RunningServer
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.clients.monitor.conftest import MakeMonitor, Monitor

DATABASE = "corncrake.sqlite3"


class Trio:
    """A server whose charter demands two cosignatures, and the two monitors that give them."""

    def __init__(self, server: RunningServer, up: Monitor, down: Monitor) -> None:
        self.server = server
        self.up = up
        self.down = down

    def served(self) -> int:
        """The size of the head that everybody gets."""
        return head(self.server.get("/log/1/checkpoint").content)[1]

    def publish(self, day: str = day_text(TODAY)) -> int:
        """Publish; return the size of the new tree once the witness that is up has cosigned it."""
        self.server.environment["CORNCRAKE_TODAY"] = day
        size = int(self.server.command("publish").stdout.split(" has ")[1].split()[0])
        waited(lambda: self.cosigned() == size)
        return size

    def cosigned(self) -> int:
        """The size of the last head that the witness which is up has cosigned."""
        said = self.up.run("status", "--state", str(self.up.state), "--json").said["cosigned"]
        return said[0]["size"] if said else 0


def waited(true: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def trio(tmp_path: Path, make_monitor: MakeMonitor) -> Iterator[Trio]:
    """All three; one head has both cosignatures, and then one witness went down."""
    folder = tmp_path / "server"
    folder.mkdir()
    up, down = make_monitor(), make_monitor()
    named = [msgspec.convert(one.keygen(f"witness.example/{at}"), Witness) for at, one in enumerate((up, down))]
    server = RunningServer(folder, "", witnesses=f"{named[0].name}={up.url},{named[1].name}={down.url}")
    server.prepare()
    assert server.bring(server.sign_charter(sequence=2, witnesses=Witnesses(keys=tuple(named), threshold=2))).returncode == 0
    server.start()
    server.open_desk()
    for one in (up, down):
        # It knows the log's key from now on, and finds that nothing stands in the log.
        assert one.watch(server).words == ["frozen"]
        one.serve()
    trio = Trio(server, up, down)
    first = trio.publish()
    waited(lambda: server.get("/log/1/checkpoint").content.count(b"witness.example") == 2)
    assert up.watch(server).said["found"] == []
    down.end()
    assert trio.served() == first
    yield trio
    if server.process is not None:
        server.end(signal.SIGKILL)


@pytest.mark.parametrize("days", [0, 1])
def test_what_a_witness_has_cosigned_and_is_not_shown_yet_is_no_alarm(trio: Trio, make_monitor: MakeMonitor, days: int) -> None:
    first, day = trio.served(), day_text(TODAY + timedelta(days=days))
    second = trio.publish(day)
    assert (trio.served(), second > first) == (first, True)
    ran = trio.up.watch(trio.server, today=day)
    assert (ran.code, ran.said["found"], ran.said["kept"], ran.said["size"]) == (0, [], [], first)
    # Nor for a stranger who compares with what that witness has seen.
    stranger = make_monitor()
    assert stranger.watch(trio.server, "--compare", f"{trio.up.url}/seen", today=day).said["found"] == []
    trio.down.serve()
    third = trio.publish(day)
    waited(lambda: trio.served() == third)
    assert trio.up.watch(trio.server, today=day).said["found"] == []


def test_a_witness_that_stays_down_makes_the_log_stand_still_and_no_more(trio: Trio) -> None:
    trio.publish(day_text(TODAY + timedelta(days=1)))
    assert trio.up.watch(trio.server, today=day_text(TODAY + timedelta(days=2))).words == []
    ran = trio.up.watch(trio.server, today=day_text(TODAY + timedelta(days=3)))
    assert (ran.words, ran.said["kept"]) == (["frozen"], [])


def test_a_log_that_lost_what_a_witness_was_asked_for_is_found(trio: Trio) -> None:
    trio.server.end()
    kept = trio.server.folder / "kept"
    shutil.copytree(trio.server.data, kept)
    trio.server.start()
    trio.publish()
    trio.server.end()
    shutil.rmtree(trio.server.data)
    shutil.copytree(kept, trio.server.data)
    trio.server.start()
    ran = trio.up.watch(trio.server)
    assert (ran.code, ran.words) == (1, ["shrunken"])
    assert trio.up.watch(trio.server).said["kept"][0]["word"] == "shrunken"


def test_a_head_that_is_shown_and_one_that_waits_are_of_one_history(trio: Trio, tmp_path: Path, make_monitor: MakeMonitor) -> None:
    # The server splits its log; all its witnesses lie for one side, and one is asked for the other side first.
    trio.server.end()
    other = tmp_path / "other"
    shutil.copytree(trio.server.data, other)
    trio.server.start()
    words = [sys.executable, "-m", "corncrake_server", "publish", "--data", str(other)]
    subprocess.run(words, env=trio.server.environment | {"CORNCRAKE_DATA_DIR": str(other)}, check=True, capture_output=True)
    shown = trio.publish()
    trio.publish()
    show(trio, other, shown)
    stranger = make_monitor()
    assert stranger.watch(trio.server).said["size"] == shown
    ran = stranger.watch(trio.server, "--compare", f"{trio.up.url}/seen")
    assert (ran.code, ran.words) == (1, ["fork"])
    assert stranger.judge(ran.said["found"][0]["evidence"]).said["proven"]


def show(trio: Trio, other: Path, size: int) -> None:
    """Have the server show the other side's head of this size, cosigned by both, with the other side's files."""
    with closing(sqlite3.connect(other / DATABASE)) as there:
        note = there.execute("SELECT note FROM heads WHERE size = ?", (size,)).fetchone()[0]
        tiles = there.execute("SELECT body, path FROM tiles WHERE path LIKE ?", (f"%.p/{size}",)).fetchall()
    keys = [read_key(one.key) for one in (trio.up, trio.down)]
    with closing(sqlite3.connect(trio.server.data / DATABASE)) as here:
        here.execute("UPDATE heads SET note = ? WHERE size = ?", (note, size))
        here.executemany("UPDATE tiles SET body = ? WHERE path = ?", tiles)
        here.execute("DELETE FROM cosignatures WHERE size = ?", (size,))
        for one in keys:
            line = cosign(unverified_text(note), one.name, one.key, 1)
            here.execute("INSERT INTO cosignatures VALUES (?, ?, ?)", (size, one.name, line))
        here.commit()
