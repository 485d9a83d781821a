# SPDX-License-Identifier: AGPL-3.0-or-later
"""How patient sending is with a bad line, and what is known of how far it has come.

Rules of this file: a broken line is waited for, a little longer each time; a 'no' of the server is not. Only the thread that the program
began with waits, tells and counts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from corncrake_reporter.transport import LineError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

FIRST_PAUSE: Final = 1.0
"""Seconds until a broken line is tried again; doubled each time."""
LONGEST_PAUSE: Final = 30.0
TRIES: Final = 40


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
        waiting: the line is broken at the moment.
        kept: a file to go on from is on the disk.
        continued: this run goes on with what an earlier one began.
        live: what is sent is still being recorded.
        held: more comes in than leaves, so that nothing is read for the moment.
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
    kept: bool = False
    continued: bool = False
    live: bool = False
    held: bool = False
    closed: bool = False


def _ignore(*_: object) -> None:
    """Tell nobody."""


@dataclass
class Line:
    """How patient sending is, and whom it tells.

    Attributes:
        tell: is called whenever something may have changed, several times a second.
        read: is told how many bytes of how many were read, before anything leaves.
        signed: is called once, when the server has signed for the report and before any file leaves.
        pause: waits for so many seconds.
        tries: in a row, after which a broken line is given up.
        progress: how far it has come.
    """

    tell: Callable[[Progress], None] = _ignore
    read: Callable[[int, int], None] = _ignore
    signed: Callable[[Progress], None] = _ignore
    pause: Callable[[float], None] = time.sleep
    tries: int = TRIES
    progress: Progress = field(default_factory=Progress)

    def broke(self, times: int) -> None:
        """Say that the line broke for the `times`th time in a row, and wait."""
        self.progress.waiting = True
        self.tell(self.progress)
        self.pause(min(FIRST_PAUSE * 2 ** (times - 1), LONGEST_PAUSE))

    def persist(self, step: Callable[[], T]) -> T:
        """Do one step; while the line is broken, say so and try again, a little later each time.

        Raises:
            LineError: after `tries`.
        """
        for times in range(1, self.tries):
            try:
                result = step()
            except LineError:
                self.broke(times)
            else:
                self.progress.waiting = False
                return result
        return step()
