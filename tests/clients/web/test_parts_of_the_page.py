# SPDX-License-Identifier: AGPL-3.0-or-later
"""Parts of the page that are fetched when they are needed, and a line that breaks just then: it is told as that, and what was begun goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from development.page_walk import open_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page, Route

UNREADABLE = "cannot be read"


def broken(times: int) -> Callable[[Route], None]:
    """A line that breaks so many times."""
    tried: list[str] = []

    def answer(route: Route) -> None:
        tried.append(route.request.url)
        if len(tried) <= times:
            route.abort()
        else:
            route.continue_()

    return answer


def test_word_lists_that_do_not_come_are_a_broken_line_and_come_when_it_is_tried_again(page: Page, address: str) -> None:
    page.route("**/assets/english-*", broken(1))
    page.goto(address)
    page.get_by_text("The server could not be reached.").wait_for()
    assert page.get_by_text("Something in this page went wrong").count() == 0
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("button", name="Write a report").wait_for()


@pytest.mark.parametrize("part", ["entry", "source"])
def test_a_file_is_looked_at_when_the_line_is_back_and_is_not_said_to_be_unreadable(page: Page, address: str, photos: list[Path], part: str) -> None:
    page.context.route(f"**/assets/{part}-*", broken(1))
    open_page(page, address)
    page.get_by_role("button", name="Write a report").click()
    page.evaluate(f"""() => new MutationObserver(() => {{
        if (document.body.textContent.includes({UNREADABLE!r})) globalThis.accused = true;
    }}).observe(document.body, {{ subtree: true, childList: true, characterData: true }})""")
    page.locator("input[type=file]").set_input_files(photos[:1])
    page.get_by_text("What one.jpg says about you").wait_for()
    assert page.evaluate("globalThis.accused !== true")


def test_a_report_that_is_refused_for_its_week_is_told_as_a_wrong_date(page: Page, address: str) -> None:
    open_page(page, address)
    page.get_by_role("button", name="Write a report").click()
    page.locator("textarea").first.fill("x")
    page.route("**/reports", lambda route: route.fulfill(status=409, json={"failure": "epoch", "detail": ""}))
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Send").click()
    page.get_by_text("The date of this device may be wrong: it says").wait_for()
