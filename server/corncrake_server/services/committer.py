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
from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import day_text
from corncrake_crypto.errors import Failure, StoreError

if TYPE_CHECKING:
    from corncrake_server.clock import Clock
    from corncrake_server.ports import NewReport, Promise, Reports

_MOST_BYTES: Final = 8 << 20


class Committer:
    """Stores reports in batches."""

    def __init__(self, reports: Reports, most: int, clock: Clock) -> None:
        """Store into `reports`, at most `most` in a transaction."""
        self._reports = reports
        self._clock = clock
        self._most = most
        self._waiting: asyncio.Queue[tuple[NewReport, asyncio.Future[Promise]] | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the task, in the running loop."""
        self._task = asyncio.create_task(self._run(), name="committer")

    async def stop(self) -> None:
        """Store what waits, and end."""
        if self._task is not None:
            self._waiting.put_nowait(None)
            await self._task
            self._task = None

    async def store(self, report: NewReport) -> Promise:
        """Return, once it is durable, what was first stored under the report's id.

        Raises:
            StoreError: `store`: it was not stored.
        """
        if self._task is None or self._task.done():
            raise StoreError(Failure.STORE, "the server is stopping")
        future: asyncio.Future[Promise] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((report, future))
        return await future

    async def _run(self) -> None:
        ending = False
        while not ending:
            first = await self._waiting.get()
            if first is None:
                break
            batch = [first]
            size = len(first[0].body)
            while len(batch) < self._most and size < _MOST_BYTES and not self._waiting.empty():
                following = self._waiting.get_nowait()
                if following is None:
                    ending = True
                    break
                batch.append(following)
                size += len(following[0].body)
            await self._commit(batch)
        self._refuse_rest()

    async def _commit(self, batch: list[tuple[NewReport, asyncio.Future[Promise]]]) -> None:
        try:
            stored = await self._reports.store([report for report, _ in batch], day_text(self._clock.today()))
        except Exception as error:  # noqa: BLE001 - whatever it was, the waiters must not wait for ever
            for _, future in batch:
                if not future.done():
                    failure = StoreError(Failure.STORE, "the report could not be stored")
                    failure.__cause__ = error
                    future.set_exception(failure)
            return
        for report, future in batch:
            if not future.done():
                future.set_result(stored[report.id])

    def _refuse_rest(self) -> None:
        while not self._waiting.empty():
            left = self._waiting.get_nowait()
            if left is not None and not left[1].done():
                left[1].set_exception(StoreError(Failure.STORE, "the server is stopping"))
