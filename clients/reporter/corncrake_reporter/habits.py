# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people do who report: how much they write, which files they bring, how long they think, when they come back.

Rules of this file: it is the one model of a person, and every number of it stands in `Habits`. What covers is drawn from it, and so is what
tests have people do. Nobody was ever measured for it: it is a guess, and cover is as good as the guess.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from random import Random

Kind = Literal["first", "add", "check"]

DAY: Final = 86_400.0


@dataclass(frozen=True)
class Habits:
    """The numbers of the model.

    Attributes:
        text, text_spread: median of the characters that somebody writes, and the standard deviation of its logarithm.
        thinking, thinking_spread: the same of the seconds between the first request of a visit and the report.
        brings_files: how likely a message has files; each further one is half as likely.
        size, size_spread, most_size: as `text`, of the bytes of a file; and the largest.
        comes_back: mean number of visits after a first report; as many days later as `days_apart` says.
        adds: how likely it is that somebody writes more at such a visit.
        looks_in_log: how likely it is that somebody who only looks for an answer kept the receipt, and looks for that in the log.
        days_apart: mean days between visits.
    """

    text: float = 900.0
    text_spread: float = 1.1
    thinking: float = 480.0
    thinking_spread: float = 0.7
    brings_files: float = 0.4
    size: float = 2_500_000.0
    size_spread: float = 1.3
    most_size: int = 256 << 20
    comes_back: float = 2.0
    adds: float = 0.3
    looks_in_log: float = 0.2
    days_apart: float = 3.0


class Said(NamedTuple):
    """One visit: how many characters, files of which sizes, after how many seconds of thought; whether the log is read where nothing is sent."""

    text: int
    files: tuple[int, ...]
    thinking: float
    looks_in_log: bool


def _around(median: float, spread: float, chance: Random) -> float:
    return chance.lognormvariate(math.log(median), spread)


def draw_message(habits: Habits, chance: Random) -> Said:
    """Draw what somebody does at one visit."""
    files: list[int] = []
    likely = habits.brings_files
    while chance.random() < likely:
        files.append(max(1, min(habits.most_size, round(_around(habits.size, habits.size_spread, chance)))))
        likely = 1 / 2
    text = max(1, min(100_000, round(_around(habits.text, habits.text_spread, chance))))
    thinking = _around(habits.thinking, habits.thinking_spread, chance)
    return Said(text, tuple(files[:16]), thinking, chance.random() < habits.looks_in_log)


def draw_returns(habits: Habits, chance: Random) -> list[tuple[int, Kind]]:
    """Draw how somebody comes back after a first report: after how many days each time, and what for."""
    returns: list[tuple[int, Kind]] = []
    day = 0.0
    while chance.random() < habits.comes_back / (1 + habits.comes_back):
        day += chance.expovariate(1 / habits.days_apart)
        returns.append((max(1, math.ceil(day)), "add" if chance.random() < habits.adds else "check"))
    return returns


def draw_beginnings(mean_days: float, chance: Random) -> int:
    """Draw how many reports begin on one day, when one begins every `mean_days` on average, each by itself."""
    count, waited = 0, chance.expovariate(1 / mean_days)
    while waited < 1:
        count += 1
        waited += chance.expovariate(1 / mean_days)
    return count
