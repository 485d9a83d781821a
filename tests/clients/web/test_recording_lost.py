# SPDX-License-Identifier: AGPL-3.0-or-later
"""A device that is lost while it records: what a desk has, and what is left on the device; and a camera that may not be used.

Rules of this file: every test starts its own Playwright and a browser with a profile of its own; the browser is killed by its process id.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from development.page_walk import CHROMIUM, arguments
from tests.clients.web.conftest import at_noon, shot
from tests.clients.web.recordings import CAMERA, arrivals, begun, broken_off, ready, record, recorded, recordings, seconds_played, stop
from tests.clients.web.sent_files import Line
from tests.clients.web.test_profile import files_of, files_with

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page, Playwright, Route

    from tests.server.running import RunningServer

TOLD = "kittiwake-on-the-ledge, filmed"
SLICE = 64


def persistent(playwright: Playwright, profile: Path) -> BrowserContext:
    """A browser with a camera whose profile lies in a folder of ours."""
    return playwright.chromium.launch_persistent_context(
        str(profile), executable_path=CHROMIUM, args=[*arguments(), *CAMERA], viewport={"width": 390, "height": 844}, locale="en-US"
    )


def process_of(profile: Path) -> int:
    """The process id of the browser that uses a profile, not of what it started."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"--user-data-dir={profile}".encode() in words and not any(word.startswith(b"--type=") for word in words):
            found.append(int(entry.name))
    assert len(found) == 1
    return found[0]


def holders_of(profile: Path, wanted: list[bytes]) -> list[str]:
    """The files of a profile that hold one of these bytes."""
    return [str(path) for path, data in files_of(profile) if any(one in data for one in wanted)]


def test_a_browser_killed_while_it_films_costs_the_last_seconds_only_and_leaves_nothing_of_it(
    tmp_path: Path, address: str, page_server: RunningServer
) -> None:
    profile = tmp_path / "profile"
    with sync_playwright() as playwright:
        context = persistent(playwright, profile)
        page = at_noon(context.new_page())
        line = Line(page)
        record(page, address, TOLD)
        recorded(page, 16)
        filmed = broken_off(page, line)
        os.kill(process_of(profile), signal.SIGKILL)
        context.wait_for_event("close")
    (film,) = recordings(page_server, TOLD)
    assert (film.closed, film.marked) == (None, [])
    assert film.report.kind == "first"
    assert seconds_played(film.data, "video") >= filmed - 10
    assert seconds_played(film.data, "audio") >= filmed - 10
    assert files_with(profile, [TOLD, film.entry.identity, film.entry.block_key, film.entry.name]) == []
    # What is left over of a piece may be a few bytes long, which stand somewhere by chance.
    long = [data for _, data in film.blocks.values() if len(data) >= SLICE]
    assert long
    pieces = [data[at : at + SLICE] for data in long for at in (0, (len(data) - SLICE) // 2, len(data) - SLICE)]
    assert holders_of(profile, pieces) == []
    # The history holds the address: the search finds what there is to find.
    assert files_with(profile, [address.split("#", maxsplit=1)[0]])


def reachable(page: Page) -> str:
    """All that the page's scripts can still reach, as the browser writes it down; texts stand in it as they are."""
    parts: list[str] = []
    # Events and answers of the protocol have no types.
    session: Any = page.context.new_cdp_session(page)

    def take(event: dict[str, str]) -> None:
        parts.append(event["chunk"])

    session.on("HeapProfiler.addHeapSnapshotChunk", take)
    for command in ("enable", "collectGarbage", "takeHeapSnapshot"):
        session.send(f"HeapProfiler.{command}")
    return "".join(parts)


def test_while_it_films_the_page_holds_nothing_that_opens_what_has_left(tmp_path: Path, address: str, page_server: RunningServer) -> None:
    with sync_playwright() as playwright:
        context = persistent(playwright, tmp_path / "profile")
        page = at_noon(context.new_page())
        told = "I film and am searched."
        record(page, address, told)
        recorded(page, 5)
        held = reachable(page)
        context.close()
    (film,) = recordings(page_server, told)
    # The search finds what is there: whom it goes to.
    assert page_server.origin in held
    assert film.entry.identity not in held
    assert film.entry.block_key not in held


def test_a_camera_that_may_not_be_used_is_told_and_nothing_is_sent(address: str, page_server: RunningServer) -> None:
    told = "I may not film."
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*arguments(), CAMERA[0], "--deny-permission-prompts"])
        page = at_noon(chromium.new_page(viewport={"width": 390, "height": 844}, locale="en-US"))
        seen = arrivals(page)
        ready(page, address, told)
        page.get_by_role("button", name="Start").click()
        page.get_by_text("This page was not allowed to use the camera or the microphone.").wait_for()
        shot(page, "r6-denied")
        assert begun(page) == 0
        page.get_by_role("button", name="Back").click()
        assert page.get_by_text("Nothing has been sent.").count() == 1
        assert page.get_by_label("What happened?").input_value() == told
        assert seen == []
        chromium.close()
    assert recordings(page_server, told) == []


WATCHING = """
    window.tracks = [];
    const { getUserMedia } = MediaDevices.prototype;
    MediaDevices.prototype.getUserMedia = async function (wanted) {
        const stream = await getUserMedia.call(this, wanted);
        tracks.push(...stream.getTracks());
        return stream;
    };
"""
"""Keeps hold of every track that the page was given."""


def refused(route: Route) -> None:
    """The server says no."""
    route.fulfill(status=413, json={"failure": "size", "detail": ""})


def uncertain(route: Route) -> None:
    """The server takes it, and its answer is not right: nobody knows whether it arrived."""
    route.fulfill(status=200, body=route.fetch().body()[:-10] + b"AAAAAAAA=\n")


@pytest.mark.parametrize("answer", [refused, uncertain])
def test_while_the_first_report_has_no_receipt_no_camera_stays_on_and_trying_again_records(
    tmp_path: Path, address: str, page_server: RunningServer, answer: Callable[[Route], None]
) -> None:
    told = f"I film once it is there: {answer.__name__}."
    with sync_playwright() as playwright:
        context = persistent(playwright, tmp_path / "profile")
        page = at_noon(context.new_page())
        page.add_init_script(WATCHING)
        page.route("**/reports", answer)
        ready(page, address, told)
        page.get_by_role("button", name="Start").click()
        page.get_by_text("Nothing was recorded.").wait_for()
        shot(page, f"r7-{answer.__name__}")
        assert page.evaluate("tracks.map((one) => one.readyState)") == ["ended", "ended"]
        page.unroute("**/reports")
        page.get_by_role("button", name="Try again").click()
        page.get_by_role("button", name="Stop").wait_for()
        recorded(page, 2)
        assert page.evaluate("tracks.map((one) => one.readyState)") == ["ended", "ended", "live", "live"]
        stop(page)
        assert page.evaluate("tracks.map((one) => one.readyState)") == ["ended"] * 4
        context.close()
    (film,) = recordings(page_server, told)
    assert film.report.kind == "first"
    assert film.closed is not None
    assert seconds_played(film.data, "video") >= 1
