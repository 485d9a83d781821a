# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks that nobody claims go after a uniform time.

Rules of this file: a block is claimed while the newest list of what a reviewer of the charter waits for names it. All others go
when they are `days` old, whoever sent them. Nothing goes that is younger than `LEAST_DAYS`, whatever a clock says: a day counts as
so long ago only when the machine has lived through that time since it first had a later day, by a clock that nobody can set.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from corncrake_server.ports import Blocks, DayMarks, Documents, StoredBlock
    from corncrake_server.services.organisation import Organisation
    from corncrake_server.services.quota import BlockRoom

LEAST_DAYS: Final = 7
_LIVED_DAYS: Final = LEAST_DAYS + 1
"""One more, for what was being stored at the moment that a day was first seen."""
_AT_A_TIME: Final = 20
"""Blocks between two looks at what reviewers wait for: a parcel that comes meanwhile is heeded after as many at most."""


class Expiry:
    """Removes blocks."""

    def __init__(self, blocks: Blocks, documents: Documents, organisation: Organisation, marks: DayMarks, room: BlockRoom, days: int) -> None:  # noqa: PLR0913, PLR0917 - its parts
        """Keep the parts; `days` is `LEAST_DAYS` or more."""
        self._blocks = blocks
        self._documents = documents
        self._organisation = organisation
        self._marks = marks
        self._room = room
        self._days = timedelta(days=days)
        self._one = asyncio.Lock()

    async def sweep(self, today: date) -> int:
        """Remove what has expired; return how many blocks these were.

        Args:
            today: the day of the newest head, which does not run backwards and is not believed to leap.

        Raises:
            StoreError: `store`: not all was looked through; what is left goes the next time.
        """
        async with self._one:
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
        found = {block.id: block for block in blocks}
        opened = await self._organisation.charter_or_none()
        reviewers = {reviewer.id for desk in opened.charter.desks for reviewer in desk.reviewers} if opened is not None else set[str]()
        for block_id in await self._documents.wanted(found, reviewers):
            del found[block_id]
        for block in found.values():
            await self._blocks.remove(block.id)
            self._room.give_back(block.size)
        return len(found)
