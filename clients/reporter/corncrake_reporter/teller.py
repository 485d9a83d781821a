# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the person is told while something is sent.

Rules of this file: each change is said once; what only grows is shown by a meter. It decides nothing.
"""

from __future__ import annotations

import time
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

    def __init__(self, terminal: Terminal, progress: Progress, sealed: Callable[[], None], signed: Callable[[Progress], None]) -> None:
        """Tell on `terminal`; `sealed` and `signed` are called as `Line` says."""
        self._terminal = terminal
        self._reading = Meter(terminal, "reading")
        self._sending = Meter(terminal, "sending")
        self._waiting = self._held = self._ending = False
        self._until = 0.0
        self._stamping = 0
        self._sealed = sealed
        self._signed = signed
        self.line = Line(tell=self._tell, read=self._reading.show, sealed=lambda _: self._sealed(), signed=self._is_signed, progress=progress)

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

    def _tell_wait(self, progress: Progress) -> None:
        terminal = self._terminal
        if not progress.busy:
            terminal.say(self._wait_key(progress), sent=progress.sent, total=progress.total)
            return
        # By the clock of whoever looks, at the end of the minute.
        at = time.strftime("%H:%M", time.localtime(progress.until + 59))
        when = message(terminal.tongue, "busy_at", time=at) if progress.until else message(terminal.tongue, "busy_soon")
        terminal.say("busy" if progress.signed else "busy_report", sent=progress.sent, when=when)

    def _tell(self, progress: Progress) -> None:
        if progress.waiting and (not self._waiting or progress.until != self._until):
            self._tell_wait(progress)
        if progress.stamping and progress.stamping != self._stamping:
            self._terminal.say("stamping_more" if self._stamping else "stamping")
            self._stamping = progress.stamping
        if progress.held and not self._held:
            self._terminal.say("live_held")
        if progress.ending and not self._ending:
            self._terminal.say("live_ending")
        self._waiting, self._held, self._ending, self._until = progress.waiting, progress.held, progress.ending, progress.until
        if not progress.signed or progress.waiting:
            return
        if progress.live:
            self._sending.show_live(progress.bytes_sent, progress.sent)
        else:
            self._sending.show(progress.bytes_sent, progress.bytes_total)
