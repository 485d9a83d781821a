# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks that nobody claims go after a uniform time, and reports go that enough reviewers have.

Rules of this file: a block is claimed while the newest list of what a reviewer of the charter waits for names it. All others go
when they are `days` old, whoever sent them; none while a whole desk is held, since nobody here knows which blocks are whose. Nothing goes that
is younger than `LEAST_DAYS`, whatever a clock says: a day counts as so long ago only when the machine has lived through that time since it first
had a later day, by a clock that nobody can set. Reports: `deletion.py`.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from corncrake_server.ports.blocks import Blocks, DayMarks, StoredBlock
    from corncrake_server.ports.documents import Documents
    from corncrake_server.ports.retention import Retention
    from corncrake_server.services.deletion import ReportDeletion
    from corncrake_server.services.organisation import Organisation
    from corncrake_server.services.quota import BlockRoom

LEAST_DAYS: Final = 7
_LIVED_DAYS: Final = LEAST_DAYS + 1
"""One more, for what was being stored at the moment that a day was first seen."""
_AT_A_TIME: Final = 20
"""Blocks between two looks at what reviewers wait for: a parcel that comes meanwhile is heeded after as many at most."""


class Expiry:
    """Removes blocks, and has reports deleted."""

    def __init__(  # noqa: PLR0913 - its parts
        self,
        blocks: Blocks,
        documents: Documents,
        organisation: Organisation,
        *,
        retention: Retention,
        deletion: ReportDeletion,
        marks: DayMarks,
        room: BlockRoom,
        days: int,
    ) -> None:
        """Keep the parts; `days` is `LEAST_DAYS` or more."""
        self._retention = retention
        self._deletion = deletion
        self._blocks = blocks
        self._documents = documents
        self._organisation = organisation
        self._marks = marks
        self._room = room
        self._days = timedelta(days=days)
        self._one = asyncio.Lock()

    async def sweep(self, today: date) -> int:
        """Delete reports and remove blocks whose time has come; return how many blocks these were.

        Args:
            today: the day of the newest head, which does not run backwards and is not believed to leap.

        Raises:
            StoreError: `store`: not all was looked through; what is left goes the next time.
        """
        async with self._one:
            try:
                await self._deletion.sweep(today)
            except Exception:
                # Neither stops the other; but a process that ends begins with nothing more.
                await self._sweep_blocks(today)
                raise
            return await self._sweep_blocks(today)

    async def _sweep_blocks(self, today: date) -> int:
        await self._blocks.clear(alone=False)
        now = await self._blocks.day_now(today)
        lived = await self._marks.note(now, _LIVED_DAYS)
        if lived is None:
            return 0
        limit, removed = min(now - self._days, lived), 0
        some: list[StoredBlock] = []
        async for block in self._blocks.stored():
            if block.day < limit:
                some.append(block)
            if len(some) >= _AT_A_TIME:
                removed += await self._remove(some)
                some.clear()
        return removed + await self._remove(some)

    async def _remove(self, blocks: Iterable[StoredBlock]) -> int:
        if await self._retention.is_desk_held():
            return 0
        found = {block.id: block for block in blocks}
        opened = await self._organisation.charter_or_none()
        reviewers = {reviewer.id for desk in opened.charter.desks for reviewer in desk.reviewers} if opened is not None else set[str]()
        for block_id in await self._documents.wanted(found, reviewers):
            del found[block_id]
        for block in found.values():
            await self._blocks.remove(block.id)
            self._room.give_back(block.size)
        return len(found)
