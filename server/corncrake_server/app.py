# SPDX-License-Identifier: AGPL-3.0-or-later
"""Puts the server together: settings in, an ASGI application out.

Rules of this file: it is the only one that knows storage and services and HTTP at the same time. Starting finishes a publication
that a crash cut off, where this host publishes, and refuses a database that is older than the log key; stopping stores what waits.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from corncrake_crypto.errors import CorncrakeError, StoreError
from corncrake_server.api import couriers, health, log, releases, reporters
from corncrake_server.api.bodies import BodyReader
from corncrake_server.api.errors import refuse, refuse_http, refuse_unknown
from corncrake_server.api.page import HEADERS, page_handler, read_page
from corncrake_server.api.state import Rooms
from corncrake_server.clock import Clock, SystemClock
from corncrake_server.control import listen
from corncrake_server.services.blocks import BlockShelf
from corncrake_server.services.committer import Committer
from corncrake_server.services.cosigning import Cosigning, read_witnesses
from corncrake_server.services.couriers import CourierDoor
from corncrake_server.services.deletion import ReportDeletion
from corncrake_server.services.expiry import Expiry
from corncrake_server.services.inbox import Inbox
from corncrake_server.services.intake import Intake
from corncrake_server.services.log_reader import LogReader
from corncrake_server.services.organisation import Organisation
from corncrake_server.services.publication import Publication
from corncrake_server.services.queue import Queue
from corncrake_server.services.quota import BlockRoom
from corncrake_server.services.schedule import Schedule, seconds_of
from corncrake_server.services.services import Services
from corncrake_server.storage.block_stores import open_blocks
from corncrake_server.storage.database import Database
from corncrake_server.storage.day_marks import FileDayMarks
from corncrake_server.storage.documents import SqlDocuments
from corncrake_server.storage.files import FileSpool, FolderDisk
from corncrake_server.storage.log import SqlLog
from corncrake_server.storage.log_key import LogKeyFolder
from corncrake_server.storage.process_lock import ProcessLock
from corncrake_server.storage.reports import SqlReports
from corncrake_server.storage.retention import SqlRetention
from corncrake_server.storage.schema import check_schema
from corncrake_server.storage.witness_calls import HttpWitnessCalls

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine

    from corncrake_server.settings import Settings

_REPORT_SHARE = 8
"""Reports may use all of the reserve but an eighth."""


class Process:
    """One server process: its services, and what must be closed when it ends."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Open the data folder and take the lock; the database is opened by `start`.

        Raises:
            StoreError: `store`: another process has the folder, or there is no log key.
            UsageError: `misuse`: the settings of the bucket are not right.
        """
        self.settings = settings
        self.database = Database(settings.url)
        self.keys = LogKeyFolder(settings.keys)
        spool = FileSpool(settings.data / "spool", settings.disk_reserve)
        self.blocks = open_blocks(settings, spool)
        self._lock = ProcessLock(settings.data) if self.database.is_sqlite else None
        if self._lock is not None:
            spool.clear()
        documents, reports, tree = SqlDocuments(self.database), SqlReports(self.database), SqlLog(self.database)
        organisation = Organisation(documents, clock)
        room = BlockRoom(self.blocks, settings.blocks_most)
        marks, report_marks = (FileDayMarks(settings.data / name, clock) for name in ("days.json", "report_days.json"))
        retention = SqlRetention(self.database)
        queue = Queue(settings.batch_reports, settings.reports_held, settings.busy_seconds)
        self.committer = Committer(reports, queue, clock, settings.reports_per_second)
        disk = FolderDisk(settings.data, settings.disk_reserve // _REPORT_SHARE)
        block_disk = FolderDisk(settings.data, settings.disk_reserve)
        self.services = Services(
            clock=clock,
            disk=disk,
            block_disk=block_disk,
            documents=documents,
            reports=reports,
            log=tree,
            log_keys=self.keys,
            organisation=organisation,
            intake=Intake(organisation, self.committer, self.keys, disk, clock),
            blocks=BlockShelf(self.blocks, room, block_disk, tree, clock),
            room=room,
            retention=retention,
            expiry=Expiry(
                self.blocks,
                documents,
                organisation,
                retention=retention,
                deletion=ReportDeletion(retention, documents, report_marks),
                marks=marks,
                room=room,
                days=settings.block_days,
            ),
            couriers=CourierDoor(organisation, documents, clock),
            inbox=Inbox(organisation, documents, spool, self.keys, tree, clock),
            log_reader=LogReader(tree, organisation),
            publication=Publication(tree, self.keys, clock),
        )

    async def start(self, *, whole: bool = True) -> None:
        """Check tables, log and log key, and begin to take reports.

        Args:
            whole: False: the log is not looked at, since who brings a charter may be about to begin another one.

        Raises:
            StoreError: `store`.
        """
        await check_schema(self.database)
        self.keys.check_writable()
        if not whole:
            return
        try:
            await self.blocks.clear(alone=self._lock is not None)
        except StoreError as error:
            # Reports are taken, and the log grows, though no block can be.
            sys.stderr.write(f"blocks: {error}\n")
        await self.services.publication.check_start(publishes=bool(self.settings.publish_at))
        self.committer.start()

    async def stop(self) -> None:
        """Store what waits, and let go of everything."""
        await self.committer.stop()
        await self.database.close()
        if self._lock is not None:
            self._lock.close()


def _rooms(process: Process, settings: Settings, clock: Clock) -> Rooms:
    return Rooms(
        process.services,
        reports=BodyReader(settings, clock, settings.reports_held, seconds=settings.body_seconds),
        blocks=BodyReader(settings, clock, settings.blocks_held, seconds=settings.block_seconds),
        parcels=BodyReader(settings, clock, settings.parcels_held, seconds=inf),
        publishes=bool(settings.publish_at),
    )


@asynccontextmanager
async def _scheduled(process: Process, settings: Settings, clock: Clock) -> AsyncGenerator[None]:
    """Publish daily while the block runs, if the settings say so."""
    if not settings.publish_at:
        yield
        return
    schedule = Schedule(process.services.publication, clock, settings.publish_at, process.services.expiry)
    async with _beside(schedule.run()):
        yield


@asynccontextmanager
async def _witnessed(process: Process, settings: Settings) -> AsyncGenerator[None]:
    """Ask witnesses to cosign while the block runs, if the settings name some."""
    addresses = read_witnesses(settings.witnesses)
    if not addresses:
        yield
        return
    here = process.services
    async with _beside(Cosigning(here.log, here.organisation, here.publication, HttpWitnessCalls(), addresses=addresses, clock=here.clock).run()):
        yield


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Do something as long as the block runs."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def create_app(settings: Settings, clock: Clock | None = None) -> Litestar:
    """Return the application of one process.

    Args:
        settings: of this server.
        clock: the system's, when None.

    Raises:
        UsageError: `misuse`: the page's folder holds no page, `publish_at` is no time of day, or `witnesses` are not names and addresses.

    Source: crypto/spec; the OpenAPI description at `/schema/openapi.json`.
    """
    clock = clock or SystemClock()
    page = Path(settings.page_dir) if settings.page_dir else None
    if settings.publish_at:
        seconds_of(settings.publish_at)
    read_witnesses(settings.witnesses)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        process = Process(settings, clock)
        try:
            await process.start()
            await process.services.room.begin()
            app.state.rooms = _rooms(process, settings, clock)
            async with (
                listen(settings.data, process.services),
                _scheduled(process, settings, clock),
                _witnessed(process, settings),
                _beside(process.services.room.keep_counting()),
            ):
                yield
        finally:
            # Whatever else has failed: what waits is stored, and the folder let go.
            await process.stop()

    handlers = [
        reporters.get_charter,
        reporters.get_charter_of,
        reporters.get_form,
        reporters.get_prekeys,
        reporters.get_heads,
        reporters.get_edition_tile,
        reporters.post_report,
        reporters.put_block,
        reporters.head_block,
        releases.get_page_release,
        log.get_checkpoint,
        log.get_tile,
        couriers.get_pending,
        couriers.get_openings,
        couriers.get_report,
        couriers.get_deletions,
        couriers.get_acknowledgement,
        couriers.get_block,
        couriers.put_parcel,
        health.get_health,
    ]
    return Litestar(
        [*handlers, page_handler(read_page(page))] if page else handlers,
        lifespan=[lifespan],
        state=State(),
        exception_handlers={CorncrakeError: refuse, HTTPException: refuse_http, Exception: refuse_unknown},
        response_headers=HEADERS,
        openapi_config=OpenAPIConfig(title="Corncrake", version="1", path="/schema", render_plugins=[JsonRenderPlugin(path="/openapi.json")]),
        logging_config=None,
        debug=False,
    )
