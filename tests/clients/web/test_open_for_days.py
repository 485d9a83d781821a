# SPDX-License-Identifier: AGPL-3.0-or-later
"""A page that stays open while days go by: what is sent from it arrives, and can be opened by the keys of the week in which it left.

Rules of this file: the server has days of its own, is started anew on the next one, and refuses what it refuses by itself. Reviewers have
other keys every week.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from corncrake_crypto.charter_change import countersign
from corncrake_crypto.encoding import day_text, root_text
from corncrake_crypto.identities import Identity
from corncrake_crypto.prekeys import epoch_of
from corncrake_crypto.signatures import SigningKey
from development.page_walk import CHROMIUM, arguments, come_back, confirm_words, open_page, read_words, write
from tests.clients.web.conftest import DIST, at_noon, reports
from tests.clients.web.recordings import CAMERA, assert_whole, recorded, recordings, stop
from tests.clients.web.sent_files import joined, noise, report_that_says, until
from tests.clients.web.test_profile import persistent
from tests.server.running import RunningServer
from tests.simulators.organisation import EPOCH, TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from playwright.sync_api import Response, Route

LATER_THIS_WEEK = TODAY + timedelta(days=4)
NEXT_WEEK = TODAY + timedelta(days=9)
WAITS = """async (week) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("waiting");
    const all = await Array.fromAsync(folder.entries());
    const [, file] = all.find(([name]) => name.startsWith(`report.legal.${week}.`)) ?? [];
    return file !== undefined && (await file.getFile()).size > 0;
}"""
"""Whether a report of this week is written to the device."""


class Days:
    """A server whose days go by, with the papers that its organisation signs meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.server = RunningServer(folder, "", page_dir=str(DIST))
        self.parcels = 0
        self.server.prepare()
        self.server.start()
        self.sign_papers(TODAY)

    @property
    def address(self) -> str:
        """The page's address as a reporter gets it."""
        return f"{self.server.origin}/#r={root_text(self.server.organisation.root)}&d=legal"

    def sign_papers(self, day: date) -> None:
        """Bring the prekeys of a day's week, and an edition of that day."""
        self.parcels += 1
        for reviewer in self.server.organisation.reviewers:
            members = [self.server.prekeys(reviewer, (epoch_of(day),))]
            if reviewer == "ana":
                members += self.server.edition(self.parcels, day=day)
            answer = self.server.push(reviewer, self.parcels, self.server.parcel(reviewer, self.parcels, members, day=day_text(day)))
            assert answer.status_code == 201, answer.text

    def go_to(self, day: date, *pages: Page, joins: str | None = None) -> None:
        """Let days go by, for the server and for who has the page open; a new week has new keys, and only these are still there.

        `joins`: a reviewer who comes to the desk on the new day.
        """
        self.server.end()
        self.server.environment["CORNCRAKE_TODAY"] = day_text(day)
        organisation = self.server.organisation
        if joins is not None:
            organisation.reviewers[joins] = SigningKey.generate()
            charter = self.server.sign_charter(sequence=2, issued=day)
            self.server.charter = countersign(charter, "ana", organisation.reviewers["ana"])
            # Playwright has an event loop in this thread, and the command makes one of its own.
            with ThreadPoolExecutor(1) as beside:
                taken = beside.submit(self.server.bring, self.server.charter).result()
            assert taken.returncode == 0, taken.stderr
        self.server.start()
        if epoch_of(day) != EPOCH:
            organisation.identities = {name: Identity.generate() for name in organisation.reviewers}
        self.sign_papers(day)
        set_day(day, *pages)


def set_day(day: date, *pages: Page) -> None:
    for page in pages:
        page.clock.set_fixed_time(datetime.combine(day, time(12), UTC))


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    made = Days(tmp_path / "server")
    yield made
    made.server.end()


@pytest.fixture
def page_browser(days: Days) -> Iterator[Browser]:
    """Chromium with a camera and a microphone of its own making, which it lets every page use; it starts when the server is there."""
    assert days.server.process is not None
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=[*arguments(), *CAMERA])
        yield running
        running.close()


def answers_to_reports(page: Page) -> list[int]:
    """Watch how the server answers to reports."""
    seen: list[int] = []

    def note(response: Response) -> None:
        if response.request.method == "POST":
            seen.append(response.status)

    page.on("response", note)
    return seen


def fill_in(page: Page, address: str, text: str, files: list[Path]) -> None:
    """Up to the last look, before 'Send'."""
    open_page(page, address)
    write(page, text, files)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Look once more").wait_for()


