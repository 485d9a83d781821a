# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page before a busy server: it works for the report, says so, and stops when the person wants it to."""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from corncrake_crypto.encoding import root_text
from corncrake_crypto.errors import CorncrakeError
from corncrake_crypto.note import text_hash, unverified_text
from corncrake_crypto.report import open_report
from corncrake_crypto.stamp import parse_stamp, zero_bits
from development.page_walk import browser, come_back, open_page, read_words, write
from tests.clients.web.conftest import DIST, at_noon, shot
from tests.clients.web.recordings import CAMERA, ready, recorded
from tests.clients.web.sent_files import until
from tests.clients.web.test_access import faults
from tests.server.running import RunningServer
from tests.server.test_stamps import Crowd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page, Route

TEXT = "It happened on the bridge."
NAMED = '"id":"'
WORKING = "Your phone is doing some work so that your report gets in sooner."
WAITS_TO_RECORD = "Nothing is being recorded yet. Recording begins by itself"
WAITS_TO_END = "The rest leaves by itself when the line is back."
STEPS = (18, 19, 20)
"""The work for a stamp has no memory and no end: on half a core the lowest takes a second on average, and not ten once in ten thousand times."""
WAITING = "the report is still here, and is tried again"
REMEMBER = """(said) => {
  globalThis.told = [];
  const look = () => { told.push(...said.filter((one) => !told.includes(one) && document.body?.textContent.includes(one))); };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
}"""
"""Work, or waiting, may be over before anybody looks, so the page remembers what was told."""
TRIES = 5


@pytest.fixture
def slow_server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    """A server that stores four reports a second, with the steps that the test names."""
    server = RunningServer(tmp_path, "", page_dir=str(DIST), reports_per_second=4, batch_reports=1, busy_seconds=1)
    server.prepare()
    server.charter = server.sign_charter(sequence=2, stamps=request.param)
    assert server.bring(server.charter).returncode == 0
    server.start()
    server.open_desk()
    yield server
    server.end(signal.SIGKILL)


@pytest.fixture
def new_page(slow_server: RunningServer) -> Iterator[Callable[[], Page]]:
    """Pages at phone size, in a browser that starts when the server has: while Playwright runs, nothing else here could have an event loop."""
    assert slow_server.process is not None
    with browser(*CAMERA) as chromium:

        def make() -> Page:
            page = at_noon(chromium.new_page(viewport={"width": 390, "height": 844}, locale="en-US"))
            page.add_init_script(f"({REMEMBER})({[WORKING, WAITING]!r})")
            return page

        yield make


def address(server: RunningServer, *, saved: bool = False) -> str:
    """The page's address as a reporter gets it."""
    place, more = ((DIST / "saved.html").as_uri(), f"&o={quote(server.origin, safe='')}") if saved else (f"{server.origin}/", "")
    return f"{place}#r={root_text(server.organisation.root)}&d=legal{more}"


def send(page: Page, server: RunningServer, *, saved: bool = False) -> list[str]:
    """Write a report and send it; return a list to which the stamps that leave are added."""
    stamps: list[str] = []
    page.on("request", lambda request: stamps.extend(value for name, value in request.headers.items() if name == "corncrake-stamp"))
    open_page(page, address(server, saved=saved))
    write(page, TEXT, [])
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Send").click()
    return stamps


def send_to_busy(new_page: Callable[[], Page], server: RunningServer, *, saved: bool = False) -> tuple[Page, list[str]]:
    """Send reports until one was asked for a stamp. Now and then one finds the place that the crowd has just left, and then nothing is asked for."""
    for _ in range(TRIES):
        page = new_page()
        stamps = send(page, server, saved=saved)
        page.get_by_text(WORKING).or_(page.get_by_role("heading", name="Your twelve words")).first.wait_for()
        if WORKING in page.evaluate("told"):
            return page, stamps
    raise AssertionError("the server was never busy")


def arrived(server: RunningServer) -> bool:
    """Whether a reviewer can read it; what else is there opens to nothing."""
    notes: list[str] = server.fetch("/v1/courier/pending").json()["notes"]
    sealed = [server.fetch(f"/v1/courier/reports/{note.split(NAMED)[1][:64]}").content for note in notes]
    for one in sealed:
        with suppress(CorncrakeError):
            opened = open_report(one, list(server.organisation.identities.values()))
            return any(answer.text == TEXT for answer in opened.report.answers)
    return False


def busy(route: Route) -> None:
    """Answer as a server that asks for a stamp."""
    route.fulfill(status=503, json={"failure": "store", "detail": "busy", "step": 1})


@pytest.mark.parametrize("saved", [False, True])
@pytest.mark.parametrize("slow_server", [STEPS], indirect=True)
def test_a_page_before_a_busy_server_makes_a_stamp_and_says_what_it_does(
    new_page: Callable[[], Page], slow_server: RunningServer, saved: bool
) -> None:
    with Crowd(slow_server):
        page, stamps = send_to_busy(new_page, slow_server, saved=saved)
        read_words(page)
    assert len(set(stamps)) == 1
    assert zero_bits(parse_stamp(stamps[0]), slow_server.origin, text_hash(unverified_text(slow_server.charter))) >= STEPS[0]
    assert arrived(slow_server)


@pytest.mark.parametrize("slow_server", [(100, 101, 102)], indirect=True)
def test_who_does_not_want_the_work_waits_and_the_report_arrives_without_a_stamp(new_page: Callable[[], Page], slow_server: RunningServer) -> None:
    with Crowd(slow_server):
        page, stamps = send_to_busy(new_page, slow_server)
        page.get_by_role("button", name="Stop this work and wait instead").click()
        until(page, lambda: WAITING in page.evaluate("told"), "nobody is told that the report waits")
    read_words(page)
    assert stamps == []
    assert arrived(slow_server)


@pytest.mark.parametrize("slow_server", [(100, 101, 102)], indirect=True)
def test_the_work_for_a_message_that_is_written_later_can_be_stopped_too(new_page: Callable[[], Page], slow_server: RunningServer) -> None:
    page = new_page()
    send(page, slow_server)
    words = read_words(page)
    page = new_page()
    open_page(page, address(slow_server))
    come_back(page, words)

    page.route("**/reports", busy)
    page.get_by_label("What do you want to add or answer?").fill("My neighbour saw it too.")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("button", name="Stop this work and wait instead").click()
    page.get_by_text(WAITING).wait_for()
    page.unroute("**/reports", busy)
    page.get_by_text("Sent. The server has it").wait_for()


@pytest.mark.parametrize("slow_server", [(100, 101, 102)], indirect=True)
def test_the_work_for_a_recording_is_told_and_can_be_stopped_before_it_begins_and_when_it_ends(
    new_page: Callable[[], Page], slow_server: RunningServer
) -> None:
    page = new_page()

    def stop_the_work(waits: str, name: str) -> None:
        page.get_by_text(WORKING).wait_for()
        shot(page, name)
        assert faults(page) == []
        page.get_by_role("button", name="Stop this work and wait instead").click()
        page.get_by_text(waits).wait_for()
        page.unroute("**/reports", busy)

    ready(page, address(slow_server), TEXT)
    page.route("**/reports", busy)
    page.get_by_role("button", name="Start").click()
    stop_the_work(WAITS_TO_RECORD, "r1-working")
    page.get_by_role("button", name="Stop").wait_for()
    recorded(page, 2)
    page.route("**/reports", busy)
    page.get_by_role("button", name="Stop").click()
    stop_the_work(WAITS_TO_END, "r3-working")
    page.get_by_role("heading", name="Your recording has left").wait_for()
