# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is read of the log: nothing beyond the newest signed head."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from corncrake_crypto.checkpoint import log_name, parse_checkpoint_text
from corncrake_crypto.cosignature import is_cosigned
from corncrake_crypto.errors import Failure
from corncrake_crypto.note import unverified_text
from corncrake_server.refusals import NotHere

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corncrake_crypto.charter import Witnesses
    from corncrake_server.ports.log import Leaf, Log, StoredHead
    from corncrake_server.services.organisation import Organisation

MOST_LEAVES: Final = 65_536
_MOST_HEADS: Final = 16
"""Heads that are looked through for one with enough cosignatures: two weeks of days on which witnesses were down."""
_FULL: Final = 256
_PATH: Final = re.compile(r"tile/(entries|[0-9]|[1-5][0-9])/((?:x[0-9]{3}/){0,5})([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class LogReader:
    """The public side of the log, and the courier's."""

    def __init__(self, log: Log, organisation: Organisation) -> None:
        """Keep the store, and whose charter says how many witnesses must have cosigned."""
        self._log = log
        self._organisation = organisation

    async def _origin(self, number: int) -> str:
        """Return the origin line that the log of this number has on this server.

        Raises:
            NotHere: `charter`: there is no charter yet.
        """
        return f"{log_name((await self._organisation.charter()).charter.log.origin).host}/log/{number}"

    async def checkpoint(self, number: int) -> bytes:
        """Return the newest checkpoint of the log in force with its cosignatures, the last one of a former log.

        Where the charter demands cosignatures, it is the newest that has enough. While none of the last heads has, or the one that has lies below one
        that was served before (the charter demands more than the last one did), it is the newest: whoever checks it then sees what is missing, and
        nobody sees the log shrink.

        Raises:
            NotHere: `range`: nothing was published yet, or there was no such log.
        """
        origin = await self._origin(number)
        heads = await self._log.signed_heads(_MOST_HEADS)
        if not heads or not _is_of(heads[0], origin):
            note = await self._log.former_checkpoint(origin)
            if note is None:
                raise NotHere("nothing was published yet, or there was never such a log", Failure.RANGE)
            return note
        witnesses = await self._witnesses()
        for head in heads:
            if is_cosigned(note := await self._cosigned(head), witnesses):
                if await self._log.note_served(head) > head.size:
                    break
                return note
        # Read again: another process may have served one that was signed since.
        newest = await self._log.head() or heads[0]
        await self._log.note_served(newest)
        return await self._cosigned(newest)

    async def _cosigned(self, head: StoredHead) -> bytes:
        return (head.note or b"") + b"".join((await self._log.cosignatures(head.size)).values())

    async def _witnesses(self) -> Witnesses | None:
        try:
            return (await self._organisation.charter()).charter.witnesses
        except NotHere:
            return None

    async def tile(self, number: int, path: str) -> bytes:
        """Return a tile of a log's tree as it was signed.

        Raises:
            NotHere: `range`.
        """
        match, origin, tile = _PATH.fullmatch(path), await self._origin(number), None
        if match is not None:
            head = await self._log.head()
            if head is None or not _is_of(head, origin):
                note = await self._log.former_checkpoint(origin)
                # Beyond it may lie what a publication planned that was never finished.
                if note is not None and _last_leaf(match) <= parse_checkpoint_text(unverified_text(note)).size:
                    tile = await self._log.former_tile(origin, path)
            elif _last_leaf(match) <= head.size:
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


def _is_of(head: StoredHead, origin: str) -> bool:
    """Say whether a head is of the log of this origin line: a charter that was read a moment ago may not be the newest any more."""
    return (head.note or b"").startswith(f"{origin}\n".encode())


def _last_leaf(match: re.Match[str]) -> int:
    """Return how many leaves the tree must have for this tile to be part of it."""
    level = 0 if match[1] == "entries" else int(match[1])
    number = int(match[2].replace("x", "").replace("/", "") + match[3])
    width = int(match[4]) if match[4] else _FULL
    return (number * _FULL + width) * _FULL**level
