# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reports that wait to be stored: four lines, by the step that their stamps have paid, 0 for none.

Rules of this file: nobody is counted but what waits. In a line whoever came first goes first. Of sixteen places of a batch the higher
line fills thirteen; one is offered to each lower line first, so that none of them ever stands still. A line has an end, by number
and by bytes, and a full one does not shorten the others: a flood without stamps takes no room of those that have one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from corncrake_crypto.stamp import STEPS
from corncrake_server.refusals import Full

if TYPE_CHECKING:
    from corncrake_server.ports.reports import NewReport, Promise

LINES: Final = STEPS + 1
PLACES: Final = 16
OFFERED_FIRST: Final = {0: 0, 5: 1, 10: 2}
"""To which line a place is offered before it goes to the highest one that waits."""
SHARES: Final = (1 / 2, 1 / 8, 1 / 8, 1 / 8)
"""Of the bytes that reports may hold, for each line; the rest is for those that are still on their way."""
_NEWEST: Final = 1 / 4
"""How much the last batch counts in what is known of the speed."""


@dataclass(eq=False)
class Entry:
    """One report that waits, the line it stands in, and all who wait for it."""

    report: NewReport
    line: int
    waiters: list[asyncio.Future[Promise]] = field(default_factory=list["asyncio.Future[Promise]"])


class Queue:
    """Reports in four lines."""

    def __init__(self, most: int, held: int, seconds: float) -> None:
        """Begin empty.

        Args:
            most: reports of one batch.
            held: bytes that reports may hold in memory, those on their way included.
            seconds: a line is full when it holds what is stored in this time.
        """
        self._most = most
        self._held = held
        self._seconds = seconds
        self._lines: tuple[deque[Entry], ...] = tuple(deque[Entry]() for _ in range(LINES))
        self._bytes = [0] * LINES
        self._by_id: dict[str, Entry] = {}
        self._place = 0
        self._seconds_each: float | None = None

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._by_id)

    def is_full(self, line: int, length: int) -> bool:
        """Say whether a line has no place for a report of `length` bytes. An empty line takes any."""
        waiting = len(self._lines[line])
        too_many = self._seconds_each is not None and waiting >= max(self._most, self._seconds / self._seconds_each)
        return waiting > 0 and (too_many or self._bytes[line] + length > self._held * SHARES[line])

    def step_wanted(self) -> int:
        """Return the lowest step with which a report would be taken soon: one whose line is not half full; the highest, when all are."""
        return next((line for line in range(1, LINES) if not self._is_half_full(line)), STEPS)

    def _is_half_full(self, line: int) -> bool:
        by_number = 0.0 if self._seconds_each is None else len(self._lines[line]) / max(self._most, self._seconds / self._seconds_each)
        return max(by_number, self._bytes[line] / (self._held * SHARES[line])) >= 1 / 2

    def put(self, report: NewReport, line: int) -> asyncio.Future[Promise]:
        """Let a report wait. One that waits already waits once, in the higher of its lines.

        Raises:
            Full: its line is.
        """
        entry = self._by_id.get(report.id)
        if entry is None or entry.line < line:
            if self.is_full(line, len(report.body)):
                raise Full
            if entry is not None:
                self._lines[entry.line].remove(entry)
                self._bytes[entry.line] -= len(entry.report.body)
                entry.line = line
            else:
                entry = Entry(report, line)
                self._by_id[report.id] = entry
            self._lines[line].append(entry)
            self._bytes[line] += len(entry.report.body)
        waiter: asyncio.Future[Promise] = asyncio.get_running_loop().create_future()
        entry.waiters.append(waiter)
        return waiter

    def _next(self) -> Entry | None:
        first = OFFERED_FIRST.get(self._place)
        self._place = (self._place + 1) % PLACES
        if first is not None and self._lines[first]:
            return self._lines[first].popleft()
        return next((line.popleft() for line in reversed(self._lines) if line), None)

    def batch(self, most_bytes: int) -> list[Entry]:
        """Take out what is stored next: as many as a batch may have, until they have `most_bytes`."""
        taken: list[Entry] = []
        size = 0
        while len(taken) < self._most and size < most_bytes and (entry := self._next()) is not None:
            del self._by_id[entry.report.id]
            self._bytes[entry.line] -= len(entry.report.body)
            size += len(entry.report.body)
            taken.append(entry)
        return taken

    def note_speed(self, count: int, seconds: float) -> None:
        """Note how long a batch took after which others still waited; one that took all says nothing about speed."""
        each = seconds / count
        self._seconds_each = each if self._seconds_each is None else self._seconds_each + (each - self._seconds_each) * _NEWEST
