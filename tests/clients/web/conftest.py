# SPDX-License-Identifier: AGPL-3.0-or-later
"""The built page, a real server, real Chromium.

Rules of this file: the browser's clock shows the day for which the simulated organisation's papers were signed.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from corncrake_crypto.encoding import root_text
from corncrake_crypto.report import OpenedReport, open_report
from development.page_walk import CHROMIUM, PATIENCE_MS, arguments
from tests.clients.web import pictures
from tests.server.running import RunningServer, open_server
from tests.simulators.organisation import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[3]
DIST = ROOT / "clients" / "web" / "dist"
NOON = datetime.combine(TODAY, time(12), UTC)


@pytest.fixture(scope="session")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on SQLite that serves the page, its desk open."""
    assert (DIST / "index.html").is_file(), "the page is not built: cd clients && npm run build"
    with open_server(tmp_path_factory.mktemp("page"), page_dir=str(DIST)) as running:
        yield running


@pytest.fixture(scope="session")
def address(page_server: RunningServer) -> str:
    """The page's address as a reporter gets it."""
    return f"{page_server.origin}/#r={root_text(page_server.organisation.root)}&d=legal"


@pytest.fixture(scope="module")
def page_browser(page_server: RunningServer) -> Iterator[Browser]:
    """Chromium, one for the tests of a file; each has contexts of its own.

    It comes after the server and goes with the file: while Playwright runs, no other test of this process could have an event loop.
    """
    assert page_server.process is not None
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments())
        yield running
        running.close()


def at_noon(page: Page) -> Page:
    """Set the page's clock to the day of the papers."""
    page.clock.set_fixed_time(NOON)
    page.set_default_timeout(PATIENCE_MS)
    return page


@pytest.fixture
def new_page(page_browser: Browser) -> Iterator[Callable[..., Page]]:
    """Makes pages at phone size, each in a context of its own."""
    contexts: list[BrowserContext] = []

    def make(**options: object) -> Page:
        # Without the short change of a button's colour, in the middle of which axe would find too little contrast now and then.
        settings = {"viewport": {"width": 390, "height": 844}, "locale": "en-US", "reduced_motion": "reduce"} | options
        context = page_browser.new_context(**settings)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - any option of a context
        contexts.append(context)
        return at_noon(context.new_page())

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """One page at phone size."""
    return new_page()


def shot(page: Page, name: str) -> None:
    """Keep a picture of the screen, where somebody asked for it."""
    folder = os.environ.get("CORNCRAKE_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def reports(server: RunningServer) -> list[OpenedReport]:
    """All that a reviewer can open of what waits at the server."""
    notes = cast("list[str]", server.fetch("/v1/courier/pending").json()["notes"])
    ids = [note.split('"id":"')[1][:64] for note in notes]
    identities = list(server.organisation.identities.values())
    return [open_report(server.fetch(f"/v1/courier/reports/{report}").content, identities) for report in ids]


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "one.jpg", tmp_path / "two.jpg"]
    for path in paths:
        path.write_bytes(pictures.photo())
    return paths
