# SPDX-License-Identifier: AGPL-3.0-or-later
"""A page that is open while the organisation begins another log: what is sent from it arrives, and nobody is accused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from corncrake_crypto.encoding import root_text
from development.page_walk import browser, confirm_words, open_page, read_words, write
from tests.clients.web.conftest import DIST, at_noon, reports
from tests.server.running import RunningServer, open_server
from tests.server.test_next_log import begin_next

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page, Route

STORY = "They came while the log was changed."


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with open_server(tmp_path, page_dir=str(DIST)) as running:
        yield running


@pytest.fixture
def page(server: RunningServer) -> Iterator[Page]:
    """A page on which something was written before the log changed."""
    with browser() as chromium:
        page = at_noon(chromium.new_page(viewport={"width": 390, "height": 844}, locale="en-US"))
        open_page(page, f"{server.origin}/#r={root_text(server.organisation.root)}&d=legal")
        write(page, STORY, [])
        page.get_by_role("button", name="Go on").click()
        # Playwright has an event loop in this thread, and the command makes one of its own.
        with ThreadPoolExecutor(1) as beside:
            beside.submit(begin_next, server).result()
        yield page


def test_a_report_that_was_begun_under_the_former_log_arrives_under_the_next_one(page: Page, server: RunningServer) -> None:
    page.get_by_role("button", name="Send").click()
    page.get_by_role("heading", name="Your twelve words").or_(page.get_by_role("heading", name="That did not work")).wait_for()
    assert page.get_by_text("it may be a false page").count() == 0
    confirm_words(page, read_words(page))
    assert [answer.text for opened in reports(server) for answer in opened.report.answers] == [STORY]


def spoil(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(status=answer.status, body=answer.body()[:-10] + b"AAAAAAAA=\n")


def test_a_receipt_that_is_of_neither_log_is_still_refused(page: Page) -> None:
    page.route("**/reports", spoil)
    page.get_by_role("button", name="Send").click()
    page.get_by_text("It is not certain that the server has it").wait_for()
    assert page.get_by_text("it may be a false page").count() == 1


def test_a_server_that_keeps_the_newest_charter_back_then_is_not_taken_at_its_word_that_nothing_was_sent(page: Page) -> None:
    page.route("**/reports", spoil)
    page.route("**/v1/charter", lambda route: route.fulfill(status=404, json={"failure": "epoch", "detail": ""}))
    page.get_by_role("button", name="Send").click()
    page.get_by_text("It is not certain that the server has it").wait_for()
    assert page.get_by_text("Nothing was sent").count() == 0
