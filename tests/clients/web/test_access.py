# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page for everybody: axe at AA on every screen, nothing cut off on the narrowest one, and by keyboard alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.web.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

AXE = (ROOT / "clients" / "node_modules" / "axe-core" / "axe.min.js").read_text()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SAY = {
    "en": {
        "start": "Write a report",
        "next": "Go on",
        "send": "Send",
        "noted": "I have noted them",
        "return": "I have twelve words",
        "look": "Look for an answer",
    },
    "es": {
        "start": "Escribir un aviso",
        "next": "Seguir",
        "send": "Enviar",
        "noted": "Ya las apunté",
        "return": "Tengo doce palabras",
        "look": "Buscar una respuesta",
    },
}
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}


NARROW = {"width": 320, "height": 640}
"""WCAG 1.4.10: nothing has to be scrolled sideways here."""
BEYOND = """() => {
    const seen = [...document.querySelectorAll("body *")].filter((one) => one.closest(".visually-hidden") === null);
    const beyond = seen.filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5).map((one) => one.outerHTML.slice(0, 200));
    return beyond.length > 0 ? beyond : document.scrollingElement.scrollWidth > innerWidth ? ["the page is wider than the screen"] : [];
}"""


def beyond(page: Page) -> list[str]:
    """What of the screen as it is stands beyond the edge of the narrowest one."""
    wide = page.viewport_size
    assert wide is not None
    page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    found: list[str] = page.evaluate(BEYOND)
    page.set_viewport_size(wide)
    return [f"beyond the edge: {one}" for one in found]


def faults(page: Page) -> list[str]:
    """What axe finds on the screen as it is, and what a narrow screen cuts off."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(f"axe.run(document, {json.dumps(RULES)})")
    assert found["passes"], "axe did not run"
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]] + beyond(page)


def screens(page: Page, address: str, language: str) -> Iterator[str]:
    """Go through every screen, stopping at each."""
    say = SAY[language]

    def click(name: str) -> None:
        page.get_by_role("button", name=say[name], exact=True).click()

    page.goto(address)
    page.get_by_role("button", name=say["start"]).wait_for()
    yield "before"
    click("start")
    page.locator("textarea").first.fill("x")
    yield "story"
    click("next")
    yield "review"
    click("send")
    page.locator("ol.words").wait_for()
    yield "words"
    words = page.locator("ol.words li").all_inner_texts()
    click("noted")
    page.locator("#check-0").fill("wrong")
    click("next")
    page.get_by_role("alert").wait_for()
    yield "check"
    for field in page.locator("input[id^=check]").all():
        label = page.locator(f"label[for={field.get_attribute('id')}]").inner_text()
        field.fill(words[int(label.rsplit(" ", 1)[1]) - 1])
    click("next")
    page.locator("h1").wait_for()
    yield "done"
    page.goto("about:blank")
    page.goto(address)
    click("return")
    page.locator("#words").fill("zzz")
    click("look")
    page.get_by_role("alert").wait_for()
    yield "return"
    page.locator("#words").fill(" ".join(words))
    click("look")
    page.locator("#more").wait_for()
    yield "thread"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", sorted(SIZES))
@pytest.mark.parametrize("language", sorted(SAY))
def test_axe_finds_nothing_on_any_screen(new_page: Callable[..., Page], address: str, language: str, size: str, scheme: str) -> None:
    page = new_page(viewport=SIZES[size], locale=language, color_scheme=scheme, bypass_csp=True)
    found = {screen: faults(page) for screen in screens(page, address, language)}
    assert len(found) == 8
    assert {screen: what for screen, what in found.items() if what} == {}


def test_axe_finds_what_is_wrong(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Write a report").wait_for()
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    assert any(one.startswith("label") for one in faults(page))


def test_what_a_narrow_screen_cuts_off_is_found(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Write a report").wait_for()
    assert beyond(page) == []
    page.evaluate("document.querySelector('main p').style.width = '321px'")
    assert len(beyond(page)) == 1


def test_a_report_is_sent_by_keyboard_alone(page: Page, address: str) -> None:
    def reach(name: str) -> None:
        """Press Tab until the control with this name has the focus."""
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).textContent").strip() == name:
                return
        raise AssertionError(f"Tab never comes to {name}")

    page.goto(address)
    page.get_by_role("button", name="Write a report").wait_for()
    reach("Write a report")
    page.keyboard.press("Enter")
    reach("What happened?")
    page.keyboard.type("Typed, never clicked.")
    reach("Go on")
    page.keyboard.press("Enter")
    reach("Send")
    page.keyboard.press("Enter")
    page.locator("ol.words").wait_for()
    words = page.locator("ol.words li").all_inner_texts()
    reach("I have noted them")
    page.keyboard.press("Enter")
    page.locator("label[for^=check]").first.wait_for()
    for label in page.locator("label[for^=check]").all_inner_texts():
        reach(label)
        page.keyboard.type(words[int(label.rsplit(" ", 1)[1]) - 1])
    reach("Go on")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="It is done").wait_for()


def test_the_page_keeps_its_own_policy(page: Page, address: str) -> None:
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text) if "Content Security Policy" in message.text else None)
    page.on("pageerror", lambda error: broken.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert len(list(screens(page, address, "en"))) == 8
    assert broken == []
    ours = (address.split("#", maxsplit=1)[0], "data:", "about:blank")
    assert asked
    assert not [url for url in asked if not url.startswith(ours)]
