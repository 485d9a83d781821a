# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page, used as a person uses it, in real Chromium: for the demonstration and for tests.

Rules of this file: controls are found by what a person reads on them. The browser's sandbox is off only when we are root, where it cannot start.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from playwright.sync_api import Browser, Page, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

CHROMIUM: Final = "/usr/bin/chromium"
PHONE: Final = {"width": 390, "height": 844}
PATIENCE_MS: Final = 60_000
WORDS: Final = 12


def arguments() -> list[str]:
    """The words that Chromium starts with: nothing of it talks to anybody but our server."""
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return [*quiet, "--no-sandbox"] if os.geteuid() == 0 else quiet


@contextmanager
def browser(*more: str) -> Generator[Browser]:
    """A running Chromium."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=[*arguments(), *more])
        try:
            yield running
        finally:
            running.close()


def open_page(page: Page, address: str) -> None:
    """Open the page and wait for its first screen."""
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    page.get_by_role("heading", name="Before you start").wait_for()


def write(page: Page, text: str, photos: list[Path]) -> None:
    """From the first screen to the sheet, filled in."""
    page.get_by_role("button", name="Write a report").click()
    page.locator("textarea").first.fill(text)
    if photos:
        page.locator("input[type=file]").set_input_files(photos)
        page.get_by_text(f"What {photos[-1].name} says about you").wait_for(state="attached")


def read_words(page: Page) -> list[str]:
    """Wait for the twelve words and read them."""
    page.get_by_role("heading", name="Your twelve words").wait_for()
    return page.locator("ol.words li").all_inner_texts()


def pass_check(page: Page, words: list[str]) -> None:
    """Pass the check of two words, while files may still be on their way."""
    page.get_by_role("button", name="I have noted them").click()
    page.get_by_role("heading", name="A small check").wait_for()
    for field in page.get_by_label("Word number").all():
        label = page.locator(f"label[for={field.get_attribute('id')}]").inner_text()
        field.fill(words[int(label.rsplit(" ", 1)[1]) - 1])
    page.get_by_role("button", name="Go on").click()


def confirm_words(page: Page, words: list[str]) -> None:
    """Pass the check of two words, and wait until all has left."""
    pass_check(page, words)
    page.get_by_role("heading", name="It is done").wait_for()


def come_back(page: Page, words: list[str]) -> None:
    """From the first screen to the thread."""
    page.get_by_role("button", name="I have twelve words").click()
    page.get_by_label("Twelve words").fill(" ".join(words))
    page.get_by_role("button", name="Look for an answer").click()
    page.get_by_role("heading", name="Your report").wait_for()


def send(address: str, text: str, photos: list[Path]) -> list[str]:
    """Send a report from a fresh browser; return the twelve words."""
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 390, "height": 844}, locale="en-US")
        open_page(page, address)
        write(page, text, photos)
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Send").click()
        words = read_words(page)
        confirm_words(page, words)
        return words


def check(address: str, words: list[str]) -> str:
    """Come back in a fresh browser; return what the page says of the thread."""
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 390, "height": 844}, locale="en-US")
        open_page(page, address)
        come_back(page, words)
        return page.locator("main").inner_text()


def answer(address: str, words: list[str], text: str) -> None:
    """Come back in a fresh browser and write more."""
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 390, "height": 844}, locale="en-US")
        open_page(page, address)
        come_back(page, words)
        page.get_by_label("What do you want to add or answer?").fill(text)
        page.get_by_role("button", name="Send").click()
        page.get_by_text("Sent. The server has it").wait_for()
