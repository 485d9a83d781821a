# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sending a film from a page that nobody watches, and what that costs the page in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.clients.web.bare_chromium import BarePage, bare_page
from tests.clients.web.conftest import NOON

if TYPE_CHECKING:
    from pathlib import Path


def _write(page: BarePage, text: str) -> None:
    """Put a text into the first field, as typing does."""
    page.until("document.querySelector('textarea') !== null")
    typed = f"it.value = '{text}'; it.dispatchEvent(new Event('input', {{ bubbles: true }}));"
    page.value(f"{{ const it = document.querySelector('textarea'); {typed} }}")


def memory_of_sending(address: str, profile: Path, text: str, film: Path, patience: float) -> float:
    """Send a report with a film; return the most memory of the page's process above what it had with an empty form, MiB.

    Args:
        address: the page's, with its fragment.
        profile: an empty folder.
        text: what is written.
        film: a file.
        patience: seconds for looking through the film, and again for sending it.
    """

    def shown(words: str) -> str:
        return f"document.body.innerText.includes('{words}')"

    with bare_page(profile) as page:
        page.open(address, int(NOON.timestamp() * 1_000))
        page.press("Write a report")
        _write(page, text)
        least = page.settle()
        page.choose(film)
        most = page.until(shown(f"What {film.name} says"))
        most = max(most, page.press("Go on"), page.press("Send"))
        most = max(most, page.until(shown("Your twelve words"), patience))
        most = max(most, page.until(shown("All of your files are there."), patience))
    return most - least
