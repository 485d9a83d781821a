# SPDX-License-Identifier: AGPL-3.0-or-later
"""Room on the disk."""

from __future__ import annotations

from typing import BinaryIO, Protocol


class Disk(Protocol):
    """How much room there is."""

    def check_room(self, length: int) -> None:
        """Check that `length` bytes of reports may be stored.

        Raises:
            NoRoom: they may not.
        """
        ...


class Spool(Protocol):
    """Room on the disk for what is read twice before it is accepted."""

    def open(self, length: int) -> BinaryIO:
        """Return an empty file for `length` bytes, gone when it is closed.

        Raises:
            NoRoom: the disk is too full.   StoreError: `store`: it cannot be made.
        """
        ...

    async def write(self, file: BinaryIO, piece: bytes) -> None:
        """Write a piece to a file that `open` gave; when this is cancelled, nothing writes any more once it returns.

        Raises:
            NoRoom: the disk has become too full: however many come at once, they never reach what is kept for reports.
            StoreError: `store`: it cannot be written.
        """
        ...
