# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs the cases of crypto/vectors/stamp/."""

from typing import Any

from corncrake_crypto import stamp
from corncrake_crypto.encoding import day_text, parse_day


def run(case: dict[str, Any]) -> None:
    """Run one case."""
    if case["do"] == "parse_stamp":
        found = stamp.parse_stamp(case["text"])
        assert found._asdict() | {"day": day_text(found.day)} == case["expected"]
        assert stamp.stamp_text(found) == case["text"]
        return
    if case["do"] == "step_paid":
        assert stamp.step_paid(case["bits"], case["steps"]) == case["expected"]
        return
    day = parse_day(case["day"])
    if case["do"] == "zero_bits":
        one = stamp.Stamp(day, case["report"], case["nonce"])
        assert stamp.zero_bits(one, case["origin"], case["charter"]) == case["expected"]
        return
    assert case["do"] == "search"
    search = stamp.Search(case["origin"], case["charter"], day, case["report"])
    # In two runs, as a program does that tells how far it is.
    first = search.run(case["bits"], case["expected_tried"] // 2)
    found = search.run(case["bits"], case["expected_tried"])
    assert first is None
    assert found is not None
    assert stamp.stamp_text(found) == case["expected_text"]
    assert search.tried == case["expected_tried"]
