# SPDX-License-Identifier: AGPL-3.0-or-later
"""A monitor that runs as a service, and is killed: its state is whole at every moment, and no head in it ever goes backwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from corncrake_crypto.encoding import day_text, root_text
from corncrake_monitor.state import StateFile
from tests.clients.monitor.test_hostile_server import Liar, behind, plain
from tests.crypto.independent import head
from tests.server.running import PATIENCE_S
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    from tests.clients.monitor.conftest import Monitor
    from tests.server.running import RunningServer


def started(server: RunningServer, monitor: Monitor) -> subprocess.Popen[str]:
    """The monitor, looking again each second."""
    place = ["--server", server.origin, "--root", root_text(server.organisation.root), "--state", str(monitor.state)]
    words = [sys.executable, "-m", "corncrake_monitor", "watch", *place, "--every", "1", "--json"]
    return subprocess.Popen(words, env=os.environ | {"CORNCRAKE_TODAY": day_text(TODAY)}, stdout=subprocess.PIPE, text=True)


def test_a_monitor_that_runs_on_sees_the_log_grow(server: RunningServer, monitor: Monitor) -> None:
    process = started(server, monitor)
    try:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        server.publish()
        said = json.loads(process.stdout.readline())
        while said["size"] == first["size"]:
            said = json.loads(process.stdout.readline())
        assert (said["well"], said["size"]) == (True, first["size"] + 64)
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def test_a_monitor_that_is_killed_at_any_moment_keeps_a_whole_state_that_only_grows(server: RunningServer, monitor: Monitor) -> None:
    sizes: list[int] = []
    for moment in (0.0, 0.05, 0.1, 0.2, 0.4):
        process = started(server, monitor)
        assert process.stdout is not None
        process.stdout.readline()
        server.publish()
        time.sleep(1 + moment)
        process.kill()
        process.wait(PATIENCE_S)
        (seen,) = StateFile(monitor.state).read().seen
        sizes.append(head(seen.note.encode())[1])
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[0]
    assert monitor.watch(server).code == 0


def test_what_was_proven_stays_though_the_rest_does_not_come_until_the_monitor_is_killed(server: RunningServer, monitor: Monitor) -> None:
    """A service manager ends what takes too long; who is found out could keep back the rest."""
    assert monitor.watch(server).code == 0
    other = server.sign_charter(sequence=1, expires=TODAY + timedelta(days=70))
    asked, over = threading.Event(), threading.Event()

    def keep_back(to: BaseHTTPRequestHandler, _body: bytes) -> None:
        if to.path == "/v1/charter":
            plain(to, other)
        else:
            asked.set()
            over.wait(PATIENCE_S)

    server.end()
    behind(server, server.folder)
    with Liar(server) as liar:
        liar.path, liar.trick = "/v1/", keep_back
        process = started(server, monitor)
        try:
            assert asked.wait(PATIENCE_S)
        finally:
            process.kill()
            process.wait(PATIENCE_S)
            over.set()
    status = monitor.run("status", "--state", str(monitor.state), "--json")
    assert (status.code, [one["word"] for one in status.said["kept"]]) == (1, ["equivocation"])
    assert monitor.judge(status.said["kept"][0]["evidence"]).said["proven"]
