# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long an honest phone waits in a flood: twenty times what the server stores, part of it stamped by fifty phones' work."""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
from pathlib import Path
from typing import Final

from tests.bench.measure import Figure
from tests.server.running import RunningServer
from tests.simulators.flood import PHONES, SETTINGS, SLOWER, STORED, TIMES_CAPACITY, Flood, Sender, honest, with_stamps

REPORTERS: Final = 20
LIMIT_S: Final = 60.0
APART_S: Final = 2.0


async def _waits(sender: Sender) -> list[float]:
    chance = random.Random(11)  # noqa: S311 - a model's chance
    flood = Flood(sender, chance)
    flooding = asyncio.create_task(flood.run())
    await flood.full.wait()
    phones: list[asyncio.Task[tuple[str, float, int]]] = []
    for _ in range(REPORTERS):
        phones.append(asyncio.create_task(honest(sender, chance, stamps=True)))
        await asyncio.sleep(APART_S)
    waits = [(await phone)[1] for phone in phones]
    flooding.cancel()
    await asyncio.wait([flooding])
    return waits


def bench_flood_honest_wait_s() -> Figure:
    """The longest wait of honest stamped reports, from the first try to the receipt."""
    with tempfile.TemporaryDirectory(prefix="corncrake-bench-") as folder:
        server = RunningServer(Path(folder), "", **SETTINGS)
        server.prepare()
        with_stamps(server)
        server.start()
        try:
            server.open_desk()
            waits = asyncio.run(_waits(Sender.to(server)))
        finally:
            if server.process is not None:
                server.end()
    longest = max(waits)
    how = (
        f"longest of {REPORTERS} honest stamped reports, mean {statistics.mean(waits):.1f} s, in a flood of {TIMES_CAPACITY} times the "
        f"{STORED} reports/s that the server stores, stamped by {PHONES} phones' work, all played at 1/{SLOWER}"
    )
    return Figure(value=longest, limit=LIMIT_S, ratio=longest / LIMIT_S, unit="s", how=how, spread=(min(waits), longest))
