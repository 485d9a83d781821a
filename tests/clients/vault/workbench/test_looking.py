# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a reviewer sees and hears: lists, pictures, documents, films, in real Chromium, with eyes, keyboard, and a screen reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tests.clients.vault.workbench import media

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

    from tests.clients.vault.workbench.conftest import Looking, Thread

    Look = Callable[..., Looking]

AXE = (Path(__file__).parents[4] / "clients" / "node_modules" / "axe-core" / "axe.min.js").read_text()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
NAMES = (
    "photo\u202egpj.exe",
    "<script>document.title='ran'</script>.jpg",
    '"><img src=x onerror=document.title=1>',
    "../../../etc/passwd",
    "a\u200bb\u2066\ufeff.pdf",
    "&lt;b&gt;&#106;",
    "x" * 255,
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627.png",
)


def without_policy(page: Page) -> Page:
    """Take the policy off what the viewer answers: under it no script runs, so that axe, which is one, could not look."""

    def answer(route: Route) -> None:
        wanted = {"media": "video", "stylesheet": "style"}.get(route.request.resource_type, route.request.resource_type)
        # What the browser adds after Playwright has looked.
        got = route.fetch(max_redirects=0, headers=route.request.headers | {"sec-fetch-site": "same-origin", "sec-fetch-dest": wanted})
        route.fulfill(response=got, headers={name: value for name, value in got.headers.items() if name != "content-security-policy"})

    page.route("**/*", answer)
    return page


