# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is read of the log: nothing beyond the newest signed head."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from corncrake_crypto.errors import Failure
from corncrake_server.refusals import NotHere

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corncrake_server.ports import Leaf, Log

MOST_LEAVES: Final = 65_536
_FULL: Final = 256
_PATH: Final = re.compile(r"tile/(entries|[0-9]|[1-5][0-9])/((?:x[0-9]{3}/){0,5})([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class LogReader:
    """The public side of the log, and the courier's."""

    def __init__(self, log: Log) -> None:
        """Keep the store."""
        self._log = log

    async def checkpoint(self) -> bytes:
        """Return the newest signed checkpoint.

        Raises:
            NotHere: `range`: nothing was published yet.
        """
        head = await self._log.head()
        if head is None or head.note is None:
            raise NotHere("nothing was published yet", Failure.RANGE)
        return head.note

    async def tile(self, path: str) -> bytes:
        """Return a tile of the tree as it was signed.

        Raises:
            NotHere: `range`.
        """
        head = await self._log.head()
        match = _PATH.fullmatch(path)
        tile = None
        if head is not None and match is not None and _last_leaf(match) <= head.size:
            tile = await self._log.tile(path)
        if tile is None:
            raise NotHere("the log has no such tile", Failure.RANGE)
        return tile

    async def leaves(self, start: int, end: int) -> Sequence[Leaf]:
        """Return leaves start ≤ index < end, at most `MOST_LEAVES` and none beyond the newest head.

        Raises:
            NotHere: `range`: the range is empty or too long.
        """
        if not 0 <= start < end < 1 << 53 or end - start > MOST_LEAVES:
            raise NotHere(f"a range has 1 to {MOST_LEAVES} leaves", Failure.RANGE)
        return await self._log.leaves(start, end)


def _last_leaf(match: re.Match[str]) -> int:
    """Return how many leaves the tree must have for this tile to be part of it."""
    level = 0 if match[1] == "entries" else int(match[1])
    number = int(match[2].replace("x", "").replace("/", "") + match[3])
    width = int(match[4]) if match[4] else _FULL
    return (number * _FULL + width) * _FULL**level
