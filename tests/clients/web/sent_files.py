# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that a page has sent: made here, and joined again from what the server stores, with the keys that only a desk has."""

from __future__ import annotations

import hashlib
import random
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from playwright.sync_api import Error

from corncrake_crypto.block import Place, block_ids, check_place, plan, read_block
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.file_identity import file_tag
from corncrake_crypto.identities import Identity
from corncrake_crypto.unseal import unseal
from development.page_walk import open_page, write
from tests.clients.web.conftest import reports
from tests.server.running import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page, Response, Route

    from corncrake_crypto.report import File, Report
    from tests.server.running import RunningServer

MISSING = 404


def noise(path: Path, size: int) -> Path:
    """A file of a kind that nobody knows, no two of its blocks alike."""
    path.write_bytes(random.Random(path.name).randbytes(size))  # noqa: S311 - nothing secret
    return path


def begin(page: Page, address: str, text: str, files: list[Path]) -> None:
    """From the first screen to 'Send', pressed."""
    open_page(page, address)
    write(page, text, files)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Send").click()


def report_that_says(server: RunningServer, text: str) -> Report:
    """The one report at the server in which this was written."""
    (found,) = [one.report for one in reports(server) if text in str([answer.text for answer in one.report.answers])]
    return found


def blocks_of(entry: File) -> list[str]:
    """The ids of all blocks of a file, dummies included."""
    assert entry.size is not None
    return list(block_ids(unb64url(entry.block_key, 32), plan(entry.size).total_blocks))


def there(server: RunningServer, entry: File) -> list[bool]:
    """Which blocks of a file the server has."""
    return [server.fetch(f"/v1/blocks/{name}").status_code != MISSING for name in blocks_of(entry)]


def joined(server: RunningServer, entry: File) -> bytes:
    """A file as the desk gets it: every block there and in its place, its dummies too, and its hash right."""
    identity = Identity.from_text(entry.identity)
    tag = file_tag(identity.recipient)
    whole = bytearray()
    for index, name in enumerate(blocks_of(entry)):
        answer = server.fetch(f"/v1/blocks/{name}")
        assert answer.status_code == 200, (index, answer.status_code)
        opened = read_block(unseal(answer.content, [identity]))
        check_place(opened, Place(tag, index, entry.blocks, entry.class_))
        whole += opened.data
    assert (len(whole), hashlib.sha256(whole).hexdigest()) == (entry.size, entry.sha256)
    return bytes(whole)


def until(page: Page, so: Callable[[], bool], what: str) -> None:
    """Wait until something is so, while the page goes on."""
    deadline = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < deadline, what
        page.wait_for_timeout(50)


class Line:
    """The line of a page, as a test sees it: what was tried, and what is held until it is let go."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.tried: list[str] = []
        self.arrived: list[str] = []
        self.waiting: list[Route] = []
        self.room = 1 << 30
        self.is_cut = False
        page.on("response", self._note)
        page.route("**/v1/blocks/*", self._hold)

    def _note(self, answer: Response) -> None:
        # Nothing is asked of the browser here: the answer would come after what the page shows by then, and whoever counts would count too early.
        if answer.request.method == "PUT" and answer.ok:
            self.arrived.append(answer.url)

    def _hold(self, route: Route) -> None:
        if route.request.method == "PUT":
            self.tried.append(route.request.url)
            if self.is_cut:
                route.abort()
                return
            if self.room == 0:
                self.waiting.append(route)
                return
            self.room -= 1
        route.continue_()

    def close_after(self, count: int) -> None:
        """Let so many more blocks pass; hold what comes then."""
        self.room = count

    def open(self) -> None:
        """Let pass what was held, and all that comes."""
        self.room = 1 << 30
        self.is_cut = False
        held, self.waiting = self.waiting, []
        for route in held:
            # The page may have given up what was held.
            with suppress(Error):
                route.continue_()

    def cut(self) -> None:
        """Break off what was held, and all that comes: what is held when a browser closes may leave after all."""
        self.is_cut = True
        held, self.waiting = self.waiting, []
        for route in held:
            with suppress(Error):
                route.abort()

    def wait_for(self, count: int) -> None:
        """Wait until so many blocks have arrived."""
        seen, deadline = len(self.arrived), time.monotonic() + PATIENCE_S
        while len(self.arrived) < count:
            if len(self.arrived) > seen:
                seen, deadline = len(self.arrived), time.monotonic() + PATIENCE_S
            assert time.monotonic() < deadline, (seen, len(self.tried))
            self.page.wait_for_timeout(50)

    def wait_until_held(self, count: int) -> None:
        """Wait until so many blocks are held: as many as may leave at once, so that no other one is about to."""
        until(self.page, lambda: len(self.waiting) >= count, f"{len(self.waiting)} blocks are held, and not {count}")
