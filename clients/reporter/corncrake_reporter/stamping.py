# SPDX-License-Identifier: AGPL-3.0-or-later
"""Posting a report to a server that may be loaded: without a stamp first, and with one when the server says that it would help.

Rules of this file: no work is done that nobody asked for, and none that the charter has no price for. The same bytes go each time. Work that
was done once is used again, until its day lies too far back for the server.

Source: crypto/spec/stamp.md §3.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from corncrake_crypto.stamp import Search, stamp_text
from corncrake_reporter.clock import today
from corncrake_reporter.transport import BusyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from corncrake_reporter.line import Line
    from corncrake_reporter.visit import Visit

TRIES_AT_ONCE: Final = 1 << 16
"""Between two looks at whether the person wants to end it: some tenths of a second."""
_GOOD: Final = timedelta(days=2)
"""After which a stamp is made anew: the server takes one of two days ago, by its own clock."""


class Stamping:
    """The stamps of one report.

    Attributes:
        text: the newest, None before there is one.
    """

    def __init__(self, papers: Visit, report: str, line: Line) -> None:
        """Prepare for the report with this id."""
        self._papers = papers
        self._report = report
        self._steps = papers.charter.charter.stamps or ()
        self._begin()
        self._line = line
        self._paid = 0
        self.text: str | None = None

    def _begin(self) -> None:
        charter = self._papers.charter
        self._day = self._today()
        self._search = Search(charter.charter.origin, charter.ref.sha256, self._day, self._report)

    def _today(self) -> date:
        """Return the day that it is by now: a busy server may have been waited for since the papers came."""
        return max(self._papers.presence.today, today())

    def post(self, send: Callable[[str | None], bytes]) -> bytes:
        """Send, and send again with a stamp of a higher step each time that the server asks for one.

        Raises:
            LineError, RefusedError: as `send`; BusyError, when no further stamp would help.
        """
        while True:
            try:
                return send(self.text)
            except BusyError as error:
                if self._today() - self._day >= _GOOD:
                    self._begin()
                    self._paid = 0
                if error.step is None or not self._paid < error.step <= len(self._steps):
                    raise
                self._work(error.step)

    def _work(self, step: int) -> None:
        progress, bits = self._line.progress, self._steps[step - 1]
        progress.stamping = step
        self._line.tell(progress)
        try:
            while (stamp := self._search.run(bits, TRIES_AT_ONCE)) is None:
                self._line.tell(progress)
        finally:
            progress.stamping = 0
        self._line.tell(progress)
        self._paid, self.text = step, stamp_text(stamp)
