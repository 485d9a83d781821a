# SPDX-License-Identifier: AGPL-3.0-or-later
"""A flood of reports, part of it stamped, and honest phones among it.

Rules of this file: what is modelled is the rate of work, and nothing else. A phone takes `PHONE_SECONDS` on average for a stamp of a
step, as measured for the recommended steps in a browser at a quarter of its speed (bench `stamp_phone_ms`); an attacker has fifty
phones' work. The stamps themselves are real, of a few bits, so that the machine of the test has time for the rest; each is sent when
the modelled work for it is done. The attacker spends all of it on the step that the server names.

A machine that also runs the flood cannot be asked twenty times as often as a server can store. So the server that is meant stores
`STORED` reports a second, and what it stores, what floods it and what the attacker works in a second are all an eighth of that here.
A line is as long in seconds, and an honest phone works and waits as long, as at the whole rate.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from corncrake_crypto.note import text_hash, unverified_text
from corncrake_crypto.receipt import report_id
from corncrake_crypto.stamp import Search, stamp_text
from tests.simulators.organisation import EPOCH, TODAY

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from tests.server.running import RunningServer

STEPS: Final = (4, 6, 8)
"""Bits of the real stamps; each step has four times the work of the one before, as in the recommended steps."""
PHONE_SECONDS: Final = (0.035, 0.14, 0.56)
"""Mean time of a phone for a stamp of each step."""
PHONES: Final = 50
"""An attacker's work, in phones."""
STORED: Final = 128
"""Reports that the server which is meant stores in a second."""
SLOWER: Final = 8
TIMES_CAPACITY: Final = 20
CAPACITY: Final = STORED // SLOWER
"""Reports that the server of the test stores in a second, by its setting."""
SETTINGS: Final = {"reports_per_second": CAPACITY, "batch_reports": 4, "reports_held": 4 << 20}
BEGUN: Final = 10 * CAPACITY
_TAIL: Final = 16
_MOST_OPEN: Final = 1_000


def with_stamps(server: RunningServer) -> None:
    """Bring a charter that has steps; before the server starts."""
    server.charter = server.sign_charter(sequence=2, stamps=STEPS)
    answer = server.bring(server.charter)
    assert answer.returncode == 0, answer.stderr


class _Said(msgspec.Struct):
    step: int | None = None


@dataclass
class Answer:
    """What came back: a status, the step that a busy server names, after how many seconds to come again."""

    status: int
    step: int | None
    after: int


@dataclass
class Sender:
    """Sends reports to one server; a report is another one by its last bytes."""

    port: int
    origin: str
    charter: str
    sealed: bytes

    @classmethod
    def to(cls, server: RunningServer) -> Sender:
        """Prepare for a server."""
        return cls(server.port, server.origin, text_hash(unverified_text(server.charter)), server.report())

    def report(self) -> bytes:
        """A report like no other."""
        return self.sealed[:-_TAIL] + os.urandom(_TAIL)

    def stamp(self, body: bytes, step: int) -> str:
        """A stamp of a step."""
        found = Search(self.origin, self.charter, TODAY, report_id(body)).run(STEPS[step - 1], 1 << 20)
        assert found is not None
        return stamp_text(found)

    async def send(self, body: bytes, stamp: str | None = None) -> Answer:
        """Send it on a connection of its own."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        more = "" if stamp is None else f"Corncrake-Stamp: {stamp}\r\n"
        head = f"POST /v1/desks/legal/epochs/{EPOCH}/reports HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        try:
            writer.write(head.encode() + body)
            answer = await reader.read()
        finally:
            writer.close()
        top, _, rest = answer.partition(b"\r\n\r\n")
        status = int(top[9:12])
        after = next((int(line.split(b":")[1]) for line in top.split(b"\r\n") if line.lower().startswith(b"retry-after:")), 0)
        return Answer(status, msgspec.json.decode(rest, type=_Said).step if status >= 400 else None, after)


@dataclass
class Flood:
    """Twenty times what the server can store, as much of it stamped as fifty phones' work pays for.

    Attributes:
        acknowledged: ids of reports that the server has signed for.
        sent: how many went, by the step that they had paid.
        refused: how many were told to come again.
        full: the server has begun to refuse, those too that have paid the first step: of places without a stamp few come free from now on.
    """

    sender: Sender
    chance: random.Random
    acknowledged: set[str] = field(default_factory=set[str])
    sent: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    refused: int = 0
    full: asyncio.Event = field(default_factory=asyncio.Event)
    _wanted: int = 1
    _work: float = 0.0

    async def run(self) -> None:
        """Go on until cancelled."""
        open_now: set[asyncio.Task[None]] = set()
        last = time.monotonic()
        due = 0.0
        try:
            while True:
                await asyncio.sleep(0.02)
                now = time.monotonic()
                self._work += (now - last) * PHONES / SLOWER
                due += (now - last) * CAPACITY * TIMES_CAPACITY
                last = now
                for step in self._steps(int(due)):
                    due -= 1
                    if len(open_now) < _MOST_OPEN:
                        task = asyncio.create_task(self._one(step))
                        open_now.add(task)
                        task.add_done_callback(open_now.discard)
        finally:
            for task in open_now:
                task.cancel()
            await asyncio.gather(*open_now, return_exceptions=True)

    def _steps(self, count: int) -> Iterator[int]:
        for _ in range(count):
            cost = PHONE_SECONDS[self._wanted - 1]
            paid = self._work >= cost
            self._work -= cost if paid else 0
            yield self._wanted if paid else 0

    async def _one(self, step: int) -> None:
        body = self.sender.report()
        self.sent[step] += 1
        answer = await self.sender.send(body, self.sender.stamp(body, step) if step else None)
        if answer.status == 201:
            self.acknowledged.add(report_id(body))
            return
        assert answer.status == 503
        self.refused += 1
        self._wanted = answer.step or self._wanted
        if self.refused >= BEGUN and self._wanted > 1:
            self.full.set()


async def honest(sender: Sender, chance: random.Random, *, stamps: bool) -> tuple[str, float, int]:
    """Report as a phone does; return the report's id, how long it took in seconds, and the step that it paid in the end."""
    body, paid, stamp = sender.report(), 0, None
    started = time.monotonic()
    while (answer := await sender.send(body, stamp)).status == 503:
        step = answer.step or 0
        if stamps and step > paid:
            # The work of a phone has no memory: the mean says all.
            await asyncio.sleep(chance.expovariate(1 / PHONE_SECONDS[step - 1]))
            paid, stamp = step, sender.stamp(body, step)
        else:
            await asyncio.sleep(answer.after)
    assert answer.status in {200, 201}
    return report_id(body), time.monotonic() - started, paid
