# SPDX-License-Identifier: AGPL-3.0-or-later
"""A monitor and its witness follow an organisation to the next log, accuse nobody of it, and go on holding the server to what it signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.server.test_next_log import begin_next

if TYPE_CHECKING:
    from tests.clients.monitor.conftest import Monitor
    from tests.server.running import RunningServer


def test_the_next_log_is_followed_from_its_beginning_and_all_is_well(server: RunningServer, monitor: Monitor) -> None:
    assert monitor.watch(server).code == 0
    log = begin_next(server)
    # Nothing was published in it yet, which is not against a server within two days.
    assert (monitor.watch(server).code, monitor.watch(server).said["found"]) == (0, [])
    server.publish()
    ran = monitor.watch(server)
    assert (ran.code, ran.said["found"]) == (0, [])
    seen = {one["origin"] for one in monitor.run("status", "--state", str(monitor.state), "--json").said["seen"]}
    assert log.origin in seen
    size = ran.said["size"]
    server.publish()
    again = monitor.watch(server)
    assert (again.code, again.said["size"]) == (0, size + 64)
    # Whoever comes now, and never saw the former log, finds nothing missing either.
    assert begin_next(server, 3).origin.endswith("/log/3")
    server.publish()
    assert monitor.watch(server).code == 0


def test_a_stranger_who_comes_after_the_move_finds_all_well(server: RunningServer, monitor: Monitor) -> None:
    begin_next(server)
    server.publish()
    ran = monitor.watch(server)
    assert (ran.code, ran.said["found"]) == (0, [])
