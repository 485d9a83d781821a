# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a reporter sees, and what a server has, when sending breaks half-way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from development.page_walk import confirm_words, open_page, pass_check, read_words, write
from tests.clients.web.conftest import reports, shot

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page, Route

    from tests.server.running import RunningServer


def begin(page: Page, address: str, text: str, photos: list[Path]) -> None:
    open_page(page, address)
    write(page, text, photos)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Send").click()


def told(server: RunningServer, text: str) -> int:
    """How many reports at the server say this."""
    return sum(text in str([answer.text for answer in one.report.answers]) for one in reports(server))


def test_files_that_are_refused_cost_neither_the_report_nor_the_words(
    page: Page, address: str, page_server: RunningServer, photos: list[Path]
) -> None:
    story = "The files find no room."
    page.route("**/v1/blocks/*", lambda route: route.fulfill(status=413, json={"failure": "size", "detail": ""}))
    begin(page, address, story, photos)
    words = read_words(page)
    page.get_by_text("It does not go on by itself").wait_for()
    shot(page, "9-files-refused")
    pass_check(page, words)
    page.get_by_text("It does not go on by itself: the server does not take the rest (size).").wait_for()
    page.get_by_role("button", name="Go on without the rest").click()
    page.get_by_role("heading", name="It is done").wait_for()
    assert told(page_server, story) == 1


def test_files_go_on_where_they_stopped_when_it_is_tried_again(page: Page, address: str, page_server: RunningServer, photos: list[Path]) -> None:
    story = "The second file waits for room."
    brought: list[str] = []

    def full_after_one(route: Route) -> None:
        if route.request.method == "PUT":
            brought.append(route.request.url)
            if len(brought) == 2:
                route.fulfill(status=413, json={"failure": "size", "detail": ""})
                return
        route.continue_()

    page.route("**/v1/blocks/*", full_after_one)
    begin(page, address, story, photos)
    words = read_words(page)
    pass_check(page, words)
    page.get_by_text("It does not go on by itself").wait_for()
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("heading", name="It is done").wait_for()
    # Two files of one block each; the one that was refused left once more.
    assert sorted(brought.count(url) for url in set(brought)) == [1, 2]
    assert told(page_server, story) == 1


def test_a_server_without_room_is_asked_again_when_it_said_so(page: Page, address: str, photos: list[Path]) -> None:
    asked: list[str] = []

    def full_at_first(route: Route) -> None:
        asked.append(route.request.method)
        if len(asked) == 1:
            route.fulfill(status=507, json={"failure": "store", "detail": ""}, headers={"retry-after": "1"})
        else:
            route.continue_()

    page.route("**/v1/blocks/*", full_at_first)
    begin(page, address, "Room comes later.", photos[:1])
    confirm_words(page, read_words(page))
    # Asked first whether it is there, since it was tried before.
    assert asked == ["PUT", "HEAD", "PUT"]


def test_a_report_whose_receipt_is_not_right_is_sent_again_as_it_was(page: Page, address: str, page_server: RunningServer) -> None:
    story = "The receipt is not right."

    def spoil(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(status=answer.status, body=answer.body()[:-10] + b"AAAAAAAA=\n")

    page.route("**/reports", spoil)
    begin(page, address, story, [])
    page.get_by_text("It is not certain that the server has it").wait_for()
    page.unroute("**/reports")
    page.get_by_role("button", name="Try again").click()
    read_words(page)
    assert told(page_server, story) == 1


def test_a_report_that_is_refused_can_be_changed_and_sent(page: Page, address: str, page_server: RunningServer) -> None:
    page.route("**/reports", lambda route: route.fulfill(status=413, json={"failure": "size", "detail": ""}))
    begin(page, address, "Before the change.", [])
    page.get_by_text("Nothing was sent, and nothing is lost").wait_for()
    page.unroute("**/reports")
    page.get_by_role("button", name="Change something").click()
    page.get_by_label("What happened?").fill("After the change.")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Send").click()
    read_words(page)
    assert (told(page_server, "Before the change."), told(page_server, "After the change.")) == (0, 1)


def test_who_changes_a_report_that_may_have_arrived_is_not_told_that_nothing_was_sent(page: Page, address: str, page_server: RunningServer) -> None:
    story = "It arrived, and nobody here knows."
    page.route("**/reports", lambda route: route.fulfill(status=200, body=route.fetch().body()[:-10] + b"AAAAAAAA=\n"))
    begin(page, address, story, [])
    page.get_by_text("It is not certain that the server has it").wait_for()
    page.get_by_role("button", name="Change something").click()
    page.get_by_text("It may be that what you wrote has left already").wait_for()
    page.unroute("**/reports")
    page.route("**/reports", lambda route: route.fulfill(status=413, json={"failure": "size", "detail": ""}))
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Send").click()
    page.get_by_text("This was not sent. It may be that what you sent before has arrived.").wait_for()
    assert page.get_by_text("Nothing was sent, and nothing is lost").count() == 0
    assert told(page_server, story) == 1
