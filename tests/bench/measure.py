# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a figure is taken: several rounds, ours and its limit in turn, medians, and their spread.

Rules of this file: ours and the limit are measured in the same run, one after the other in each round, so that a slow minute of the machine
hits both. A ratio is never compared with a figure from another run.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS: Final = 7


class Figure(msgspec.Struct, frozen=True):
    """One benchmark: our value, the limit's, what they are in, how they were taken.

    Attributes:
        value: ours, in `unit`.
        limit: the limit's, in `unit`; None for a figure that has none.
        ratio: ours over the limit.
        unit: of value and limit.
        how: one sentence.
        spread: of the ratios (or values) of all rounds: smallest and largest.
    """

    value: float
    limit: float | None
    ratio: float | None
    unit: str
    how: str
    spread: tuple[float, float]


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rates(ours: Callable[[], object], limit: Callable[[], object], amount: float, unit: str, how: str) -> Figure:
    """Compare two pieces of work that each get `amount` of something done: the figure is amount per second."""
    ours()
    limit()
    pairs = [(amount / seconds(ours), amount / seconds(limit)) for _ in range(ROUNDS)]
    ratios = [mine / best for mine, best in pairs]
    return Figure(
        value=statistics.median(mine for mine, _ in pairs),
        limit=statistics.median(best for _, best in pairs),
        ratio=statistics.median(ratios),
        unit=unit,
        how=how,
        spread=(min(ratios), max(ratios)),
    )


def from_values(values: list[float], limit: float | None, unit: str, how: str) -> Figure:
    """Make a figure of values that were taken one by one."""
    value = statistics.median(values)
    ratio = None if limit is None else value / limit
    return Figure(value=value, limit=limit, ratio=ratio, unit=unit, how=how, spread=(min(values), max(values)))
