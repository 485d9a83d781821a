# SPDX-License-Identifier: AGPL-3.0-or-later
"""A film on its whole way: from a browser that is killed while it films to a file that a reviewer plays."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from corncrake_crypto.encoding import day_text
from development.organisation import REVIEWERS, Demonstration
from tests.clients.web.conftest import DIST, at_noon
from tests.clients.web.recordings import broken_off, record, recorded, seconds_played
from tests.clients.web.sent_files import Line
from tests.clients.web.test_recording_lost import persistent, process_of
from tests.server.running import free_port
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demonstration]:
    """A whole organisation, on one day."""
    monkeypatch.setenv("CORNCRAKE_TODAY", day_text(TODAY))
    made = Demonstration(tmp_path / "demo")
    try:
        made.found("--publish-at", "", "--page", str(DIST), port=free_port(), say=lambda _: None)
        yield made
    finally:
        made.stop()


def filmed_and_killed(profile: Path, address: str, told: str) -> int:
    """Film for 16 seconds, kill the browser, and return how many seconds the page said that it had filmed."""
    with sync_playwright() as playwright:
        context = persistent(playwright, profile)
        page = at_noon(context.new_page())
        line = Line(page)
        record(page, address, told)
        recorded(page, 16)
        seconds = broken_off(page, line)
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
