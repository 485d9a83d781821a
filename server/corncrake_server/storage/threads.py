# SPDX-License-Identifier: AGPL-3.0-or-later
"""Work of a disk beside the event loop, in threads of its own.

Rules of this file: whoever waits for a thread does not leave before it has come back, cancelled or not: what the thread works on,
an open file before all, must not be closed beneath it.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Threads:
    """A number of threads."""

    def __init__(self, most: int, name: str) -> None:
        """Start none yet; `most` of them run at once, and what is more waits."""
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=name)

    async def run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Return what `work` returns."""
        future = asyncio.wrap_future(self._pool.submit(work, *args, **kwargs))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise
