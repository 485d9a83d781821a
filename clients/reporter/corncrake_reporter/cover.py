# SPDX-License-Identifier: AGPL-3.0-or-later
"""`cover`: visits of people who have nothing to say, on a schedule, so that a real one is one of several.

Rules of this file: it runs until it is ended. On each day it draws what begins, and at which hour of the day everything of that day happens:
days and hours of the place where the machine is, or all would happen in the few hours that a UTC day and a person's have in common.
What fails is let go: a person would try again another day too. So is what a busy server keeps waiting, or it could end cover.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from corncrake_crypto.errors import CorncrakeError
from corncrake_reporter.clock import day_here, today
from corncrake_reporter.covering import cover_look, cover_message
from corncrake_reporter.habits import Habits, draw_message
from corncrake_reporter.line import Line
from corncrake_reporter.transport import LineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from random import Random

    from corncrake_reporter.habits import Said
    from corncrake_reporter.schedule import Schedule, Step
    from corncrake_reporter.terminal import Terminal
    from corncrake_reporter.visit import Link

FROM_HOUR: Final = 7
TO_HOUR: Final = 23
"""By this machine's clock: nobody writes at night, or hardly anybody."""
_HOUR: Final = 3_600.0
_TURN: Final = 60.0
_PATIENCE: Final = 6 * _HOUR
"""Seconds that one visit may spend waiting in all, thinking included."""


def seconds_of_day() -> float:
    """Return how many seconds of this day have gone by, by this machine's clock."""
    now = datetime.now().astimezone()
    return (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()


@dataclass
class Cover:
    """One run of `cover`.

    Attributes:
        link: where to.
        schedule: what is to come.
        mean_days: days between beginnings, on average.
        terminal: says what is done.
        habits: the model of a person.
        chance: draws everything.
        draw: draws what is sent.
        pause: waits for so many seconds.
        clock: seconds of this day.
    """

    link: Link
    schedule: Schedule
    mean_days: float
    terminal: Terminal
    habits: Habits = field(default_factory=Habits)
    chance: Random = field(default_factory=secrets.SystemRandom)
    draw: Callable[[Habits, Random], Said] = draw_message
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = seconds_of_day

    def run(self, days: int | None) -> None:
        """Cover until so many days are over; None: until somebody ends it.

        Raises:
            StoreError: the schedule cannot be written.
        """
        done = 0
        while days is None or done < days:
            day = day_here()
            self._do_day(day)
            done += 1
            while (days is None or done < days) and day_here() == day:
                self.pause(_TURN)

    def _do_day(self, day: date) -> None:
        self.schedule.draw(day, self.mean_days, self.chance)
        due = [step for step in self.schedule.steps if step.day <= day]
        now, end = self.clock(), TO_HOUR * _HOUR
        if now >= end:
            # Begun at night: what is due is done tomorrow.
            return
        moments = sorted(self.chance.uniform(max(now, FROM_HOUR * _HOUR), end) for _ in due)
        self.chance.shuffle(due)
        for step, moment in zip(due, moments, strict=True):
            while (left := moment - self.clock()) > 0 and day_here() == day:
                self.pause(min(left, _TURN))
            if day_here() != day:
                # What was late is done tomorrow.
                return
            self.do(step)

    def do(self, step: Step) -> None:
        """Do one step.

        Raises:
            StoreError: the schedule cannot be written.
        """
        self.schedule.take(step, self.habits, self.chance)
        said = self.draw(self.habits, self.chance)
        try:
            if step.kind == "check":
                cover_look(self.link, step.codename, today(), in_log=said.looks_in_log)
            else:
                cover_message(self.link, step.codename, said, today(), Line(pause=self._patience()))
        except CorncrakeError as error:
            self.terminal.say("cover_failed", failure=error.failure.value)
        else:
            self.terminal.say("cover_done")

    def _patience(self) -> Callable[[float], None]:
        """Return what waits during one visit, and gives it up when it has waited for `_PATIENCE` seconds in all."""
        left = _PATIENCE

        def pause(seconds: float) -> None:
            nonlocal left
            left -= seconds
            if left < 0:
                raise LineError("the visit has waited for too long")
            self.pause(seconds)

        return pause
