# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one-file edition, opened from disk by real Chromium: its policy, a report with a photo, the reply, and what it does without a link."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from corncrake_crypto.encoding import root_text
from development.page_walk import come_back, confirm_words, pass_check, read_words, write
from tests.clients.web import pictures
from tests.clients.web.conftest import DIST, reports, shot
from tests.clients.web.sent_files import Line, joined
from tests.clients.web.test_access import faults
from tests.clients.web.test_walk import answer_in_edition
from tests.server.running import RunningServer, open_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

STORY = "The gate was open at noon."
REPLY = "Thank you. Was it locked in the morning?"
WITHIN = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)"')


@pytest.fixture(scope="module", autouse=True)
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of its own, which serves no page: it comes before the browser."""
    with open_server(tmp_path_factory.mktemp("saved")) as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The one-file edition, carried to another place under another name."""
    kept = tmp_path / "carried by hand.html"
    kept.write_bytes((DIST / "saved.html").read_bytes())
    return kept


def fragment(server: RunningServer) -> str:
    """What follows the file's name in its address."""
    return f"r={root_text(server.organisation.root)}&d=legal&o={quote(server.origin, safe='')}"


def start(page: Page, file: Path, server: RunningServer) -> None:
    page.goto("about:blank")
    page.goto(f"{file.as_uri()}#{fragment(server)}")
    page.get_by_role("heading", name="Before you start").wait_for()


class Watch:
    """What a page complains of, and which servers it asks."""

    def __init__(self, page: Page) -> None:
        self.broken: list[str] = []
        self.asked: set[str] = set()
        page.on("console", lambda message: self.broken.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.broken.append(str(error)))
        page.on("request", lambda request: self.asked.add(request.url.split("/v1/")[0]) if request.url.startswith("http") else None)


def policy() -> dict[str, list[str]]:
    text = (DIST / "saved.html").read_text()
    found = WITHIN.findall(text)
    assert len(found) == 1
    assert text.index("Content-Security-Policy") < min(text.index("<script"), text.index("<style"), text.index("<link"))
    return {name: values for name, *values in (part.split() for part in found[0].split(";"))}


def test_its_policy_lets_only_what_is_inside_run() -> None:
    named = policy()
    assert not [word for words in named.values() for word in words if "unsafe" in word or word in {"*", "'strict-dynamic'", "'wasm-unsafe-eval'"}]
    assert named["default-src"] == ["'none'"]
    assert named["require-trusted-types-for"] == ["'script'"]
    assert named["trusted-types"] == ["corncrake-worker"]
    assert named["worker-src"] == ["blob:"]
    text = (DIST / "saved.html").read_text()
    for name, pattern in (("script-src", r"<script[^>]*>(.*?)</script>"), ("style-src", r"<style>(.*?)</style>")):
        inside = re.findall(pattern, text, re.DOTALL)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert named[name] == [f"'sha256-{digest}'"]


def test_it_loads_nothing_and_has_no_webassembly() -> None:
    text = (DIST / "saved.html").read_text()
    assert re.findall(r'(?:src|href)="(?!data:,")[^"]*"', text) == []
    assert "WebAssembly" not in text


def test_a_report_with_a_photo_is_sent_from_disk_and_the_reply_is_read(page: Page, server: RunningServer, file: Path, photos: list[Path]) -> None:
    watch = Watch(page)
    start(page, file, server)
    shot(page, "saved-before")
    write(page, STORY, photos[:1])
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Send").click()
    words = read_words(page)
    confirm_words(page, words)
    shot(page, "saved-done")
    (opened,) = reports(server)
    assert [answer.text for answer in opened.report.answers] == [STORY]
    (photo,) = opened.report.files
    assert pictures.OWNER not in joined(server, photo)
    answer_in_edition(server, opened, 2, REPLY)
    start(page, file, server)
    come_back(page, words)
    page.get_by_text(REPLY).wait_for()
    shot(page, "saved-reply")
    assert watch.asked == {server.origin}
    assert watch.broken == []


