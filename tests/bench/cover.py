# SPDX-License-Identifier: AGPL-3.0-or-later
"""How often a classifier that sees all that a server sees names a visit rightly as a person's or as cover."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import SystemRandom
from typing import Final

from corncrake_reporter.habits import draw_message
from tests.bench.measure import Figure
from tests.paths.covering import judge, make_runs, observed

TRAIN: Final = 400
HELD_OUT: Final = 400
LIMIT: Final = 0.55


def bench_cover_classifier_accuracy() -> Figure:
    """Accuracy on runs that the classifier has not seen; a guess has a half."""
    with tempfile.TemporaryDirectory(prefix="corncrake-bench-") as folder, observed(Path(folder), SystemRandom()) as place:
        runs = make_runs(place, (TRAIN + HELD_OUT) // 2, {"cover": draw_message})
    verdict = judge(runs["real"], runs["cover"], HELD_OUT)
    how = f"a random forest trained on {TRAIN} visits: {verdict}; spread: that interval"
    return Figure(value=verdict.accuracy, limit=LIMIT, ratio=verdict.accuracy / LIMIT, unit="of 1", how=how, spread=verdict.interval)
