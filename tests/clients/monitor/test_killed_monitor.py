# SPDX-License-Identifier: AGPL-3.0-or-later
"""A monitor that runs as a service, and is killed: its state is whole at every moment, and no head in it ever goes backwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from corncrake_crypto.encoding import day_text, root_text
from corncrake_monitor.state import StateFile
from tests.crypto.independent import head
from tests.server.running import PATIENCE_S
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
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
