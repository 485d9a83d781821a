# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page costs in memory does not grow with what it sends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.clients.web.bare_chromium import BarePage, bare_page
from tests.clients.web.conftest import NOON
from tests.clients.web.sent_files import report_that_says, there

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.running import RunningServer

MOST_MIB = 64
SIZES = {"quick": 200_000_000, "full": 300_000_000, "slow": 4 << 30}
PATIENCE_S = {"quick": 120, "full": 300, "slow": 1_800}
STORY = "A long film, and a small phone."


def write_story(page: BarePage, text: str) -> None:
    """Put a text into the first field, as typing does."""
    page.until("document.querySelector('textarea') !== null")
    typed = f"it.value = '{text}'; it.dispatchEvent(new Event('input', {{ bubbles: true }}));"
    page.value(f"{{ const it = document.querySelector('textarea'); {typed} }}")


def test_a_film_of_any_size_costs_the_page_less_than_64_mib(address: str, page_server: RunningServer, tmp_path: Path, tier: str) -> None:
    path, size, patience = tmp_path / "film.bin", SIZES[tier], PATIENCE_S[tier]
    path.touch()
    os.truncate(path, size)
    (tmp_path / "profile").mkdir()
    with bare_page(tmp_path / "profile") as page:
        page.open(address, int(NOON.timestamp() * 1_000))
        page.press("Write a report")
        write_story(page, STORY)
        least = page.settle()
        page.choose(path)
        most = page.until("document.body.innerText.includes('What film.bin says')")
        most = max(most, page.press("Go on"), page.press("Send"))
        most = max(most, page.until("document.body.innerText.includes('Your twelve words')", patience))
        most = max(most, page.until("document.body.innerText.includes('All of your files are there.')", patience))
    (entry,) = report_that_says(page_server, STORY).files
    assert all(there(page_server, entry))
    assert most - least < MOST_MIB
