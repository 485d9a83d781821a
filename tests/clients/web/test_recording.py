# SPDX-License-Identifier: AGPL-3.0-or-later
"""Recording and sending at once: what a desk has when it goes well, when the line breaks, and when the browser is killed.

Rules of this file: the camera and the microphone are Chromium's own false ones; recorder, page and server are real. What counts is
what a reviewer can open of what the server stores, and play.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from development.page_walk import CHROMIUM, arguments, come_back, confirm_words, open_page, read_words, write
from tests.clients.web.conftest import reports, shot
from tests.clients.web.recordings import (
    CAMERA,
    arrivals,
    assert_whole,
    begin,
    begun,
    blocks_arrived,
    hold_reports,
    ready,
    record,
    recorded,
    recordings,
    seconds_played,
    stop,
)
from tests.clients.web.sent_files import Line
from tests.clients.web.test_access import faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.server.running import RunningServer

SAY = {
    "en": {"write": "Write a report", "film": "Film now", "start": "Start", "stop": "Stop", "add": "Write what you saw"},
    "es": {"write": "Escribir un aviso", "film": "Filmar ahora", "start": "Empezar", "stop": "Parar", "add": "Escribir lo que vio"},
}


@pytest.fixture(scope="module")
def page_browser(page_server: RunningServer) -> Iterator[Browser]:
    """Chromium with a camera and a microphone of its own making, which it lets every page use."""
    assert page_server.process is not None
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=[*arguments(), *CAMERA])
        yield running
        running.close()


def test_a_film_arrives_whole_after_the_report_that_names_it_and_is_closed(page: Page, address: str, page_server: RunningServer) -> None:
    told = "I film the bridge."
    seen = arrivals(page)
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text) if "Policy" in message.text else None)
    page.on("pageerror", lambda error: broken.append(str(error)))
    record(page, address, told)
    recorded(page, 14)
    blocks_arrived(page, seen, 3)
    shot(page, "r2-filming")
    stop(page)
    shot(page, "r4-over")
    assert (seen[0], seen[-1], seen.count("report")) == ("report", "report", 2)
    assert broken == []
    (film,) = recordings(page_server, told)
    assert (film.report.kind, film.entry.live, film.entry.name, film.entry.type) == ("first", True, "recording-1.webm", "video/webm")
    assert_whole(film)
    assert len(film.blocks) == seen.count("block") >= 4
    assert seconds_played(film.data, "video") >= 10
    assert seconds_played(film.data, "audio") >= 10
    page.get_by_role("button", name="Get my twelve words").click()
    words = read_words(page)
    confirm_words(page, words)


def test_nothing_is_recorded_before_the_server_has_signed_for_the_report(page: Page, address: str) -> None:
    held = hold_reports(page)
    ready(page, address, "I wait for the receipt.")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("heading", name="Not recording yet").wait_for()
    while not held:
        page.wait_for_timeout(50)
    page.wait_for_timeout(500)
    assert begun(page) == 0
    held[0].continue_()
    page.get_by_role("button", name="Stop").wait_for()
    assert begun(page) == 1
    page.unroute("**/reports")
    stop(page)


def test_a_receipt_that_is_not_right_starts_no_recording(page: Page, address: str) -> None:
    def spoil(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(status=answer.status, body=answer.body()[:-10] + b"AAAAAAAA=\n")

    page.route("**/reports", spoil)
    ready(page, address, "The receipt of a film is not right.")
    page.get_by_role("button", name="Start").click()
    page.get_by_text("Nothing was recorded.").wait_for()
    assert begun(page) == 0
    page.unroute("**/reports")
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("button", name="Stop").wait_for()
    stop(page)


def test_a_second_try_that_is_refused_does_not_undo_that_the_first_may_have_arrived(page: Page, address: str) -> None:
    perhaps = "It may be that what you wrote has left already"
    page.route("**/reports", lambda route: route.fulfill(status=200, body=route.fetch().body()[:-10] + b"AAAAAAAA=\n"))
    ready(page, address, "The first try of a film may have arrived.")
    page.get_by_role("button", name="Start").click()
    page.get_by_text("Nothing was recorded.").wait_for()
    page.get_by_role("button", name="Back").click()
    page.get_by_text(perhaps).wait_for()
    page.unroute("**/reports")
    page.route("**/reports", lambda route: route.fulfill(status=413, json={"failure": "size", "detail": ""}))
    page.get_by_role("button", name="Film now").click()
    page.get_by_role("button", name="Start").click()
    page.get_by_text("Nothing was recorded.").wait_for()
    page.get_by_role("button", name="Back").click()
    page.get_by_role("heading", name="What happened").wait_for()
    assert page.get_by_text(perhaps).count() == 1
    assert page.get_by_text("Nothing has been sent.").count() == 0


def test_a_line_that_breaks_midway_loses_nothing(page: Page, address: str, page_server: RunningServer) -> None:
    told = "I film and the line breaks."
    seen = arrivals(page)
    record(page, address, told)
    blocks_arrived(page, seen, 1)
    page.context.set_offline(offline=True)
    page.get_by_text("The line is broken. Recording goes on.").wait_for()
    before = seen.count("block")
    page.wait_for_timeout(6_000)
    shot(page, "r3-broken")
    assert seen.count("block") == before
    page.context.set_offline(offline=False)
    page.get_by_text("The line holds.").wait_for()
    blocks_arrived(page, seen, before + 2)
    recorded(page, 12)
    stop(page)
    (film,) = recordings(page_server, told)
    assert_whole(film)
    assert seconds_played(film.data, "video") >= 10


def test_a_server_that_has_no_room_for_a_while_is_asked_again(page: Page, address: str, page_server: RunningServer) -> None:
    told = "I film and the server is full."
    page.route("**/v1/blocks/*", lambda route: route.fulfill(status=507, json={"failure": "store", "detail": ""}))
    record(page, address, told)
    page.get_by_text("The server cannot take it now. Recording goes on.").wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("What has left is safe.").wait_for()
    shot(page, "r5-rest")
    page.unroute("**/v1/blocks/*")
    page.get_by_role("heading", name="Your recording has left").wait_for()
    (film,) = recordings(page_server, told)
    assert_whole(film)


def test_who_goes_on_without_the_rest_is_told_what_left_and_the_recording_is_not_closed(page: Page, address: str, page_server: RunningServer) -> None:
    told = "I film and give up the rest."
    line = Line(page)
    line.close_after(1)
    record(page, address, told)
    line.wait_for(1)
    # One that arrives while the line breaks is there, and nobody here knows: only the first one leaves.
    page.context.set_offline(offline=True)
    line.cut()
    page.get_by_text("The line is broken.").wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Go on without the rest").click()
    page.get_by_role("heading", name="A part of your recording has left").wait_for()
    page.context.set_offline(offline=False)
    line.open()
    page.get_by_role("button", name="Get my twelve words").click()
    read_words(page)
    # Time for a message that must not come.
    page.wait_for_timeout(3_000)
    (film,) = recordings(page_server, told)
    assert film.closed is None
    assert film.marked == []
    assert len(film.blocks) == len(line.arrived) == 1
    assert seconds_played(film.data, "video") > 0


def test_sound_alone_arrives_whole(page: Page, address: str, page_server: RunningServer) -> None:
    told = "I record what they say."
    record(page, address, told, "Record sound now")
    recorded(page, 5)
    stop(page)
    (sound,) = recordings(page_server, told)
    assert (sound.entry.name, sound.entry.type) == ("recording-1.webm", "audio/webm")
    assert_whole(sound)
    assert seconds_played(sound.data, "audio") >= 3
    assert seconds_played(sound.data, "video") == 0


def test_two_recordings_and_what_is_written_after_them_are_one_thread(page: Page, address: str, page_server: RunningServer) -> None:
    told, after = "I film and then record.", "It was the same two men."
    seen = arrivals(page)
    record(page, address, told)
    blocks_arrived(page, seen, 1)
    stop(page)
    page.get_by_role("button", name="Record once more").click()
    begin(page)
    blocks_arrived(page, seen, seen.count("block") + 1)
    stop(page)
    page.get_by_role("button", name="Write what you saw").click()
    page.get_by_text("Your recording has left, with what you had written before it.").wait_for()
    field = page.get_by_label("What happened?")
    assert field.input_value() == ""
    field.fill(after)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Send").click()
    read_words(page)
    films = recordings(page_server, told)
    assert [(one.report.kind, one.entry.name) for one in films] == [("first", "recording-1.webm"), ("follow_up", "recording-2.webm")]
    for one in films:
        assert_whole(one)
    threads = {one.report.thread for one in films}
    (written,) = [one.report for one in reports(page_server) if after in str([answer.text for answer in one.report.answers])]
    assert ({written.thread}, written.kind) == (threads, "follow_up")


def test_who_comes_back_with_words_records_into_the_same_thread(new_page: Callable[..., Page], address: str, page_server: RunningServer) -> None:
    told = "I come back with a recording."
    page = new_page()
    open_page(page, address)
    write(page, told, [])
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Send").click()
    words = read_words(page)
    page = new_page()
    seen = arrivals(page)
    open_page(page, address)
    come_back(page, words)
    page.get_by_role("button", name="Record sound now").click()
    begin(page)
    blocks_arrived(page, seen, 1)
    stop(page)
    page.get_by_role("button", name="Write what you saw").click()
    page.get_by_role("heading", name="Your report").wait_for()
    (sound,) = recordings(page_server, told)
    assert sound.report.kind == "follow_up"
    assert_whole(sound)


def test_a_camera_that_goes_away_ends_the_recording_and_loses_nothing(page: Page, address: str, page_server: RunningServer) -> None:
    told = "I film until the camera goes."
    seen = arrivals(page)
    record(page, address, told)
    blocks_arrived(page, seen, 1)
    held = hold_reports(page)
    page.evaluate("for (const track of document.querySelector('.preview').srcObject.getTracks()) track.stop()")
    page.get_by_text("so recording stopped by itself").wait_for()
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    page.get_by_role("heading", name="Your recording has left").wait_for()
    (film,) = recordings(page_server, told)
    assert_whole(film)


def test_leaving_quickly_ends_the_recording_and_what_left_stays(page: Page, address: str, page_server: RunningServer) -> None:
    told = "I film and must leave."
    # Of blocks that are on their way when the page goes, a later one may arrive without an earlier one: only two leave.
    line = Line(page)
    line.close_after(2)
    record(page, address, told)
    line.wait_for(2)
    page.get_by_role("button", name="Leave quickly").click()
    page.wait_for_url("about:blank")
    (film,) = recordings(page_server, told)
    assert (film.closed, film.marked) == (None, [])
    assert len(film.blocks) == 2
    assert seconds_played(film.data, "video") > 0


def test_a_page_that_is_hidden_has_what_there_is_leave_at_once(page: Page, address: str) -> None:
    record(page, address, "I film and the screen is locked.")
    with page.expect_request(lambda request: request.method == "PUT"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert page.evaluate("asked") == 1
    stop(page)


def screens(page: Page, address: str, language: str) -> Iterator[str]:
    """Go through every screen of a recording, stopping at each."""
    say = SAY[language]

    def click(name: str) -> None:
        page.get_by_role("button", name=say[name], exact=True).click()

    def alert() -> None:
        page.locator("[role=status].alert").wait_for()

    page.goto(address)
    click("write")
    page.locator("textarea").first.fill("x")
    click("film")
    page.get_by_role("button", name=say["start"]).wait_for()
    yield "ready"
    held = hold_reports(page)
    click("start")
    while not held:
        page.wait_for_timeout(50)
    yield "announcing"
    held[0].continue_()
    page.unroute("**/reports")
    page.get_by_role("button", name=say["stop"]).wait_for()
    yield "on"
    page.context.set_offline(offline=True)
    alert()
    yield "broken"
    click("stop")
    page.locator("progress").wait_for()
    alert()
    yield "rest"
    page.context.set_offline(offline=False)
    page.get_by_role("button", name=say["add"]).wait_for()
    yield "over"
    click("add")
    page.locator("textarea").first.wait_for()
    yield "story"


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("es", "dark")])
def test_axe_finds_nothing_on_any_screen_of_a_recording(new_page: Callable[..., Page], address: str, language: str, scheme: str) -> None:
    page = new_page(locale=language, color_scheme=scheme, bypass_csp=True)
    found: dict[str, list[str]] = {}
    for screen in screens(page, address, language):
        shot(page, f"r-{language}-{screen}")
        found[screen] = faults(page)
    assert len(found) == 7
    assert {screen: what for screen, what in found.items() if what} == {}


def test_a_line_that_breaks_over_the_closing_message_is_told_and_the_message_follows(page: Page, address: str, page_server: RunningServer) -> None:
    told = "I film and the last message waits."
    record(page, address, told)
    page.route("**/reports", lambda route: route.abort())
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("The line is broken. What has left is safe.").wait_for()
    assert page.get_by_role("button", name="Go on without the rest").count() == 1
    page.unroute("**/reports")
    page.get_by_role("heading", name="Your recording has left").wait_for()
    (film,) = recordings(page_server, told)
    assert_whole(film)
