# SPDX-License-Identifier: AGPL-3.0-or-later
"""'Let me continue later': what waits on a device when the browser has closed, that it opens nothing, and that it goes on after a restart.

Rules of this file: every test starts its own Playwright with a profile on the disk, and reads the profile's files when the browser has ended.
"""

from __future__ import annotations

import hashlib
from itertools import count
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from development.page_walk import open_page, pass_check, read_words
from tests.clients.web.conftest import at_noon, shot
from tests.clients.web.sent_files import Line, begin, joined, report_that_says, there, until
from tests.clients.web.test_access import faults
from tests.clients.web.test_profile import files_of, files_with, persistent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page, Playwright

    from tests.server.running import RunningServer

MARKER = "kittiwake-on-the-ledge"
NAME = "gannet-colony.bin"
WIRE = (261_803, 4_192_867)
"""Lengths of sealed blocks; both begin as every age file does."""
HELD = """async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("waiting");
    const [file] = await Array.fromAsync(folder.values());
    window.held = await file.createWritable();
}"""
"""Holds one file of what waits, as another writer would."""
REFUSED = """async (texts) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("waiting");
    for (const [sha256, text] of Object.entries(texts)) {
        const file = await (await folder.getFileHandle(`report.legal.46.${sha256}`, { create: true })).createWritable();
        await file.write(text);
        await file.close();
    }
}"""
"""Lets more wait that looks like a report to the page, and not to the server; by their hashes."""
AGE = b"age-encryption.org/v1\n-> mlkem768x25519 "


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A file of 10 blocks that says the marker all the time."""
    path = tmp_path / NAME
    path.write_bytes(MARKER.encode() * (2_400_000 // len(MARKER)))
    return path


@pytest.fixture
def playwright(page_server: RunningServer) -> Iterator[Playwright]:
    assert page_server.process is not None
    with sync_playwright() as running:
        yield running


def new_page(context: BrowserContext) -> Page:
    return at_noon(context.new_page())


def sealed_files(profile: Path) -> list[Path]:
    """The files of a profile that have the length of a sealed block and begin like one."""
    found = [(path, data) for path, data in files_of(profile) if len(data) in WIRE]
    assert all(data.startswith(AGE) for _, data in found)
    return [path for path, _ in found]


def keep_all(page: Page, address: str, text: str, film: Path) -> Line:
    """Send until three blocks have left; let the others wait on the device."""
    line = Line(page)
    line.close_after(3)
    begin(page, address, text, [film])
    pass_check(page, read_words(page))
    line.wait_for(3)
    page.get_by_label("Let me continue later").check()
    page.get_by_text("You may close this page.").wait_for()
    return line


def test_what_waits_after_the_browser_has_closed_is_sealed_and_names_nothing(
    playwright: Playwright, address: str, film: Path, tmp_path: Path
) -> None:
    profile = tmp_path / "profile"
    context = persistent(playwright, profile)
    page = new_page(context)
    line = keep_all(page, address, MARKER, film)
    shot(page, "17-kept")
    words = page.evaluate("document.body.innerText")
    assert MARKER not in words
    line.cut()
    context.close()
    assert len(sealed_files(profile)) == 7
    assert files_with(profile, [MARKER, "gannet-colony", "AGE-SECRET-KEY"]) == []


def test_without_asking_for_it_nothing_waits(playwright: Playwright, address: str, film: Path, tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    context = persistent(playwright, profile)
    page = new_page(context)
    line = Line(page)
    line.close_after(3)
    begin(page, address, MARKER, [film])
    read_words(page)
    line.wait_for(3)
    page.wait_for_timeout(1_000)
    context.close()
    assert sealed_files(profile) == []
    assert not (profile / "Default" / "File System").exists()
    assert files_with(profile, [MARKER, "gannet-colony", "AGE-SECRET-KEY"]) == []


def test_it_goes_on_after_a_restart_without_words_and_then_nothing_is_left(
    playwright: Playwright, address: str, page_server: RunningServer, film: Path, tmp_path: Path
) -> None:
    story = "It goes on after a restart."
    profile = tmp_path / "profile"
    context = persistent(playwright, profile)
    keep_all(new_page(context), address, story, film).cut()
    context.close()
    (entry,) = report_that_says(page_server, story).files
    assert there(page_server, entry).count(True) == 3
    context = persistent(playwright, profile, bypass_csp=True)
    page = new_page(context)
    open_page(page, address)
    page.get_by_text("7 sealed parts of your files are waiting").wait_for()
    shot(page, "18-waiting")
    assert faults(page) == []
    line = Line(page)
    line.close_after(2)
    page.get_by_role("button", name="Send what is waiting").click()
    line.wait_for(2)
    page.get_by_text("You may close this page").wait_for()
    shot(page, "19-waiting-leaves")
    assert faults(page) == []
    line.open()
    page.get_by_text("All of it is there. This device keeps nothing of it.").wait_for()
    assert joined(page_server, entry) == film.read_bytes()
    # One that was on its way when the browser closed may have been tried before.
    line.wait_for(7)
    assert len(line.arrived) == len(set(line.arrived)) == 7
    page.get_by_role("button", name="Back").click()
    page.get_by_role("heading", name="Before you start").wait_for()
    assert page.get_by_text("are waiting").count() == 0
    context.close()
    assert sealed_files(profile) == []


def test_what_waits_can_be_thrown_away(playwright: Playwright, address: str, film: Path, tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    context = persistent(playwright, profile)
    keep_all(new_page(context), address, "Thrown away later.", film).cut()
    context.close()
    context = persistent(playwright, profile, bypass_csp=True)
    page = new_page(context)
    open_page(page, address)
    page.get_by_role("button", name="Throw it away").click()
    page.get_by_role("button", name="No, keep it").click()
    # As long as something else writes to what waits, it cannot go.
    page.evaluate(HELD)
    page.get_by_role("button", name="Throw it away").click()
    page.get_by_role("button", name="Yes, throw it away").click()
    page.get_by_text("It could not be thrown away.").wait_for()
    assert faults(page) == []
    page.evaluate("held.abort()")
    page.get_by_role("button", name="Throw it away").click()
    page.get_by_role("button", name="Yes, throw it away").click()
    page.get_by_text("Something is still waiting").wait_for(state="detached")
    context.close()
    assert sealed_files(profile) == []


def test_when_the_box_is_cleared_or_the_file_taken_out_nothing_waits(playwright: Playwright, address: str, film: Path, tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    context = persistent(playwright, profile)
    page = new_page(context)
    keep_all(page, address, "Not kept after all.", film)
    page.get_by_label("Let me continue later").uncheck()
    page.get_by_text("are kept on this device").wait_for(state="detached")
    until(page, lambda: sealed_files(profile) == [], "something still waits")
    page.get_by_label("Let me continue later").check()
    page.get_by_text("You may close this page.").wait_for()
    assert len(sealed_files(profile)) == 7
    page.get_by_role("button", name=f"Take out {NAME}").click()
    page.get_by_role("button", name="Yes, take it out").click()
    page.get_by_role("heading", name="It is done").wait_for()
    context.close()
    assert sealed_files(profile) == []


def test_a_report_that_has_not_left_waits_too_and_leaves_after_a_restart(
    playwright: Playwright, address: str, page_server: RunningServer, film: Path, tmp_path: Path
) -> None:
    story = "The report itself waits."
    profile = tmp_path / "profile"
    context = persistent(playwright, profile)
    page = new_page(context)
    page.route("**/reports", lambda route: route.abort("internetdisconnected"))
    begin(page, address, story, [film])
    page.get_by_text("The line broke before the server could answer").wait_for()
    page.get_by_label("Let me continue later").check()
    page.get_by_text("You may close this page.").wait_for()
    shot(page, "20-report-kept")
    page.get_by_role("button", name="Show my twelve words").click()
    page.get_by_text("Your report has not left yet.").wait_for()
    read_words(page)
    context.close()
    assert files_with(profile, [story, "gannet-colony", "AGE-SECRET-KEY"]) == []
    context = persistent(playwright, profile)
    page = new_page(context)
    open_page(page, address)
    page.get_by_text("A sealed report is waiting on this device.").wait_for()
    page.get_by_role("button", name="Send what is waiting").click()
    page.get_by_text("All of it is there.").wait_for()
    (entry,) = report_that_says(page_server, story).files
    assert joined(page_server, entry) == film.read_bytes()
    context.close()


def no_reports() -> dict[str, str]:
    """Two texts by their hashes, of which one comes before and one behind that of any report."""
    found = ((hashlib.sha256(text.encode()).hexdigest(), text) for text in map(str, count()))
    return dict(next(one for one in found if one[0].startswith(begins)) for begins in ("0000", "ffff"))


def test_a_report_that_the_server_will_not_take_keeps_nothing_else_from_leaving(
    playwright: Playwright, address: str, page_server: RunningServer, film: Path, tmp_path: Path
) -> None:
    story = "Another report waits beside it."
    context = persistent(playwright, tmp_path / "profile")
    page = new_page(context)
    page.route("**/reports", lambda route: route.abort("internetdisconnected"))
    begin(page, address, story, [film])
    page.get_by_label("Let me continue later").check()
    page.get_by_text("You may close this page.").wait_for()
    page.evaluate(REFUSED, no_reports())
    page.goto("about:blank")
    page.unroute("**/reports")
    open_page(page, address)
    page.get_by_role("button", name="Send what is waiting").click()
    page.get_by_text("The server does not take a report that waits here").wait_for()
    shot(page, "23-refused")
    (entry,) = report_that_says(page_server, story).files
    page.get_by_role("button", name="Send the parts of the files").click()
    page.get_by_text("All of it is there.").wait_for()
    assert joined(page_server, entry) == film.read_bytes()
    context.close()
