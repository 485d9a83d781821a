# SPDX-License-Identifier: AGPL-3.0-or-later
"""Browsers of their own kind: what stays in a profile when one has closed, and the page without JIT and WebAssembly.

Rules of this file: every test starts its own Playwright, so that none uses the browser that other files share.
"""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Playwright, sync_playwright

from development.page_walk import CHROMIUM, arguments, come_back, confirm_words, open_page, read_words, write
from tests.clients.web import pictures
from tests.clients.web.conftest import at_noon
from tests.clients.web.test_access import screens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext

MARKER = "kittiwake-on-the-ledge"


def forms_of(marker: str) -> list[bytes]:
    """A text as it may stand in a file: UTF-8, UTF-16, base64 at each of three alignments."""
    raw = marker.encode()
    shifted = [base64.b64encode(b"\0" * pad + raw)[4 if pad else 0 : -4] for pad in range(3)]
    return [raw, marker.encode("utf-16-le"), marker.encode("utf-16-be"), *shifted]


def files_of(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """The files of a folder and what they hold. A browser that runs, or is just ending, takes some away while others are read."""
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names):
            with suppress(FileNotFoundError):
                if path.is_file():
                    yield path, path.read_bytes()


def files_with(folder: Path, markers: list[str]) -> list[str]:
    """The files of a folder that hold one of the markers."""
    wanted = [form for marker in markers for form in forms_of(marker)]
    return [str(path) for path, data in files_of(folder) if any(form in data for form in wanted)]


def persistent(playwright: Playwright, profile: Path, *, bypass_csp: bool = False) -> BrowserContext:
    return playwright.chromium.launch_persistent_context(
        str(profile),
        executable_path=CHROMIUM,
        args=arguments(),
        viewport={"width": 390, "height": 844},
        locale="en-US",
        bypass_csp=bypass_csp,
    )


def test_nothing_of_a_report_is_in_the_profile_after_the_browser_has_closed(tmp_path: Path, address: str) -> None:
    photo = tmp_path / "gannet-colony.jpg"
    photo.write_bytes(pictures.photo())
    profile = tmp_path / "profile"
    with sync_playwright() as playwright:
        context = persistent(playwright, profile)
        page = at_noon(context.new_page())
        open_page(page, address)
        write(page, MARKER, [photo])
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Send").click()
        words = read_words(page)
        confirm_words(page, words)
        again = at_noon(context.new_page())
        open_page(again, address)
        come_back(again, words)
        assert context.cookies() == []
        assert again.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
        assert again.evaluate("indexedDB.databases().then(all => all.length)") == 0
        assert again.evaluate("caches.keys().then(all => all.length)") == 0
        context.close()
    secrets = [MARKER, "gannet-colony", pictures.OWNER.decode(), " ".join(words[:4])]
    assert files_with(profile, secrets) == []
    # The history holds the address; and so the search finds what there is to find.
    assert files_with(profile, [address.split("#", maxsplit=1)[0]])


def test_the_search_finds_what_a_page_stores(tmp_path: Path, address: str) -> None:
    profile = tmp_path / "profile"
    with sync_playwright() as playwright:
        context = persistent(playwright, profile)
        page = at_noon(context.new_page())
        open_page(page, address)
        page.evaluate(f"localStorage.setItem('draft', '{MARKER}')")
        context.close()
    assert files_with(profile, [MARKER])


def test_a_report_is_sent_without_jit_and_without_webassembly(address: str) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*arguments(), "--js-flags=--jitless"])
        page = at_noon(chromium.new_page(viewport={"width": 390, "height": 844}, locale="en-US"))
        page.goto(address)
        assert page.evaluate("typeof WebAssembly") == "undefined"
        found = dict.fromkeys(screens(page, address, "en"))
        chromium.close()
    assert len(found) == 8
