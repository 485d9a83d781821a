# SPDX-License-Identifier: AGPL-3.0-or-later
"""How far it has come, as a person sees it: a bar that moves, or a plain line now and then where nothing can be written over.

Rules of this file: bytes are those of what leaves, in powers of ten; the rate is that of the last seconds. No more is said than is known:
no time left before there is a rate.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

from corncrake_reporter.messages import message

if TYPE_CHECKING:
    from collections.abc import Callable

    from corncrake_reporter.terminal import Terminal

REDRAW_SECONDS: Final = 0.2
PLAIN_SECONDS: Final = 10.0
_WINDOW_SECONDS: Final = 20.0
_CELLS: Final = 20
_STEP: Final = 1_000


def amount(count: float) -> str:
    """Return a number of bytes as people write it: `12.3 MB`."""
    for unit in ("bytes", "kB", "MB"):
        if count < _STEP:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= _STEP
    return f"{count:.2f} GB"


class Meter:
    """Says how far one thing has come: `what` is the key of its name."""

    def __init__(self, terminal: Terminal, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Say nothing yet; `clock` gives seconds."""
        self._terminal = terminal
        self._what = what
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()
        self._shown = 0.0

    def rate(self, done: int) -> float:
        """Note how many bytes are done, and return how many a second it was lately; 0 while that is not known."""
        now = self._clock()
        self._seen.append((now, done))
        while now - self._seen[0][0] > _WINDOW_SECONDS and len(self._seen) > 2:  # noqa: PLR2004 - a rate needs two
            self._seen.popleft()
        began, before = self._seen[0]
        return max(0.0, (done - before) / (now - began)) if now - began >= 1 else 0.0

    def _is_due(self) -> bool:
        now = self._clock()
        if now - self._shown < (REDRAW_SECONDS if self._terminal.can_rewrite else PLAIN_SECONDS):
            return False
        # The first line is said when something has taken its time, not at once.
        first, self._shown = self._shown == 0.0, now
        return self._terminal.can_rewrite or not first

    def show(self, done: int, total: int) -> None:
        """Show how many bytes of how many are done."""
        if not total or not self._is_due():
            return
        rate, tongue = self.rate(done), self._terminal.tongue
        full = min(_CELLS, _CELLS * done // total)
        text = message(
            tongue,
            "bar",
            what=message(tongue, self._what),
            bar=f"[{'#' * full}{'.' * (_CELLS - full)}]",
            percent=min(100, 100 * done // total),
            done=amount(done),
            total=amount(total),
        )
        if rate:
            text += message(tongue, "bar_rate", rate=amount(rate)) + self._left((total - done) / rate)
        self._put(text)

    def show_live(self, done: int, sent: int) -> None:
        """Show how much of a recording has left."""
        if self._is_due():
            self._put(message(self._terminal.tongue, "live_bar", done=amount(done), sent=sent))

    def _left(self, seconds: float) -> str:
        minutes = round(seconds / 60)
        key = "left_soon" if minutes < 1 else "left_minutes" if minutes < 60 else "left_hours"  # noqa: PLR2004 - minutes of an hour
        values = {"hours": minutes // 60, "minutes": minutes % 60} if key == "left_hours" else {"minutes": minutes}
        return message(self._terminal.tongue, key, **values)

    def _put(self, text: str) -> None:
        if self._terminal.can_rewrite:
            self._terminal.bar(text)
        else:
            self._terminal.show(text)
