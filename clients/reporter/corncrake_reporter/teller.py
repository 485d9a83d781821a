# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the person is told while something is sent.

Rules of this file: each change is said once; what only grows is shown by a meter. It decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corncrake_reporter.line import Line
from corncrake_reporter.messages import message
from corncrake_reporter.meter import Meter

if TYPE_CHECKING:
    from collections.abc import Callable

    from corncrake_reporter.attachments import Attachment
    from corncrake_reporter.line import Progress
    from corncrake_reporter.terminal import Terminal


def tell_file(one: Attachment, page: str, terminal: Terminal) -> None:
    """Say what a file says about the person, and what becomes of that; `page` is the address of the page that can do more."""
    tells = ", ".join(message(terminal.tongue, f"tell_{tell}") for tell in one.tells)
    if one.kind != "jpeg":
        key = f"file_{one.kind}"
    elif one.cleaning == "strip":
        key = "file_removed" if tells else "file_clean"
    else:
        key = "file_kept" if tells else "file_kept_clean"
    terminal.say(key, name=one.name, tells=tells, page=page)


class Teller:
    """Follows one sending."""

    def __init__(self, terminal: Terminal, progress: Progress, signed: Callable[[Progress], None]) -> None:
        """Tell on `terminal`; `signed` is called when the server has signed for the report."""
        self._terminal = terminal
        self._reading = Meter(terminal, "reading")
        self._sending = Meter(terminal, "sending")
        self._waiting = self._held = False
        self._signed = signed
        self.line = Line(tell=self._tell, read=self._reading.show, signed=self._is_signed, progress=progress)

    def _is_signed(self, progress: Progress) -> None:
        if progress.receipt is not None:
            self._terminal.say("report_left")
        self._signed(progress)
        if progress.live:
            self._terminal.say("live_begins")

    def _wait_key(self, progress: Progress) -> str:
        if not progress.signed:
            return "wait_report"
        return "wait_live" if progress.live else "wait_blocks"

    def _tell(self, progress: Progress) -> None:
        if progress.waiting and not self._waiting:
            self._terminal.say(self._wait_key(progress), sent=progress.sent, total=progress.total)
        if progress.held and not self._held:
            self._terminal.say("live_held")
        self._waiting, self._held = progress.waiting, progress.held
        if not progress.signed or progress.waiting:
            return
        if progress.live:
            self._sending.show_live(progress.bytes_sent, progress.sent)
        else:
            self._sending.show(progress.bytes_sent, progress.bytes_total)
