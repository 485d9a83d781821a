# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who watches a server from all sides cannot tell cover from people, and could, if cover were made less carefully."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from corncrake_reporter.habits import draw_message
from tests.paths.covering import Draw, Verdict, judge_by_turns, make_runs, observed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from corncrake_reporter.habits import Habits, Said

MOST = 0.55
FEW = 40
"""Visits of each kind that are enough to catch a cover that leaks much."""
COUNTS = {"full": (100, 200, 400, 800, 1_600), "slow": (400, 800, 1_600)}
"""Visits of people, and as many of cover, each of them asked about. Who only guesses is above the limit by chance in 7 of 100 cases with the
first, in 2 of 1,000 with four times and in 1 of 100,000,000 with 16 times as many: so more are made when it seems to be above. More are made of
covers that leak, too, where the few do not show it yet."""


def without_files(habits: Habits, chance: Random) -> Said:
    return draw_message(habits, chance)._replace(files=())


def without_thinking(habits: Habits, chance: Random) -> Said:
    return draw_message(habits, chance)._replace(thinking=0.0)


def with_receipt(habits: Habits, chance: Random) -> Said:
    return draw_message(habits, chance)._replace(looks_in_log=True)


def without_receipt(habits: Habits, chance: Random) -> Said:
    return draw_message(habits, chance)._replace(looks_in_log=False)


LEAKS: dict[str, Draw] = {"without files": without_files, "without thinking": without_thinking}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory, tier: str, show: Callable[[str], None]) -> dict[str, Verdict]:
    """What a classifier makes of cover as it is, and of cover that leaks."""
    covers: dict[str, Draw] = {"as it is": draw_message, **LEAKS}
    with observed(tmp_path_factory.mktemp("cover"), Random(21)) as place:  # noqa: S311 - a model's chance
        runs = make_runs(place, FEW, covers)
        found = {name: judge_by_turns(runs["real"], runs[name]) for name in covers}
        for count in COUNTS.get(tier, COUNTS["full"]):
            asked = {name: draw for name, draw in covers.items() if name == "as it is" or found[name].interval[0] <= MOST}
            for name, more in make_runs(place, count - len(runs["real"]), asked).items():
                runs[name] += more
            found |= {name: judge_by_turns(runs["real"], runs[name]) for name in asked}
            if found["as it is"].accuracy <= MOST and all(found[name].interval[0] > MOST for name in LEAKS):
                break
    for name, verdict in found.items():
        show(f"cover {name}: {verdict}")
    return found


def test_a_classifier_that_sees_all_that_a_server_sees_does_not_tell_cover_from_people(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["as it is"].accuracy <= MOST, str(verdicts["as it is"])


@pytest.mark.parametrize("leak", sorted(LEAKS))
def test_cover_that_leaks_is_told_from_people_by_the_same_classifier(verdicts: dict[str, Verdict], leak: str) -> None:
    assert verdicts[leak].interval[0] > MOST, str(verdicts[leak])


def test_cover_looks_for_an_answer_and_in_the_log_by_the_requests_of_somebody_with_a_receipt(tmp_path: Path) -> None:
    with observed(tmp_path, Random(21)) as place:  # noqa: S311 - a model's chance
        for draw, looks in ((with_receipt, True), (without_receipt, False)):
            real, cover = (
                [(one.method, one.path, one.size) for one in seen.asked] for seen in (place.real("check", draw), place.cover(draw, "check"))
            )
            assert cover == real
            assert any(path.startswith("/log/1/tile/entries/") for _, path, _ in cover) is looks
