# SPDX-License-Identifier: AGPL-3.0-or-later
"""'Let me continue later' on a device that has no room: the reporter is told so, and what leaves goes on leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from development.page_walk import pass_check, read_words
from tests.clients.web.conftest import shot
from tests.clients.web.sent_files import Line, begin, joined, noise, report_that_says

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.server.running import RunningServer

ROOM = 1_000_000


def test_a_device_without_room_is_told_and_all_files_still_arrive(page: Page, address: str, page_server: RunningServer, tmp_path: Path) -> None:
    story = "This phone is full."
    film = noise(tmp_path / "film.bin", 5_000_000)
    line = Line(page)
    line.close_after(3)
    begin(page, address, story, [film])
    # Commands of the protocol have no types.
    session: Any = page.context.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": page_server.origin, "quotaSize": ROOM})
    pass_check(page, read_words(page))
    line.wait_for(3)
    page.get_by_label("Let me continue later").check()
    page.get_by_text("There is no more room on this device").wait_for()
    shot(page, "d1-full")
    assert page.get_by_text("You may close this page.").count() == 0
    assert page.get_by_text("Keep this page open.").count() == 1
    line.open()
    page.get_by_role("heading", name="It is done").wait_for()
    (entry,) = report_that_says(page_server, story).files
    assert joined(page_server, entry) == film.read_bytes()