def test_a_report_that_is_sent_after_its_week_is_sealed_anew_to_the_next_one(page: Page, days: Days, tmp_path: Path) -> None:
    text = "The page was open for nine days."
    film = noise(tmp_path / "film.bin", 700_000)
    seen = answers_to_reports(page)
    fill_in(page, days.address, text, [film])
    days.go_to(NEXT_WEEK, page)
    page.get_by_role("button", name="Send").click()
    words = read_words(page)
    confirm_words(page, words)
    assert seen == [409, 201]
    report = report_that_says(days.server, text)
    assert {stanza.epoch for stanza in report.epochs} == {EPOCH + 1}
    assert joined(days.server, report.files[0]) == film.read_bytes()
    # The words that were shown are those of the thread.
    page.goto("about:blank")
    open_page(page, days.address)
    come_back(page, words)
    page.get_by_label("What do you want to add or answer?").fill("One thing more.")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Sent. The server has it").wait_for()
    assert seen == [409, 201, 201]
    assert len({one.report.thread for one in reports(days.server)}) == 1


def test_a_report_that_is_sent_days_later_in_its_week_arrives_though_the_desk_has_answered_meanwhile(page: Page, days: Days) -> None:
    text = "The page was open for four days."
    seen = answers_to_reports(page)
    fill_in(page, days.address, text, [])
    # The edition that the page knows is not there any more, and the receipt is of a day that is days after its first one.
    days.go_to(LATER_THIS_WEEK, page)
    page.get_by_role("button", name="Send").click()
    confirm_words(page, read_words(page))
    assert seen == [201]
    assert {stanza.epoch for stanza in report_that_says(days.server, text).epochs} == {EPOCH}


def test_who_reads_it_is_shown_anew_before_it_is_sealed_to_somebody_who_has_joined(page: Page, days: Days) -> None:
    text = "Two people were to read this."
    seen = answers_to_reports(page)
    fill_in(page, days.address, text, [])
    page.get_by_text("2 people at this desk can open it.").wait_for()
    days.go_to(NEXT_WEEK, page, joins="cyd")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Since you opened this page the desk has changed").wait_for()
    page.get_by_text("Nothing was sent, and nothing is lost").wait_for()
    assert page.get_by_role("button", name="Try again").count() == 0
    assert (seen, reports(days.server)) == ([409], [])
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("3 people at this desk can open it.").wait_for()
    page.get_by_role("button", name="Send").click()
    read_words(page)
    report = report_that_says(days.server, text)
    assert {(stanza.reviewer, stanza.epoch) for stanza in report.epochs} == {(name, EPOCH + 1) for name in ("ana", "bo", "cyd")}


def test_a_recording_that_begins_after_its_week_is_announced_and_closed_in_the_next_one(page: Page, days: Days) -> None:
    text = "I film on a page that was open for nine days."
    seen = answers_to_reports(page)
    open_page(page, days.address)
    write(page, text, [])
    days.go_to(NEXT_WEEK, page)
    page.get_by_role("button", name="Film now").click()
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Stop").wait_for()
    recorded(page, 5)
    stop(page)
    assert seen == [409, 201, 201]
    (film,) = recordings(days.server, text)
    assert_whole(film)
    assert film.closed_by is not None
    assert {stanza.epoch for one in (film.report, film.closed_by) for stanza in one.epochs} == {EPOCH + 1}


def test_of_a_report_that_is_sealed_anew_that_one_waits_on_the_device(days: Days, tmp_path: Path) -> None:
    text = "It was to wait for later, and its week is over."
    film = noise(tmp_path / "film.bin", 700_000)
    with sync_playwright() as playwright:
        context = persistent(playwright, tmp_path / "profile")
        page = at_noon(context.new_page())
        held: list[Route] = []

        def hold_one(route: Route) -> None:
            if held:
                route.abort("internetdisconnected")
            else:
                held.append(route)

        page.route("**/reports", hold_one)
        fill_in(page, days.address, text, [film])
        days.go_to(NEXT_WEEK, page)
        page.get_by_role("button", name="Send").click()
        page.get_by_label("Let me continue later").check()
        page.get_by_text("You may close this page.").wait_for()
        held[0].continue_()
        page.get_by_text("The line broke before the server could answer").wait_for()
        # The worker writes the other one meanwhile, and says again that the page may be closed.
        until(page, lambda: page.evaluate(WAITS, EPOCH + 1), "the one of the next week is not written")
        page.get_by_text("You may close this page.").wait_for()
        context.close()
        context = persistent(playwright, tmp_path / "profile")
        page = context.new_page()
        set_day(NEXT_WEEK, page)
        open_page(page, days.address)
        page.get_by_text("A sealed report is waiting on this device.").wait_for()
        page.get_by_role("button", name="Send what is waiting").click()
        page.get_by_text("All of it is there.").wait_for()
        context.close()
    (entry,) = report_that_says(days.server, text).files
    assert joined(days.server, entry) == film.read_bytes()