def test_to_continue_later_is_not_offered_where_other_files_could_look(page: Page, server: RunningServer, file: Path, photos: list[Path]) -> None:
    line = Line(page)
    start(page, file, server)
    line.close_after(0)
    write(page, "The second story.", photos[:1])
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Send").click()
    pass_check(page, read_words(page))
    page.get_by_text("To continue later is not possible in a copy of the page").wait_for()
    shot(page, "saved-sending")
    assert page.locator("input[name=keep]").count() == 0
    line.open()
    page.get_by_role("heading", name="It is done").wait_for()


def test_leaving_quickly_shows_an_empty_page(page: Page, server: RunningServer, file: Path) -> None:
    start(page, file, server)
    page.get_by_role("button", name="Leave quickly").click()
    page.wait_for_url("about:blank")
    assert page.evaluate("document.body.childElementCount") == 0


def test_a_file_that_was_damaged_on_its_way_does_not_run(page: Page, server: RunningServer, file: Path) -> None:
    whole = file.read_text()
    file.write_text(whole.replace("Before you start", "Before you begin"))
    watch = Watch(page)
    with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
        page.goto(f"{file.as_uri()}#{fragment(server)}")
    assert page.locator("h1").count() == 0
    assert watch.asked == set()


@pytest.mark.parametrize("language", ["en", "es"])
def test_axe_finds_nothing_on_the_first_screens(new_page: Callable[..., Page], server: RunningServer, file: Path, language: str) -> None:
    page = new_page(locale=language, bypass_csp=True)
    page.goto(file.as_uri())
    page.locator("#link").wait_for()
    page.locator("#link").fill("https://report.example.org/")
    page.locator("button.main").click()
    page.get_by_role("alert").wait_for()
    shot(page, f"saved-link-{language}")
    assert faults(page) == []
    page.locator("#link").fill(f" {server.origin}/#r={root_text(server.organisation.root)}&d=legal ")
    page.locator("button.main").click()
    page.get_by_text("corncrake-reporter").wait_for()
    assert faults(page) == []


def test_without_a_link_it_asks_for_one_and_asks_no_server(page: Page, server: RunningServer, file: Path) -> None:
    watch = Watch(page)
    page.goto(file.as_uri())
    page.get_by_label("The whole link").fill("report.example.org")
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("This is not the whole link.").wait_for()
    assert watch.asked == set()
    page.get_by_label("The whole link").fill(f"{server.origin}/#r={root_text(server.organisation.root)}&d=legal")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Before you start").wait_for()


@pytest.mark.parametrize("origin", ["javascript:alert(1)", "file:///", "http://127.0.0.1:1/path", "https://user@report.example.org"])
def test_an_address_that_no_server_may_have_is_not_asked(page: Page, server: RunningServer, file: Path, origin: str) -> None:
    watch = Watch(page)
    page.goto(f"{file.as_uri()}#r={root_text(server.organisation.root)}&o={quote(origin, safe='')}")
    page.get_by_role("heading", name="Which link were you given?").wait_for()
    assert watch.asked == set()


def test_a_server_of_another_address_than_the_charter_says_is_not_believed(page: Page, server: RunningServer, file: Path) -> None:
    other = server.origin.replace("127.0.0.1", "localhost")
    page.goto(f"{file.as_uri()}#r={root_text(server.organisation.root)}&o={quote(other, safe='')}")
    page.get_by_text("origin").wait_for()
    assert page.get_by_role("button", name="Write a report").count() == 0


def test_the_served_page_ignores_an_address_in_its_link(page: Page, address: str) -> None:
    watch = Watch(page)
    page.goto(f"{address}&o=http%3A%2F%2Flocalhost%3A1")
    page.get_by_role("heading", name="Before you start").wait_for()
    assert all(origin.startswith(address.split("/#", maxsplit=1)[0]) for origin in watch.asked)
    assert watch.asked


def test_the_server_hands_the_file_out_to_be_kept(page_server: RunningServer) -> None:
    answer = page_server.get("/saved.html")
    assert answer.content == (DIST / "saved.html").read_bytes()
    assert answer.headers["content-disposition"].startswith("attachment")
