# SPDX-License-Identifier: AGPL-3.0-or-later
"""One task per process that stores what waits, a batch to a transaction, and then tells each waiter.

Rules of this file: a waiter is told only when the transaction is durable. While one batch is written the next one gathers, so
that the cost of making things durable is shared by all who wait, and nobody waits for a timer. A batch that fails fails for
all in it: nothing of it is stored, and each client tries again.

A promise has the day on which its transaction begins, and not that on which the report came: else a publication soon after
midnight could pass by a report that was promised for the day before, and waits.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import day_text
from corncrake_crypto.errors import Failure, StoreError
from corncrake_server.refusals import Conflict

if TYPE_CHECKING:
    from corncrake_server.clock import Clock
    from corncrake_server.ports.reports import NewReport, Promise, Reports
    from corncrake_server.services.queue import Entry, Queue

_MOST_BYTES: Final = 8 << 20


class Committer:
    """Stores reports in batches.

    Attributes:
        queue: what waits.
    """

    def __init__(self, reports: Reports, queue: Queue, clock: Clock, per_second: int = 0) -> None:
        """Store what waits in `queue` into `reports`, at most `per_second` reports a second; 0: as fast as they take it."""
        self._reports = reports
        self._clock = clock
        self._per_second = per_second
        self.queue: Final = queue
        self._arrived = asyncio.Event()
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the task, in the running loop."""
        self._task = asyncio.create_task(self._run(), name="committer")

    async def stop(self) -> None:
        """Store what waits, and end."""
        if self._task is not None:
            self._ending.set()
            self._arrived.set()
            await self._task
            self._task = None

    async def promised(self, report_id: str) -> Promise | None:
        """Return what is promised of a report that is stored already, None of another."""
        return await self._reports.promise(report_id)

    async def store(self, report: NewReport, paid: int = 0) -> Promise:
        """Return, once it is durable, what was first stored under the report's id.

        Args:
            report: what to store.
            paid: the step that its stamp has paid.

        Raises:
            Full: too many wait already that have paid as much.
            Conflict: `repeated`: it was deleted before the log in force began.
            StoreError: `store`: it was not stored.
        """
        if self._task is None or self._task.done() or self._ending.is_set():
            raise StoreError(Failure.STORE, "the server is stopping")
        waiter = self.queue.put(report, paid)
        self._arrived.set()
        return await waiter

    async def _run(self) -> None:
        while self.queue or not self._ending.is_set():
            batch = self.queue.batch(_MOST_BYTES)
            if batch:
                started = self._clock.monotonic()
                await self._commit(batch)
                await self._slow_down(len(batch), self._clock.monotonic() - started)
                if self.queue:
                    self.queue.note_speed(len(batch), self._clock.monotonic() - started)
            else:
                self._arrived.clear()
                await self._arrived.wait()

    async def _slow_down(self, count: int, took: float) -> None:
        """Wait as long as `per_second` wants, but not while the server stops."""
        if self._per_second:
            with suppress(TimeoutError):
                async with asyncio.timeout(count / self._per_second - took):
                    await self._ending.wait()

    async def _commit(self, batch: list[Entry]) -> None:
        try:
            stored = await self._reports.store([entry.report for entry in batch], day_text(self._clock.today()))
        except Exception as error:  # noqa: BLE001 - whatever it was, the waiters must not wait for ever
            for waiter in _waiters(batch):
                failure = StoreError(Failure.STORE, "the report could not be stored")
                failure.__cause__ = error
                waiter.set_exception(failure)
            return
        for entry in batch:
            promise = stored.get(entry.report.id)
            for waiter in _waiters([entry]):
                if promise is None:
                    # No device of a reporter's sends the same for so long: its week is over before anything is deleted.
                    waiter.set_exception(Conflict(Failure.REPEATED, "these bytes were here before, and were deleted"))
                else:
                    waiter.set_result(promise)


def _waiters(batch: list[Entry]) -> list[asyncio.Future[Promise]]:
    """Return who still waits; whose connection ended does not."""
    return [waiter for entry in batch for waiter in entry.waiters if not waiter.done()]
