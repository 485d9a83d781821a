# SPDX-License-Identifier: AGPL-3.0-or-later
"""Gathers the pieces of bodies that come at the same time, so that each is written a few times and not a hundred.

Rules of this file: what is gathered is memory, and is bounded for all bodies together: when they hold too much, each piece is handed
on as it comes. Those that trickle can use that up; others are then slower, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

ENOUGH: Final = 1 << 20
"""Bytes that are handed on at once."""
MOST_PIECES: Final = 64
"""Pieces that are: small ones take more memory than their bytes."""
MOST_HELD: Final = 8 << 20
"""Bytes that all bodies hold together, but for the last piece of each."""


class Gathering:
    """What the bodies of one store hold."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._held = 0

    async def gathered(self, pieces: AsyncIterator[bytes]) -> AsyncGenerator[list[bytes]]:
        """Hand on all `pieces` in their order, some at a time; they count as held until the next are asked for."""
        some, size = list[bytes](), 0
        try:
            async for piece in pieces:
                some.append(piece)
                size += len(piece)
                self._held += len(piece)
                if size >= ENOUGH or len(some) == MOST_PIECES or self._held > MOST_HELD:
                    yield some
                    self._held -= size
                    some, size = [], 0
            if some:
                yield some
        finally:
            self._held -= size
