# SPDX-License-Identifier: AGPL-3.0-or-later
"""A film on its whole way: from a browser that is killed while it films to a file that a reviewer plays."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from development.organisation import REVIEWERS, Demonstration
from development.page_walk import PATIENCE_MS
from tests.clients.web.conftest import DIST
from tests.clients.web.recordings import lasting, record, recorded, seconds_played
from tests.clients.web.test_recording_lost import persistent, process_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Demonstration]:
    """A whole organisation."""
    made = Demonstration(tmp_path / "demo")
    try:
        made.found("--publish-at", "", "--page", str(DIST), port=0, say=lambda _: None)
        yield made
    finally:
        made.stop()


def filmed_and_killed(profile: Path, address: str, told: str) -> int:
    """Film for 16 seconds, kill the browser, and return how many seconds the page said that it had filmed."""
    with sync_playwright() as playwright:
        context = persistent(playwright, profile)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        record(page, address, told)
        recorded(page, 16)
        seconds = lasting(page.locator(".timer").inner_text())
        os.kill(process_of(profile), signal.SIGKILL)
        context.wait_for_event("close")
    return seconds


def test_a_film_whose_browser_was_killed_is_in_both_vaults_but_for_its_last_seconds(tmp_path: Path, place: Demonstration) -> None:
    seconds = filmed_and_killed(tmp_path / "profile", place.link, "They come down the road.")
    place.carry_in()
    for who in REVIEWERS:
        place.carry_back(who)
    place.carry_in()
    for who in REVIEWERS:
        (file,) = place.vault(who, "save", "1", f"saved-{who}").data["files"]
        assert (file["name"], file["signed"], file["failure"]) == ("recording-1.webm", False, None)
        assert "ended without a closing mark" in file["note"]
        film = (place.folder / file["path"]).read_bytes()
        assert seconds_played(film, "video") >= seconds - 10
        assert seconds_played(film, "audio") >= seconds - 10
