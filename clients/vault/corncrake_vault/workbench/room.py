# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands behind the viewer's addresses: the files of a thread, and the pictures that were just painted.

Rules of this file: pictures are kept in memory, a few, until the browser has fetched them. Nothing is written anywhere.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from corncrake_vault.evidence.kinds import HEAD, Kind, kind_of
from corncrake_vault.workbench.rendering import Painted, Painter

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from corncrake_vault.workbench.exhibits import Exhibit, Exhibits
    from corncrake_vault.workbench.ranges import Span

FIT: Final = 2_048
"""The longest edge of a picture to look at, in points."""
LARGE: Final = 6_000
"""The same of one to look into."""
PIECE: Final = 256 << 10
"""Bytes of sound or video that are opened at once."""
KEPT_MAX: Final = 16 << 20
"""Bytes of pictures that are kept."""


class _Bytes:
    """One file as the painter asks for it."""

    def __init__(self, exhibits: Exhibits, file: Exhibit) -> None:
        self.size = file.size
        self._exhibits, self._number = exhibits, file.number

    def read(self, start: int, end: int, /) -> bytes:
        return self._exhibits.read(self._number, start, end)


class Room:
    """A thread's files, to be looked at."""

    def __init__(self, exhibits: Exhibits) -> None:
        """Paint nothing yet."""
        self.exhibits = exhibits
        self._painter = Painter()
        self._kept: OrderedDict[tuple[int, int, int, str], Painted] = OrderedDict()

    @property
    def thread(self) -> int:
        """The thread's number."""
        return self.exhibits.thread

    def file(self, number: int) -> tuple[Exhibit, Kind | None] | None:
        """Return a file and its kind, or None when there is no such file."""
        file = self.exhibits.one(number)
        return None if file is None else (file, kind_of(self.exhibits.read(number, 0, min(HEAD, file.size))))

    async def paint(self, file: Exhibit, page: int, edge: int) -> Painted:
        """Return a picture of a file, or of its page `page` from 0, at most `edge` points wide and high.

        Raises:
            NotShown: there is none.
        """
        key = (file.number, page, edge, file.state)
        if key not in self._kept:
            self._kept[key] = await self._painter.paint(_Bytes(self.exhibits, file), page, edge)
        self._kept.move_to_end(key)
        kept = self._kept[key]
        while len(self._kept) > 1 and sum(len(one.jpeg) for one in self._kept.values()) > KEPT_MAX:
            self._kept.popitem(last=False)
        return kept

    async def stretch(self, number: int, span: Span) -> AsyncGenerator[bytes]:
        """Yield the bytes of a stretch of a file piece by piece, each opened when it is wanted."""
        for at in range(span.start, span.end, PIECE):
            yield self.exhibits.read(number, at, min(at + PIECE, span.end))
