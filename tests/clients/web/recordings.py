# SPDX-License-Identifier: AGPL-3.0-or-later
"""Recording at the page, and what a desk has of it: opened from what the server stores, joined, and played."""

from __future__ import annotations

import hashlib
import io
import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import av

from corncrake_crypto.block import Block, Place, block_ids, check_place, read_block
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.file_identity import file_tag
from corncrake_crypto.identities import Identity
from corncrake_crypto.unseal import unseal
from development.page_walk import open_page, write
from tests.clients.web.conftest import reports
from tests.clients.web.sent_files import until

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response, Route

    from corncrake_crypto.report import Closed, File, Report
    from tests.clients.web.sent_files import Line
    from tests.server.running import RunningServer

CAMERA: Final = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
"""A camera and a microphone of Chromium's own making, and leave for every page to use them."""
COUNTING: Final = """
    window.begun = window.asked = 0;
    const { start, requestData } = MediaRecorder.prototype;
    MediaRecorder.prototype.start = function (...all) { begun += 1; return start.apply(this, all); };
    MediaRecorder.prototype.requestData = function () { asked += 1; return requestData.call(this); };
"""
"""Counts how often recorders were started, and asked for what they had."""
LASTING: Final = re.compile(r"(?:(\d+) min )?(\d+) s$")
# A recording of these tests has no more blocks; behind a gap of so many none is looked for.
MOST: Final = 24
MISSING: Final = 404


def ready(page: Page, address: str, text: str, kind: str = "Film now") -> None:
    """From the first screen to the one before the camera."""
    page.add_init_script(COUNTING)
    open_page(page, address)
    write(page, text, [])
    page.get_by_role("button", name=kind).click()


def begin(page: Page) -> None:
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Stop").wait_for()


def record(page: Page, address: str, text: str, kind: str = "Film now") -> None:
    """Begin to record."""
    ready(page, address, text, kind)
    begin(page)


def lasting(text: str) -> int:
    """Seconds, as the page says them."""
    found = LASTING.search(text)
    assert found, text
    return int(found[1] or 0) * 60 + int(found[2])


def recorded(page: Page, seconds: int) -> None:
    """Wait until the page says that it has recorded for so long."""
    while lasting(page.locator(".timer").inner_text()) < seconds:
        page.wait_for_timeout(100)


def broken_off(page: Page, line: Line) -> int:
    """Let no more blocks leave, wait until those that have left are there, and return how many seconds the page said that it had recorded.

    Blocks leave several at once: of those that are on their way when a browser ends, a later one may arrive without an earlier one.
    """
    line.close_after(0)
    seconds = lasting(page.locator(".timer").inner_text())
    until(page, lambda: len(line.arrived) + len(line.waiting) == len(line.tried), "a block neither waits nor arrives")
    return seconds


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("heading", name="Your recording has left").wait_for()


def arrivals(page: Page) -> list[str]:
    """Watch what the server takes: `report` and `block`, in the order of its answers."""
    seen: list[str] = []

    def note(response: Response) -> None:
        if response.request.method in {"POST", "PUT"} and response.ok:
            seen.append("report" if response.request.method == "POST" else "block")

    page.on("response", note)
    return seen


def blocks_arrived(page: Page, seen: list[str], count: int) -> None:
    """Wait until the server has taken so many blocks."""
    while seen.count("block") < count:
        page.wait_for_timeout(100)


def hold_reports(page: Page) -> list[Route]:
    """Keep reports from leaving; each waits in the list until it is let go on."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/reports", hold)
    return held


def begun(page: Page) -> int:
    """How many recorders have started."""
    return int(page.evaluate("begun"))


class Kept(NamedTuple):
    """One recording at the server: the report that named it, its entry, the blocks that are there by index, what closed it."""

    report: Report
    entry: File
    blocks: dict[int, tuple[Block, bytes]]
    closed: Closed | None
    closed_by: Report | None

    @property
    def data(self) -> bytes:
        """Its bytes, without gaps."""
        assert sorted(self.blocks) == list(range(len(self.blocks))), "there is a gap"
        return b"".join(data for _, (_, data) in sorted(self.blocks.items()))

    @property
    def marked(self) -> list[int]:
        """The indices of the blocks that say that the recording ends."""
        return [index for index, (block, _) in self.blocks.items() if block.last]


def _blocks(server: RunningServer, entry: File, data_blocks: int | None) -> dict[int, tuple[Block, bytes]]:
    identity = Identity.from_text(entry.identity)
    found: dict[int, tuple[Block, bytes]] = {}
    for index, name in enumerate(block_ids(unb64url(entry.block_key, 32), MOST)):
        answer = server.fetch(f"/v1/blocks/{name}")
        if answer.status_code == MISSING:
            continue
        opened = read_block(unseal(answer.content, [identity]))
        check_place(opened, Place(file_tag(identity.recipient), index, data_blocks, entry.class_, live=True))
        found[index] = (opened.block, opened.data)
    return found


def recordings(server: RunningServer, told: str) -> list[Kept]:
    """The recordings of the thread in which somebody wrote `told`, in the order of their names."""
    known = [one.report for one in reports(server)]
    threads = {one.thread for one in known if told in str([answer.text for answer in one.answers])}
    ours = [one for one in known if one.thread in threads]
    kept: list[Kept] = []
    for report in ours:
        for entry in report.files:
            tag = file_tag(Identity.from_text(entry.identity).recipient)
            ends = [(one, other) for other in ours for one in other.closed or () if one.file == tag]
            assert len(ends) <= 1
            closed, closed_by = ends[0] if ends else (None, None)
            kept.append(Kept(report, entry, _blocks(server, entry, closed.blocks if closed else None), closed, closed_by))
    return sorted(kept, key=lambda one: one.entry.name)


def assert_whole(one: Kept) -> None:
    """What closed the recording holds for what is there."""
    assert one.closed is not None
    assert one.closed_by is not None
    assert one.closed_by.kind == "follow_up"
    assert (len(one.blocks), one.marked) == (one.closed.blocks, [one.closed.blocks - 1])
    assert (len(one.data), hashlib.sha256(one.data).hexdigest()) == (one.closed.size, one.closed.sha256)


def seconds_played(data: bytes, kind: Literal["video", "audio"]) -> float:
    """Decode every frame of one kind; return when the last one is, in seconds from the start, and 0 where there is none."""
    with av.open(io.BytesIO(data), mode="r") as container:
        if kind == "video":
            frames = container.decode(video=0) if container.streams.video else iter(())
        else:
            frames = container.decode(audio=0) if container.streams.audio else iter(())
        return max((frame.time or 0.0 for frame in frames), default=0.0)
