# SPDX-License-Identifier: AGPL-3.0-or-later
"""A log by itself, without a server: database, key, and what publishes."""

import asyncio
import time
from collections.abc import Coroutine
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from corncrake_crypto.charter import Log
from corncrake_crypto.encoding import day_text
from corncrake_crypto.receipt import report_id
from corncrake_server.clock import Clock, SystemClock
from corncrake_server.ports.log import LogKey
from corncrake_server.ports.reports import NewReport
from corncrake_server.services.publication import Publication
from corncrake_server.storage.database import Database
from corncrake_server.storage.log import SqlLog
from corncrake_server.storage.log_key import LogKeyFiles
from corncrake_server.storage.reports import SqlReports
from corncrake_server.storage.schema import migrate
from tests.simulators.organisation import TODAY

NOON = time_of_day(12)
ONE_DAY = timedelta(days=1)


class SetClock:
    """A clock that a test sets: a day, at noon."""

    def __init__(self, day: date = TODAY) -> None:
        self.day = day

    def today(self) -> date:
        return self.day

    def now(self) -> int:
        return int(datetime.combine(self.day, NOON, UTC).timestamp())

    def monotonic(self) -> float:
        return time.monotonic()

    def uptime(self) -> float:
        return time.monotonic()


class Only:
    """The keys of a server that has one log."""

    def __init__(self, key: LogKeyFiles) -> None:
        self.key = key

    def first(self) -> LogKeyFiles:
        return self.key

    def has(self, log: Log) -> bool:
        return log.origin == self.key.origin

    def of(self, log: Log) -> LogKeyFiles:
        assert self.has(log)
        return self.key

    def signed_after(self, log: LogKey) -> None:  # noqa: ARG002 - there is no other
        return None


class Tree:
    """A log by itself: database, key, and what publishes."""

    def __init__(self, url: str, folder: Path, clock: Clock | None = None) -> None:
        self.database = Database(url)
        self.log = SqlLog(self.database)
        self.reports = SqlReports(self.database)
        self.folder = folder
        if not (folder / "log.key").exists():
            LogKeyFiles.create(folder, "example.org/log/1")
        self.key = LogKeyFiles(folder)
        self.publication = Publication(self.log, Only(self.key), clock or SystemClock())

    async def take(self, count: int) -> list[str]:
        new = [NewReport(report_id(bytes([n])), "legal", "ab" * 32, 46, bytes([n])) for n in range(count)]
        await self.reports.store(new, day_text(TODAY))
        return [report.id for report in new]


class PowerCutError(RuntimeError):
    """What stands for a power cut."""


def run(tree: Tree, work: Coroutine[Any, Any, None], *, make: bool = True) -> None:
    async def whole() -> None:
        try:
            if make:
                await migrate(tree.database)
            await work
        finally:
            await tree.database.close()

    asyncio.run(whole())
