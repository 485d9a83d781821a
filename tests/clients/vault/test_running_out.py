# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a vault says of a charter and of weekly keys that run out, and from which day on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from tests.clients.vault.offices import Offices


def told(offices: Offices, what: str) -> bool:
    """Say whether ana's vault speaks of it."""
    said = offices.vault("ana", "status")
    assert said.code == 0, said
    return any(what in need for need in said.data["needs"])


def test_a_charter_that_runs_out_in_30_days_is_spoken_of_and_one_day_earlier_it_is_not(offices: Offices) -> None:
    offices.found("ana")
    expires = offices.opened("1.note").charter.expires
    offices.pass_days(59)
    assert (expires - offices.day).days == 31
    assert not told(offices, "the charter runs out on")
    offices.pass_days(1)
    assert told(offices, f"the charter runs out on {expires.isoformat()}")


def test_a_charter_that_has_run_out_is_spoken_of_as_such(offices: Offices) -> None:
    offices.found("ana")
    offices.pass_days(91)
    assert told(offices, "charter: the charter has expired")


@pytest.mark.parametrize(("days", "left"), [(4, 4), (5, 3), (12, 2)])
def test_keys_for_fewer_than_four_weeks_are_spoken_of(offices: Offices, days: int, left: int) -> None:
    # A Wednesday: four days later the week is still the same, five days later it is not.
    assert TODAY.isoweekday() == 3
    offices.found("ana")
    assert offices.vault("ana", "prekeys", "--weeks", "4").code == 0
    offices.pass_days(days)
    assert told(offices, f"there are keys for {left} weeks only") is (left < 4)
    assert offices.vault("ana", "status").data["weeks_ahead"] == left
