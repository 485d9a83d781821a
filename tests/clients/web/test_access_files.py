# SPDX-License-Identifier: AGPL-3.0-or-later
"""The screens with files for everybody: every kind and what it tells, on their way and held up, and what waits from an earlier visit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.clients.media_samples import films, pictures, written
from tests.clients.media_samples.bytes_of import segment
from tests.clients.web.conftest import shot
from tests.clients.web.sent_files import Line, noise
from tests.clients.web.test_access import SAY, SIZES, faults
from tests.clients.web.test_cleaning_told import heic, pdf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page, Route

MORE: Final = {
    "en": {
        "looking": "Looking at the files",
        "pause": "Pause",
        "go on": "Go on",
        "see": "See what has left",
        "take out": "Take out",
        "yes": "Yes, take it out",
        "keep": "Let me continue later",
        "may close": "You may close this page.",
        "without": "Send the parts of the files",
        "waiting": "Send what is waiting",
        "forget": "Throw it away",
        "forget yes": "Yes, throw it away",
        "forgotten": "It was thrown away.",
    },
    "es": {
        "looking": "Mirando los archivos",
        "pause": "Parar",
        "go on": "Continuar",
        "see": "Ver qué ha salido",
        "take out": "Quitar",
        "yes": "Sí, quitarlo",
        "keep": "Quiero seguir más tarde",
        "may close": "Puede cerrar esta página.",
        "without": "Enviar las partes de los archivos",
        "waiting": "Enviar lo que espera",
        "forget": "Borrarlo",
        "forget yes": "Sí, borrarlo",
        "forgotten": "Se borró.",
    },
}
LONG: Final = "a-name-without-a-space-" * 5
TOO_LARGE: Final = 70_000_000_000
OLD: Final = {"failure": "epoch", "detail": ""}
FULL: Final = {"failure": "size", "detail": ""}


def kinds(folder: Path) -> list[Path]:
    """A file of every kind that the page knows, with what tells of people in it; one broken, one unknown, one too large."""
    photo = pictures.jpeg_with(segment(0xE1, b"Exif\0\0" + pictures.EXIF))
    named = {
        "photo.jpg": photo,
        "broken.jpg": photo[: len(photo) // 2],
        "plain.png": pictures.PLAIN["png"](),
        "moving.gif": pictures.PLAIN["gif moving"](),
        "photo.webp": pictures.PLAIN["webp"](),
        "film.mp4": films.make(films.Recipe("mp4", notes=dict(films.NOTED))),
        "film.webm": films.make(films.PLAIN["webm"]),
        "sound.m4a": films.make(films.PLAIN["m4a"]),
        "phone.heic": heic(),
        "letter.pdf": pdf(xmp=True),
        f"{LONG}.bin": b"What I saw",
    }
    paths = [folder / name for name in named]
    for path in paths:
        path.write_bytes(named[path.name])
    written.write([(folder / "plain.png", written.WRITTEN["png", "Exif place, direction, time"][0])], folder)
    paths.append(folder / "too-large.bin")
    with paths[-1].open("wb") as large:
        large.truncate(TOO_LARGE)
    return paths


def looked_through(page: Page, language: str, files: list[Path]) -> None:
    page.locator("input[type=file]").set_input_files(files)
    page.locator("section .panel").first.wait_for()
    page.get_by_text(MORE[language]["looking"]).wait_for(state="detached")


def click(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def sheets(page: Page, address: str, language: str, folder: Path) -> Iterator[str]:
    """The story with files and the review."""
    files = kinds(folder)
    page.goto(address)
    click(page, SAY[language]["start"])
    page.locator("textarea").first.fill("x")
    looked_through(page, language, files[:4])
    yield "a few files"
    looked_through(page, language, files[4:])
    yield "folded up"
    for summary in page.locator("summary").all():
        summary.click()
    assert page.locator("details[open]").count() == len(files) - 1
    yield "opened"
    for place in range(2):
        page.locator("details fieldset").nth(place).locator("input").nth(place + 1).check()
    click(page, SAY[language]["next"])
    yield "review"


def deliveries(page: Page, address: str, language: str, folder: Path) -> Iterator[str]:
    """What keeps files, from the first 'Send' to the end."""
    more, line = MORE[language], Line(page)
    line.close_after(3)
    page.goto(address)
    click(page, SAY[language]["start"])
    page.locator("textarea").first.fill("x")
    looked_through(page, language, [noise(folder / f"{LONG}.bin", 5_000_000), noise(folder / "second.bin", 3_000_000)])
    click(page, SAY[language]["next"])
    page.route("**/reports", lambda route: route.fulfill(status=413, json=FULL))
    click(page, SAY[language]["send"])
    page.get_by_role("alert").wait_for()
    yield "report refused"
    page.unroute("**/reports")
    page.route("**/reports", lambda route: route.abort())
    page.locator("main button.main").click()
    page.locator("[role=status] .alert").wait_for()
    yield "report waits"
    page.unroute("**/reports")
    page.context.set_offline(offline=True)
    page.context.set_offline(offline=False)
    page.locator("ol.words").wait_for()
    line.wait_for(3)
    yield "words"
    click(page, more["see"])
    yield "on the way"
    click(page, more["pause"])
    page.locator("[role=status] .alert").wait_for()
    yield "paused"
    page.get_by_role("button", name=f"{more['take out']} second.bin").click()
    yield "taking out"
    click(page, more["yes"])
    page.get_by_text("second.bin: ").wait_for()
    page.get_by_label(more["keep"]).check()
    page.get_by_text(more["may close"]).wait_for()
    yield "kept"
    page.route("**/v1/blocks/*", lambda route: route.fulfill(status=413, json=FULL) if route.request.method == "PUT" else route.fallback())
    click(page, more["go on"])
    page.locator("[role=status] .alert", has_text="(size)").wait_for()
    yield "refused"


def stays(page: Page, words: str) -> None:
    """Wait for words, and see that what a worker still has to say does not bring the screen before back."""
    page.get_by_text(words).wait_for()
    page.wait_for_timeout(1_000)
    assert page.get_by_text(words).is_visible()


def leftovers(page: Page, address: str, language: str, folder: Path) -> Iterator[str]:
    """What an earlier visit left: a report that is too old by now, and parts of its file."""
    more = MORE[language]

    def old(route: Route) -> None:
        route.fulfill(status=409, json=OLD)

    page.route("**/reports", lambda route: route.abort())
    page.goto(address)
    click(page, SAY[language]["start"])
    page.locator("textarea").first.fill("x")
    looked_through(page, language, [noise(folder / "film.bin", 2_400_000)])
    click(page, SAY[language]["next"])
    click(page, SAY[language]["send"])
    page.get_by_label(more["keep"]).check()
    page.get_by_text(more["may close"]).wait_for()
    yield "a report is kept"
    page.unroute("**/reports")
    line = Line(page)
    line.close_after(2)
    page.goto("about:blank")
    page.goto(address)
    page.locator("section.panel").wait_for()
    yield "something waits"
    page.route("**/reports", lambda route: route.abort())
    click(page, more["waiting"])
    page.get_by_role("progressbar").wait_for()
    yield "the report waits"
    page.unroute("**/reports")
    page.route("**/reports", old)
    page.context.set_offline(offline=True)
    page.context.set_offline(offline=False)
    page.get_by_role("alert").wait_for()
    yield "too old"
    click(page, more["without"])
    line.wait_for(2)
    # As many as may leave at once when two have arrived: no other one is about to when it is stopped.
    line.wait_until_held(2)
    yield "it leaves"
    click(page, more["pause"])
    page.get_by_role("button", name=more["go on"]).wait_for()
    tried = len(line.tried)
    line.open()
    page.wait_for_timeout(1_000)
    assert (len(line.tried), len(line.arrived)) == (tried, 2)
    yield "it is paused"
    line.close_after(1)
    click(page, more["go on"])
    line.wait_for(3)
    click(page, more["forget"])
    yield "it is asked again"
    click(page, more["forget yes"])
    stays(page, more["forgotten"])
    yield "forgotten"


WALKS: Final = {"sheets": (sheets, 4), "deliveries": (deliveries, 8), "leftovers": (leftovers, 8)}


@pytest.mark.parametrize("walk", sorted(WALKS))
@pytest.mark.parametrize("seen", [("en", "light"), ("es", "dark")], ids="-".join)
def test_axe_finds_nothing_on_any_screen_with_files(
    new_page: Callable[..., Page], address: str, tmp_path: Path, seen: tuple[str, str], walk: str
) -> None:
    language, scheme = seen
    page = new_page(viewport=SIZES["phone"], locale=language, color_scheme=scheme, bypass_csp=True)
    screens, count = WALKS[walk]
    found: dict[str, list[str]] = {}
    for screen in screens(page, address, language, tmp_path):
        shot(page, f"f-{language}-{walk}-{screen}".replace(" ", "-"))
        found[screen] = faults(page)
    assert len(found) == count
    assert {screen: what for screen, what in found.items() if what} == {}
