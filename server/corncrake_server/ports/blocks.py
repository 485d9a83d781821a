# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sealed blocks of files, and for how long they have been here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import date


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """All that a store knows of a block, but for its bytes. `id`: 32 lower-case hex characters; `size`: bytes on the wire."""

    id: str
    size: int
    day: date


class Blocks(Protocol):
    """Sealed blocks of files. Whoever implements this owes:

    - **Written once.** Under an id stand for ever the bytes that came first. Of two that come at the same time one wins; the
      other is compared with it byte by byte, and is the same or a `Conflict`.
    - **Idempotent.** Every verb may be called again with the same arguments, after any error too, and comes to the same.
    - **Durable before it returns.** A block of which `put` has said anything but an error survives the loss of power, name and all.
    - **Whole or not there.** Nobody reads, finds or lists a part of a block; what fails, or is killed, leaves nothing that is seen.
    - **Flat.** Any number of blocks may come at once: what is not stored yet is on a disk, or, of a few at a time, in memory.
    - **Silent.** Of a block it keeps id, bytes and a day: no kind, no name, no owner, and no finer time that it can help.

    Faults are `StoreError`, and say nothing about a block.
    """  # noqa: D415 - it begins with a list

    async def put(self, block_id: str, length: int, pieces: AsyncIterator[bytes], day: str) -> bool:
        """Store a block; True when it is new, False when the same bytes are there, which keep their day.

        Args:
            block_id: 32 lower-case hex characters.
            length: bytes that will come.
            pieces: exactly those; when it raises an error, nothing is stored and the error goes on.
            day: `YYYY-MM-DD`, for a store without a clock of its own.

        Raises:
            Conflict: `block`: other bytes are there.   NoRoom: the disk is too full.
        """
        ...

    async def size(self, block_id: str) -> int | None:
        """Return the length of a block in bytes, None when it is not there."""
        ...

    async def read(self, block_id: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """Return the bytes start ≤ index < stop of a block in pieces; they may be read though the block is removed meanwhile.

        Raises:
            NotHere: `block`.
        """
        ...

    def stored(self) -> AsyncIterator[StoredBlock]:
        """Yield all blocks, in any order; one that comes or goes meanwhile may be among them or not."""
        ...

    async def remove(self, block_id: str) -> None:
        """Remove a block, if it is there."""
        ...

    async def clear(self, *, alone: bool) -> None:
        """Remove what ended processes have left half written; `alone`: no other process uses this store now."""
        ...

    async def day_now(self, today: date) -> date:
        """Return the day that a block stored now would have: `today`, or what the store's own clock says."""
        ...

    async def check(self) -> None:
        """Check that the store can be reached and written to; leave nothing there.

        Raises:
            StoreError: `store`: it says what is wrong.   NoRoom: it may not grow.
        """
        ...


class DayMarks(Protocol):
    """Which days there have been, and how long ago, by a clock that nobody can set."""

    async def note(self, today: date, days: int) -> date | None:
        """Note that it is `today`; return the newest day first noted at least `days` times 24 hours ago, None when there is none.

        Days do not run backwards: one that lies before the newest noted adds nothing.

        Raises:
            StoreError: `store`: it could not be noted.
        """
        ...
