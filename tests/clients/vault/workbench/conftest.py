# SPDX-License-Identifier: AGPL-3.0-or-later
"""The viewer as a person starts it: the real program on a real vault, looked at by real Chromium or asked by hand.

Rules of this file: every request that Chromium makes is kept, wherever it would have gone. Where no script may run, Playwright's own waiting does not
either: a test asks again until it is so, and gives up after a while.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from development.page_walk import CHROMIUM, PATIENCE_MS, arguments
from tests.clients.vault.exports import exported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.clients.vault.conftest import Desk

WAIT_S = 30
STEP_MS = 50
OURS = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Answer:
    """What the viewer answered to a request by hand."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Viewing:
    """A running viewer."""

    process: subprocess.Popen[str]
    address: str
    cookie: str = ""
    room: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc

    def ask(self, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> Answer:
        """One request with exactly these headers; `Host` is ours unless said."""
        connection = http.client.HTTPConnection(self.host, timeout=WAIT_S)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in ({"Host": self.host} | (headers or {})).items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def enter(self) -> Viewing:
        """Exchange the token for the session, as a browser does."""
        answer = self.ask(urlsplit(self.address).path, {"Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"})
        assert answer.status == 303
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        self.room = answer.headers["location"]
        return self

    def get(self, path: str, **headers: str) -> Answer:
        """One request of the browser inside."""
        said = OURS | {"Cookie": self.cookie} | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask(self.room + path, said)

    def stop(self) -> tuple[int, str, str]:
        """Press Ctrl-C, and return the exit code and what was said on standard output and error."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=WAIT_S)
        return self.process.returncode, out, err


@dataclass
class Thread:
    """A desk whose vault has one thread with these files."""

    desk: Desk
    running: list[Viewing] = field(default_factory=list[Viewing])

    def bring(self, *files: tuple[str, bytes], without: tuple[int, ...] = ()) -> Thread:
        """Bring a report with files; blocks at the places `without` (over all files) never come."""
        reporter = self.desk.reporter()
        self.desk.server.take(reporter.report(files=tuple(reporter.attach(name, data) for name, data in files)))
        assert self.desk.bring(self.desk.server.parcel()).code == 0
        exported(self.desk)
        self.desk.server.blocks = {name: data for place, (name, data) in enumerate(reporter.blocks.items()) if place not in without}
        assert self.desk.bring(self.desk.server.parcel(1)).code == 0
        return self

    def view(self, *words: str, env: dict[str, str] | None = None) -> Viewing:
        """Start the viewer."""
        process = subprocess.Popen(
            [sys.executable, "-m", "corncrake_vault", "--store", str(self.desk.store), "view", *(words or ("1",))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | (env or {}),
        )
        assert process.stderr is not None
        for line in process.stderr:
            if line.strip().startswith("http://"):
                self.running.append(Viewing(process, line.strip()))
                return self.running[-1]
        raise AssertionError(f"it ended with {process.wait()}")


@pytest.fixture
def thread(desk: Desk) -> Iterator[Thread]:
    made = Thread(desk)
    yield made
    for viewing in made.running:
        if viewing.process.poll() is None:
            viewing.process.kill()
        viewing.process.communicate()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium, one for the tests of a file."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=[*arguments(), "--autoplay-policy=no-user-gesture-required"])
        yield running
        running.close()


@dataclass
class Looking:
    """A page of Chromium, and all that it asked for."""

    page: Page
    asked: list[str] = field(default_factory=list[str])
    failed: list[str] = field(default_factory=list[str])

    def until(self, expression: str) -> None:
        """Wait until an expression holds on the page."""
        for _ in range(PATIENCE_MS // STEP_MS):
            with suppress(Error):  # the page is just being left
                if self.page.evaluate(f"document.readyState === 'complete' && !!({expression})"):
                    return
            self.page.wait_for_timeout(STEP_MS)
        raise AssertionError(f"it never came to {expression}")

    def until_text(self, text: str) -> None:
        """Wait until the page shows a text."""
        self.until(f"document.body.innerText.includes({json.dumps(text)})")

    def foreign(self, viewing: Viewing) -> list[str]:
        """What it asked of anybody but the viewer."""
        return [url for url in self.asked if not url.startswith(f"http://{viewing.host}/")]


@pytest.fixture
def look(chromium: Browser) -> Iterator[Callable[..., Looking]]:
    """Opens a page in a context of its own."""
    contexts: list[BrowserContext] = []

    def opened(**options: object) -> Looking:
        settings = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US"} | options
        context = chromium.new_context(**settings)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - any option of a context
        contexts.append(context)
        looking = Looking(context.new_page())
        looking.page.set_default_timeout(PATIENCE_MS)
        looking.page.on("request", lambda request: looking.asked.append(request.url))
        looking.page.on("requestfailed", lambda request: looking.failed.append(request.url))
        return looking

    yield opened
    for context in contexts:
        context.close()
