# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files of any size at the page: they arrive as they were, whatever the line does, and the reporter rules over what leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from development.page_walk import confirm_words, open_page, pass_check, read_words, write
from tests.clients.web.conftest import shot
from tests.clients.web.sent_files import Line, begin, joined, noise, report_that_says, there
from tests.clients.web.test_access import faults

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.server.running import RunningServer

MOST_LANES = 6
HELD_AFTER_4, HELD_AFTER_6 = 3, 4
"""Blocks that may leave at once when so many have arrived."""


def test_a_large_and_a_small_file_arrive_identical(page: Page, address: str, page_server: RunningServer, tmp_path: Path) -> None:
    story = "A film of the bridge, and its sound."
    film, sound = noise(tmp_path / "film.bin", 30_000_000), noise(tmp_path / "sound.bin", 2_200_000)
    begin(page, address, story, [film, sound])
    confirm_words(page, read_words(page))
    large, small = report_that_says(page_server, story).files
    assert (large.name, large.class_, large.blocks) == ("film.bin", 4_190_208, 8)
    assert (small.name, small.class_, small.blocks, len(there(page_server, small))) == ("sound.bin", 260_096, 9, 10)
    assert joined(page_server, large) == film.read_bytes()
    assert joined(page_server, small) == sound.read_bytes()


def test_a_line_that_breaks_midway_is_waited_for_and_little_is_sent_twice(
    page: Page, address: str, page_server: RunningServer, tmp_path: Path
) -> None:
    story = "The line breaks while it leaves."
    film = noise(tmp_path / "film.bin", 8_000_000)
    line = Line(page)
    line.close_after(6)
    begin(page, address, story, [film])
    words = read_words(page)
    line.wait_for(6)
    line.wait_until_held(HELD_AFTER_6)
    # What is on its way now breaks, and nothing goes until the line is back.
    page.context.set_offline(offline=True)
    for route in line.waiting:
        route.abort("internetdisconnected")
    line.waiting.clear()
    # Who is still writing the words down is told too.
    page.locator(".panel").get_by_text("The line broke").wait_for()
    pass_check(page, words)
    page.get_by_text("The line broke, or the server does not answer as it should. Nothing is lost").wait_for()
    shot(page, "11-line-broken")
    line.open()
    page.context.set_offline(offline=False)
    page.get_by_role("heading", name="It is done").wait_for()
    (entry,) = report_that_says(page_server, story).files
    assert joined(page_server, entry) == film.read_bytes()
    line.wait_for(len(there(page_server, entry)))
    assert len(line.arrived) == len(set(line.arrived)) == len(there(page_server, entry))
    assert len(line.tried) <= len(line.arrived) + MOST_LANES


def test_the_words_come_before_the_film_has_left_and_the_page_says_what_would_be_lost(
    new_page: Callable[..., Page], address: str, tmp_path: Path
) -> None:
    page = new_page(bypass_csp=True)
    line = Line(page)
    line.close_after(3)
    begin(page, address, "The words come early.", [noise(tmp_path / "film.bin", 8_000_000)])
    words = read_words(page)
    line.wait_for(3)
    page.get_by_text("Your files are still on their way").wait_for()
    shot(page, "12-words-early")
    assert faults(page) == []
    page.get_by_role("button", name="See what has left").click()
    page.get_by_text("you have no words to come back with").wait_for()
    shot(page, "13-sending-no-words")
    assert faults(page) == []
    page.get_by_role("button", name="Show my twelve words").click()
    assert read_words(page) == words
    pass_check(page, words)
    page.get_by_text("what has left stays there; the rest does not leave").wait_for()
    shot(page, "14-sending")
    assert faults(page) == []
    line.open()
    page.get_by_role("heading", name="It is done").wait_for()


def test_a_pause_stops_what_leaves_and_going_on_brings_the_rest(page: Page, address: str, page_server: RunningServer, tmp_path: Path) -> None:
    story = "Paused on the way."
    film = noise(tmp_path / "film.bin", 5_000_000)
    line = Line(page)
    line.close_after(4)
    begin(page, address, story, [film])
    pass_check(page, read_words(page))
    line.wait_for(4)
    line.wait_until_held(HELD_AFTER_4)
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Nothing leaves now").wait_for()
    shot(page, "15-paused")
    tried = len(line.tried)
    line.open()
    page.wait_for_timeout(1_500)
    assert (len(line.tried), len(line.arrived)) == (tried, 4)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="It is done").wait_for()
    (entry,) = report_that_says(page_server, story).files
    assert joined(page_server, entry) == film.read_bytes()


def test_a_file_that_is_taken_out_does_not_leave_and_the_others_do(page: Page, address: str, page_server: RunningServer, tmp_path: Path) -> None:
    story = "One of two is taken out."
    first, second = noise(tmp_path / "first.bin", 5_000_000), noise(tmp_path / "second.bin", 3_000_000)
    line = Line(page)
    line.close_after(4)
    begin(page, address, story, [first, second])
    pass_check(page, read_words(page))
    line.wait_for(4)
    page.get_by_role("button", name="Take out first.bin").click()
    page.get_by_text("What has left of it stays there.").wait_for()
    shot(page, "16-take-out")
    page.get_by_role("button", name="Yes, take it out").click()
    page.get_by_text("first.bin: taken out.").wait_for()
    line.open()
    page.get_by_role("heading", name="It is done").wait_for()
    gone, kept = report_that_says(page_server, story).files
    assert joined(page_server, kept) == second.read_bytes()
    assert there(page_server, gone).count(True) == 4


def test_a_file_that_changes_after_it_was_chosen_is_told_before_anything_leaves(page: Page, address: str, tmp_path: Path) -> None:
    film = noise(tmp_path / "film.bin", 1_000_000)
    open_page(page, address)
    write(page, "The file changes.", [film])
    page.get_by_role("button", name="Go on").click()
    film.write_bytes(b"something else")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("film.bin cannot be read.").wait_for()
    assert page.get_by_text("Nothing was sent, and nothing is lost").count() == 1


def test_a_file_that_goes_away_while_it_leaves_costs_its_rest_only(page: Page, address: str, page_server: RunningServer, tmp_path: Path) -> None:
    story = "The file goes away."
    first, second = noise(tmp_path / "first.bin", 5_000_000), noise(tmp_path / "second.bin", 500_000)
    line = Line(page)
    line.close_after(3)
    begin(page, address, story, [first, second])
    pass_check(page, read_words(page))
    line.wait_for(3)
    first.write_bytes(b"something else")
    line.open()
    page.get_by_role("heading", name="It is done").wait_for()
    _, kept = report_that_says(page_server, story).files
    assert joined(page_server, kept) == second.read_bytes()
