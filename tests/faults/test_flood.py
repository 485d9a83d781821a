# SPDX-License-Identifier: AGPL-3.0-or-later
"""A flood of twenty times what the server can store: who has paid gets in, nothing that was acknowledged is lost, nothing grows without end."""

import asyncio
import math
import random
import signal
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from corncrake_crypto.padding import wire_size
from tests.clients.reporter.program import finish, start, status_mib
from tests.server.running import RunningServer
from tests.simulators.flood import SETTINGS, Flood, Sender, honest, with_stamps

PHONES = {"full": 3, "slow": 20}
PATIENCE_S = 480
TRIES = 10
"""Of a report that may come at a moment when there is room, and then has nothing to pay: about one of twenty does."""
MINUTE_S = 60
"""What is promised to who has a stamp; how long they wait depends on the rates that are set, and not on how fast the machine is."""
UNSTAMPED = 5
MOST_GROWTH_MIB = 64.0
WORKING = "This computer is doing some work now so that your report gets in sooner"
ROW = 4 * wire_size(2, 12_288)
"""Bytes of disk for a report, with its write-ahead log, generously."""


def disk(server: RunningServer) -> int:
    return sum(path.stat().st_size for path in server.folder.rglob("*") if path.is_file())


@pytest.fixture
def flooded(tmp_path: Path, database_url: str) -> Iterator[RunningServer]:
    """A slow server with steps in its charter, its desk open."""
    server = RunningServer(tmp_path, database_url, **SETTINGS)
    server.prepare()
    with_stamps(server)
    server.start()
    server.open_desk()
    yield server
    if server.process is not None:
        server.end(signal.SIGKILL)


def test_in_a_flood_stamped_reports_get_in_within_a_minute_before_unstamped_ones_and_nothing_acknowledged_is_lost(
    flooded: RunningServer, tier: str
) -> None:
    sender, chance = Sender.to(flooded), random.Random(7)  # noqa: S311 - a model's chance
    assert flooded.process is not None
    before, disk_before = status_mib(flooded.process, "VmRSS"), disk(flooded)

    async def run() -> tuple[Flood, list[tuple[str, float, int]], list[float], list[tuple[str, float, int]], bool]:
        flood = Flood(sender, chance)
        flooding = asyncio.create_task(flood.run())
        await flood.full.wait()
        unstamped = [asyncio.create_task(honest(sender, chance, stamps=False)) for _ in range(UNSTAMPED)]
        async with asyncio.timeout(PATIENCE_S):
            # One after another: each comes in the middle of it. Who finds room at that moment pays nothing, and is none of those that are counted.
            phones = list[tuple[str, float, int]]()
            while sum(paid > 0 for _, _, paid in phones) < PHONES.get(tier, 3):
                phones.append(await honest(sender, chance, stamps=True))
        still = not flooding.done()
        waited = [task.result()[1] if task.done() else math.inf for task in unstamped]
        flooding.cancel()
        await asyncio.wait([flooding])
        return flood, phones, waited, [await task for task in unstamped], still

    flood, phones, waited, late, still_flooding = asyncio.run(run())
    assert still_flooding
    waits = [wait for _, wait, paid in phones if paid]
    assert max(waits) < MINUTE_S
    # Of those without a stamp one may find room too; then it stands behind all that wait without one.
    assert statistics.median(waited) > max(waits)
    assert [paid for _, _, paid in late] == [0] * UNSTAMPED
    reports = [*phones, *late]
    assert flood.refused > len(flood.acknowledged)
    assert sum(flood.sent[1:]) > 0
    there = flooded.fetch("/v1/courier/pending").text
    assert [name for name in {*flood.acknowledged, *(name for name, _, _ in reports)} if name not in there] == []
    assert status_mib(flooded.process, "VmHWM") - before < MOST_GROWTH_MIB
    assert disk(flooded) - disk_before < ROW * (len(flood.acknowledged) + sum(flood.sent[1:]) + len(reports) + 1_000)


def test_the_terminal_program_makes_a_stamp_in_a_flood_and_says_so(flooded: RunningServer) -> None:
    sender, chance = Sender.to(flooded), random.Random(8)  # noqa: S311 - a model's chance

    def send() -> str:
        code, out, err = finish(start(flooded, "send", "--text", "It happened.", "--json"))
        assert code == 0, err
        assert '"receipt_verified": true' in out
        return err

    async def run() -> list[str]:
        flood, told = Flood(sender, chance), list[str]()
        flooding = asyncio.create_task(flood.run())
        await flood.full.wait()
        async with asyncio.timeout(PATIENCE_S):
            while len(told) < TRIES and not any(WORKING in one for one in told):
                told.append(await asyncio.to_thread(send))
        flooding.cancel()
        await asyncio.wait([flooding])
        return told

    assert WORKING in asyncio.run(run())[-1]
