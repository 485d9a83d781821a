# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page on a device whose date is wrong: by two days it works, by weeks it says so."""

from datetime import UTC, datetime, time, timedelta

import pytest
from playwright.sync_api import Page

from tests.simulators.organisation import TODAY


def at(page: Page, address: str, days: int) -> str:
    """Open the page on a device that is so many days off; return its day."""
    day = TODAY + timedelta(days=days)
    page.clock.set_fixed_time(datetime.combine(day, time(12), UTC))
    page.goto(address)
    return day.isoformat()


@pytest.mark.parametrize("days", [-2, 2])
def test_two_days_off_opens_the_desk(page: Page, address: str, days: int) -> None:
    at(page, address, days)
    page.get_by_role("button", name="Write a report").wait_for()


@pytest.mark.parametrize("days", [-21, 21, 120])
def test_weeks_off_says_which_day_the_device_has(page: Page, address: str, days: int) -> None:
    day = at(page, address, days)
    page.get_by_text(day).wait_for()
    page.get_by_text("Nothing was sent").wait_for()
    assert page.get_by_text("false page").count() == 0
