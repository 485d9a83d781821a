# SPDX-License-Identifier: AGPL-3.0-or-later
"""How patient sending is with a bad line, and what is known of how far it has come.

Rules of this file: a broken line is waited for, a little longer each time, up to a number of tries; a server that has no room or is busy, for
as long as it is so. A 'no' of the server is not waited for. Only the thread that the program began with waits, tells and counts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from corncrake_reporter.transport import BusyError, LineError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

FIRST_PAUSE: Final = 1.0
"""Seconds until a broken line is tried again; doubled each time."""
LONGEST_PAUSE: Final = 30.0
TRIES: Final = 40
LONGEST_ASKED: Final = 3_600.0
"""Longest pause, in seconds, that a server may ask for."""
_TURN: Final = 1.0
"""Seconds of a long pause after which it is looked whether there is something to tell."""
_WORTH_SAYING: Final = 60.0


@dataclass
class Progress:
    """What has left, also when the rest never does.

    Attributes:
        report: its id, 64 hex characters.
        tried: the report was sent at least once, so that the server may have it.
        receipt: the receipt note, verified.
        signed: the server has the report: `receipt` says so, or did in an earlier run.
        sent, total: blocks; `total` is 0 while nobody knows how many there will be.
        bytes_sent, bytes_total: of sealed blocks, those in part on the line included.
        waiting: the line is broken at the moment, or the server busy.
        busy: the server is what is waited for.
        until: when it is tried again, in seconds since 1970, when that is more than a minute away; 0 otherwise.
        stamping: the step of the stamp that is being made for a busy server; 0 for none.
        named: the words were shown already.
        kept: a file to go on from is on the disk.
        wrote: such a file was written at some time.
        continued: this run goes on with what an earlier one began.
        live: what is sent is still being recorded.
        held: more comes in than leaves, so that nothing is read for the moment.
        ending: the person has ended the recording, and the rest of it leaves.
        closed: the message that closes the recording has arrived.
    """

    report: str = ""
    tried: bool = False
    receipt: bytes | None = None
    signed: bool = False
    sent: int = 0
    total: int = 0
    bytes_sent: int = 0
    bytes_total: int = 0
    waiting: bool = False
    busy: bool = False
    until: float = 0.0
    stamping: int = 0
    named: bool = False
    kept: bool = False
    wrote: bool = False
    continued: bool = False
    live: bool = False
    held: bool = False
    ending: bool = False
    closed: bool = False

    def may_be_there(self, error: BaseException) -> bool:
        """Say whether the server may have the report, although nobody saw its receipt, when sending ended with `error`."""
        # A clear 'no' to the only try says that it has not; what became of an earlier try, of this run or one before, is not known.
        refused = isinstance(error, RefusedError) and error.is_certain and not self.waiting and not self.continued
        return self.tried and not self.signed and not refused


def _ignore(*_: object) -> None:
    """Tell nobody."""


@dataclass
class Line:
    """How patient sending is, and whom it tells.

    Attributes:
        tell: is called whenever something may have changed, several times a second.
        read: is told how many bytes of how many were read, before anything leaves.
        sealed: is called once, when the report is sealed and before anything of it leaves or is written anywhere.
        signed: is called once, when the server has signed for the report and before any file leaves.
        pause: waits for so many seconds.
        tries: in a row, after which a broken line is given up; None never. What a busy server answers does not count.
        progress: how far it has come.
    """

    tell: Callable[[Progress], None] = _ignore
    read: Callable[[int, int], None] = _ignore
    sealed: Callable[[Progress], None] = _ignore
    signed: Callable[[Progress], None] = _ignore
    pause: Callable[[float], None] = time.sleep
    tries: int | None = TRIES
    progress: Progress = field(default_factory=Progress)
    _failed: int = field(default=0, init=False)
    _broken: int = field(default=0, init=False)

    def failed(self, error: LineError) -> None:
        """Say that a try has failed, and wait.

        Raises:
            LineError: the same, when the line was broken so often in a row that it is given up.
        """
        busy = isinstance(error, BusyError)
        self._failed += 1
        self._broken += not busy
        if not busy and self.tries is not None and self._broken >= self.tries:
            raise error
        seconds = min(FIRST_PAUSE * 2 ** min(self._failed - 1, 10), LONGEST_PAUSE)
        if isinstance(error, BusyError):
            seconds = max(seconds, min(float(error.after), LONGEST_ASKED))
        self._wait(seconds, busy=busy)

    def _wait(self, seconds: float, *, busy: bool) -> None:
        is_long = seconds >= _WORTH_SAYING
        self.progress.waiting, self.progress.busy = True, busy
        self.progress.until = time.time() + seconds if is_long else 0.0
        self.tell(self.progress)
        left = seconds
        while is_long and left > _TURN:
            self.pause(_TURN)
            left -= _TURN
            self.tell(self.progress)
        self.pause(left)

    def went(self) -> None:
        """Say that a try went well."""
        self._failed = self._broken = 0
        self.progress.waiting = self.progress.busy = False
        self.progress.until = 0.0

    def persist(self, step: Callable[[], T]) -> T:
        """Do one step; while the line is broken or the server busy, say so and try again, a little later each time.

        Raises:
            LineError: after `tries`.
        """
        while True:
            try:
                result = step()
            except LineError as error:
                self.failed(error)
            else:
                self.went()
                return result
