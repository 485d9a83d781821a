# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a browser may hand to others by itself: what is typed, to check its spelling or go on with it; what is shown, to translate it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from development.page_walk import come_back, open_page, read_words, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

STORY = "Gannets over the quay."
HELPED = """() => {
    const helped = (one) => one.spellcheck || one.getAttribute("writingsuggestions") !== "false" || one.autocomplete !== "off";
    return [...document.querySelectorAll("input[type=text], textarea")].filter(helped).map((one) => one.outerHTML);
}"""
TRANSLATED = """(said) => {
    const leaves = [...document.querySelectorAll("main *")].filter((one) => one.children.length === 0 && one.tagName !== "TEXTAREA");
    return [...new Set(leaves.filter((one) => one.textContent.trim() === said).map((one) => one.translate))];
}"""
"""Whether what is all of a place may be translated; empty if it is of none. A sentence of the page may well hold one of the twelve words."""


def test_no_field_lets_the_browser_send_what_is_typed_somewhere_to_look_at_it(page: Page, address: str) -> None:
    open_page(page, address)
    write(page, STORY, [])
    assert page.locator("textarea").count() > 0
    assert page.evaluate(HELPED) == []
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="I have twelve words").click()
    page.get_by_label("Twelve words").wait_for()
    assert page.evaluate(HELPED) == []


def test_neither_the_words_nor_what_somebody_wrote_is_translated(new_page: Callable[..., Page], address: str) -> None:
    page = new_page()
    open_page(page, address)
    write(page, STORY, [])
    page.get_by_role("button", name="Go on").click()
    page.get_by_text(STORY).wait_for()
    assert page.evaluate(TRANSLATED, STORY) == [False]
    page.get_by_role("button", name="Send").click()
    words = read_words(page)
    assert [page.evaluate(TRANSLATED, word) for word in words] == [[False]] * len(words)
    page.get_by_role("button", name="I have noted them").click()
    page.get_by_label("Word number").first.wait_for()
    assert page.evaluate(HELPED) == []
    again = new_page()
    open_page(again, address)
    again.get_by_role("button", name="I have twelve words").click()
    again.get_by_label("Twelve words").press_sequentially("aban")
    again.get_by_role("button", name="abandon", exact=True).wait_for()
    assert again.evaluate(TRANSLATED, "abandon") == [False]
    come_back_to = new_page()
    open_page(come_back_to, address)
    come_back(come_back_to, words)
    assert come_back_to.evaluate(HELPED) == []
