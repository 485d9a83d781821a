# SPDX-License-Identifier: AGPL-3.0-or-later
"""As many photos as one report takes, chosen at once: the page can be used all the while, and each one arrives, clean and under a plain name."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from PIL import Image

from development.page_walk import confirm_words, open_page, read_words
from tests.clients.media_samples.bytes_of import MARK, segment
from tests.clients.web.sent_files import Line, joined, report_that_says, until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page, Route

    from tests.server.running import RunningServer

MOST: Final = 300
TOO_MANY: Final = 3
STORY: Final = "All that is on my phone."
COUNTING: Final = """
    window.drawn = 0;
    const { NumberFormat } = Intl;
    Intl.NumberFormat = class extends NumberFormat { constructor(...all) { super(...all); drawn += 1; } };
"""
"""Counts how often a size is written out: once or twice for each file that is drawn."""
DRAWN_A_FILE: Final = 10


def shade(number: int) -> tuple[int, int, int]:
    """A colour for each number, far enough from the next one to survive JPEG."""
    return (number // 100 * 80, number // 10 % 10 * 25, number % 10 * 25)


def photographs(folder: Path, count: int) -> list[Path]:
    """Photos of one colour each, no two the same, each with somebody's words in it, named as a phone names them."""
    made: list[Path] = []
    for number in range(count):
        out = io.BytesIO()
        Image.new("RGB", (64, 48), shade(number)).save(out, "JPEG", quality=95)
        raw = out.getvalue()
        path = folder / f"IMG_20261124_{number:06}.jpg"
        path.write_bytes(raw[:2] + segment(0xFE, MARK) + raw[2:])
        made.append(path)
    return made


def colour(raw: bytes) -> tuple[int, ...]:
    with Image.open(io.BytesIO(raw)) as picture:
        seen = picture.convert("RGB").getpixel((32, 24))
    assert isinstance(seen, tuple)
    return tuple(int(one) for one in seen)


def test_as_many_photos_as_a_report_takes_arrive_whole_and_clean_under_plain_names(
    page: Page, address: str, page_server: RunningServer, tmp_path: Path
) -> None:
    chosen = photographs(tmp_path, MOST + TOO_MANY)
    page.add_init_script(COUNTING)
    # What looks into them comes when somebody has seen that they are looked into: it may be done before.
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.context.route("**/assets/source-*", hold_first)
    open_page(page, address)
    page.get_by_role("button", name="Write a report").click()
    page.locator("input[type=file]").set_input_files(chosen)
    page.get_by_text("Looking at the files").wait_for()
    until(page, lambda: bool(held), "nothing is fetched to look into them")
    held[0].continue_()
    # While they are looked into, what is typed stands there, and a file can be opened.
    page.locator("textarea").first.press_sequentially(STORY)
    page.locator("summary").first.click()
    assert page.locator("details[open]").count() == 1
    assert page.locator("textarea").first.input_value() == STORY
    assert page.get_by_text(f"One report takes at most {MOST} files. {TOO_MANY} were not added.").count() == 1
    page.get_by_text("Looking at the files").wait_for(state="detached")
    assert page.evaluate("drawn") < MOST * DRAWN_A_FILE, "whatever changes, all files are drawn anew: nobody can type meanwhile"
    page.get_by_role("button", name="Go on").click()
    assert page.get_by_text("It gets a plain name with a number.").count() == MOST
    line = Line(page)
    line.close_after(MOST // 2)
    page.get_by_role("button", name="Send").click()
    words = read_words(page)
    line.wait_for(MOST // 2)
    page.get_by_role("button", name="See what has left").click()
    page.get_by_text(f"Files that are there, whole: {MOST // 2}.").wait_for()
    page.get_by_role("button", name="Show my twelve words").click()
    line.open()
    confirm_words(page, words)
    entries = report_that_says(page_server, STORY).files
    assert [entry.name for entry in entries] == [f"photo-{number}.jpg" for number in range(1, MOST + 1)]
    for number, entry in enumerate(entries):
        raw = joined(page_server, entry)
        assert MARK not in raw
        assert all(abs(a - b) <= 4 for a, b in zip(colour(raw), shade(number), strict=True)), entry.name