def faults(page: Page) -> list[str]:
    """What axe finds on the page as it is."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(f"axe.run(document, {json.dumps(RULES)})")
    assert found["passes"], "axe did not run"
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]


def all_kinds(thread: Thread) -> Thread:
    """A file of every kind that is shown, one that is not, and one that is not whole."""
    return thread.bring(
        ("photo.jpg", media.picture()),
        ("paper.pdf", media.pdf(12)),
        ("film.webm", media.film()),
        ("tone.wav", media.sound()),
        ("page.html", media.program("html")),
        ("broken.jpg", media.picture()[:5_000] + bytes(400)),
        ("gone.png", media.picture("PNG", (64, 64))),
        without=(6,),
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", sorted(SIZES))
def test_axe_finds_nothing_on_any_page_and_nothing_is_wider_than_the_screen(thread: Thread, look: Look, size: str, scheme: str) -> None:
    viewing = all_kinds(thread).view()
    looking = look(viewport=SIZES[size], color_scheme=scheme)
    page = looking.page
    page.goto(viewing.address)
    room = without_policy(page).url
    found: dict[str, list[str]] = {}
    for path in ("", "1", "1/large", "2", "2/pages/6", "3", "4", "5", "6", "7"):
        page.goto(room + path)
        assert page.locator("h1").count() == 1
        assert not page.evaluate(WIDE), path
        found[path] = faults(page)
    assert {path: what for path, what in found.items() if what} == {}
    assert looking.foreign(viewing) == []


def test_axe_finds_what_is_wrong(thread: Thread, look: Look) -> None:
    viewing = thread.bring(("photo.jpg", media.picture())).view()
    page = look().page
    page.goto(viewing.address)
    without_policy(page).reload()
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert any(one.startswith("image-alt") for one in faults(page))


def test_a_picture_is_seen_and_is_not_the_original(thread: Thread, look: Look) -> None:
    original = media.picture("JPEG", (2_600, 400))
    viewing = thread.bring(("photo.jpg", original)).view("1", "1")
    looking = look()
    page = looking.page
    with page.expect_response("**/picture/*") as seen:
        page.goto(viewing.address)
    body = seen.value.body()
    assert body.startswith(b"\xff\xd8\xff")
    assert original[20_000:20_064] not in body
    looking.until("document.querySelector('img').naturalWidth === 2048")
    page.goto(page.url + "/large")
    looking.until("document.querySelector('img').naturalWidth === 2600")


def test_a_document_is_turned_page_by_page_by_keyboard_alone(thread: Thread, look: Look) -> None:
    viewing = thread.bring(("paper.pdf", media.pdf(12, text="Statement"))).view()
    looking = look()
    page = looking.page
    page.goto(viewing.address)

    def follow(name: str, then: str) -> None:
        """Press Tab until the control of this name has the focus, then Enter, until the page shows what comes then."""
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == name:
                page.keyboard.press("Enter")
                looking.until_text(then)
                return
        raise AssertionError(f"Tab never comes to {name}")

    follow("File 1", "Page 1 of 12")
    follow("Next page", "Page 2 of 12")
    looking.until("document.querySelector('img').naturalHeight > 1000")
    follow("Text of this page", "Statement 2")
    follow("Last page", "Page 12 of 12")
    follow("All files of thread 1", "Thread 1: 1 file")


@pytest.mark.parametrize(
    ("name", "data", "tag"), [("a", media.film("webm"), "video"), ("b", media.film("mp4"), "video"), ("c", media.sound(), "audio")]
)
def test_film_and_sound_play_and_can_be_wound(thread: Thread, look: Look, name: str, data: bytes, tag: str) -> None:
    viewing = thread.bring((name, data)).view("1", "1")
    looking = look()
    page = looking.page
    page.goto(viewing.address)
    assert not page.evaluate(f"document.querySelector('{tag}').autoplay")
    looking.until(f"document.querySelector('{tag}').readyState >= 1")
    page.evaluate(f"(() => {{ const it = document.querySelector('{tag}'); it.muted = true; it.currentTime = 1.5; it.play(); }})()")
    looking.until(f"document.querySelector('{tag}').currentTime > 1.8")
    assert page.evaluate(f"document.querySelector('{tag}').error") is None
    assert looking.foreign(viewing) == []


def test_no_name_does_anything_but_be_read(thread: Thread, look: Look) -> None:
    viewing = thread.bring(*((name, media.picture("PNG", (16, 16))) for name in NAMES)).view()
    looking = look()
    page = looking.page
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(viewing.address)
    room = page.url
    shown = page.locator("li bdi").all_inner_texts()[::2]
    assert shown[0] == "photo\u27e8U+202E\u27e9gpj.exe"
    assert shown[1:4] == list(NAMES[1:4])
    assert shown[4] == "a\u27e8U+200B\u27e9b\u27e8U+2066\u27e9\u27e8U+FEFF\u27e9.pdf"
    assert shown[5:] == list(NAMES[5:])
    for number in range(1, len(NAMES) + 1):
        page.goto(f"{room}{number}")
        assert page.title() == f"File {number} of thread 1"
        assert page.locator("img").count() == 1
    assert broken == []
    assert looking.foreign(viewing) == []


def test_what_was_taken_out_is_told_in_the_programs_words(thread: Thread, look: Look) -> None:
    desk, reporter = thread.desk, thread.desk.reporter()
    file = replace(
        reporter.attach("photo.jpg", media.picture()), cleaning="strip", removed=("camera owner", "<b>place\u202e"), type="image/jpeg\u202e"
    )
    desk.server.take(reporter.report(files=(file,)))
    assert desk.bring(desk.server.parcel()).code == 0
    viewing = thread.view()
    page = look().page
    page.goto(viewing.address)
    text = page.locator("li").inner_text()
    assert "took out what it said about the reporter" in text
    assert "camera owner" in text
    assert "<b>place\u27e8U+202E\u27e9" in text
    assert "image/jpeg\u27e8U+202E\u27e9" in text


def test_the_page_runs_no_script_and_asks_for_nothing_that_is_refused(thread: Thread, look: Look) -> None:
    viewing = all_kinds(thread).view()
    looking = look()
    page = looking.page
    said: list[str] = []
    # Browsers ask every host for an icon by themselves; here there is none.
    page.on("console", lambda message: None if message.location["url"].endswith("/favicon.ico") else said.append(message.text))
    page.goto(viewing.address)
    room = page.url
    for number in range(1, 8):
        page.goto(f"{room}{number}")
        assert page.locator("script, iframe, object, embed, form, [onload], [onerror]").count() == 0
    assert said == []
    assert [url for url in looking.failed if "/media" not in url] == []
    page.evaluate("const it = document.createElement('script'); it.textContent = 'document.title = \"ran\"'; document.body.append(it)")
    assert page.title() != "ran"
