# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which days there have been, and how long ago, by a clock that nobody can set: one small file.

Rules of this file: time counts as lived only when the machine's own counter has run through it; from one note to the next at most a
day counts, so that a folder that is moved to another machine gains no more. A file that is missing or damaged is begun anew: then
nothing is old. It says nothing about reports or blocks.
"""

from __future__ import annotations

import asyncio
from datetime import date  # noqa: TC003 - read when the struct is made
from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import canonical, decode_canonical
from corncrake_crypto.errors import CorncrakeError
from corncrake_crypto.fields import Day, Natural, Wire
from corncrake_server.storage.files import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from corncrake_server.clock import Clock

_DAY_SECONDS: Final = 86_400
_LIMIT: Final = 1 << 20


class _Mark(Wire, frozen=True, kw_only=True):
    """A day, and what was lived when it was first seen."""

    day: Day
    lived: Natural


class _Marks(Wire, frozen=True, kw_only=True):
    """Seconds lived through in all, what the machine's counter said then, and the days seen, each later than the one before."""

    lived: Natural
    uptime: Natural
    marks: tuple[_Mark, ...]


class FileDayMarks:
    """`ports.blocks.DayMarks` in a file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Keep where, and the clock whose `uptime` is asked."""
        self._path = path
        self._clock = clock

    async def note(self, today: date, days: int) -> date | None:
        """Note a day; see `ports.blocks.DayMarks.note`."""
        return await asyncio.to_thread(self._note, today, days)

    def _note(self, today: date, days: int) -> date | None:
        uptime = int(self._clock.uptime())
        old = self._read() or _Marks(lived=0, uptime=uptime, marks=())
        # A counter that is lower than before began anew since: so long it has run at least.
        passed = uptime - old.uptime if uptime >= old.uptime else uptime
        lived = old.lived + min(passed, _DAY_SECONDS)
        marks = list(old.marks)
        if not marks or marks[-1].day < today:
            marks.append(_Mark(day=today, lived=lived))
        ago = [mark for mark in marks if mark.lived <= lived - days * _DAY_SECONDS]
        # Of those that are long ago only the newest will be asked for again.
        kept = marks[max(len(ago) - 1, 0) :]
        write_private(self._path, canonical(_Marks(lived=lived, uptime=uptime, marks=tuple(kept))))
        return ago[-1].day if ago else None

    def _read(self) -> _Marks | None:
        try:
            return decode_canonical(self._path.read_bytes()[:_LIMIT], _Marks)
        except (OSError, CorncrakeError):
            return None
