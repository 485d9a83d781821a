# SPDX-License-Identifier: AGPL-3.0-or-later
"""How one leaves the page, and what it says before something is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from development.page_walk import open_page, write
from tests.clients.web.sent_files import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Dialog, Page

MARKER = "kittiwake-on-the-ledge"


def test_leaving_quickly_shows_an_empty_page_with_nothing_to_go_back_to(page: Page, address: str) -> None:
    open_page(page, address)
    write(page, MARKER, [])
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_role("button", name="Leave quickly").click()
    page.wait_for_url("about:blank")
    assert asked == []
    assert page.evaluate("history.length") <= 2
    page.go_back()
    assert page.url == "about:blank"
    assert page.locator("body").inner_text() == ""


def test_a_reload_warns_while_something_would_be_lost_and_not_before(page: Page, address: str) -> None:
    seen: list[str] = []

    def stay(dialog: Dialog) -> None:
        seen.append(dialog.type)
        dialog.dismiss()

    open_page(page, address)
    page.on("dialog", stay)
    page.reload()
    page.get_by_role("heading", name="Before you start").wait_for()
    assert seen == []
    write(page, MARKER, [])
    page.evaluate("setTimeout(() => location.reload(), 0)")
    until(page, lambda: bool(seen), "nobody was warned")
    assert seen == ["beforeunload"]
    assert page.locator("textarea").first.input_value() == MARKER
    assert page.get_by_text("Nothing has been sent.").count() == 1


def test_without_scripts_the_page_says_so_and_names_the_terminal_program(new_page: Callable[..., Page], address: str) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(address)
    # Playwright's search for texts passes over this element, whether it shows or not.
    assert page.locator("noscript h1").is_visible()
    said = page.locator("noscript").inner_text()
    assert "This page needs scripts" in said
    assert said.count("corncrake-reporter") == 2
