# SPDX-License-Identifier: AGPL-3.0-or-later
"""A reporter at the page: from the first screen to the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corncrake_crypto.edition import bucket, reply_tag
from corncrake_crypto.encoding import root_text, unb64url
from corncrake_crypto.reply import ReplyDraft, build_reply
from corncrake_crypto.seal import seal
from development.page_walk import come_back, confirm_words, open_page, read_words, write
from tests.clients.web import pictures
from tests.clients.web.conftest import reports, shot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page, Request

    from corncrake_crypto.report import OpenedReport
    from tests.server.running import RunningServer

STORY = "Three men in masks took him from the bridge. \N{BIRD}"


def send_one(page: Page, address: str, photos: list[Path], text: str = STORY) -> list[str]:
    open_page(page, address)
    shot(page, "1-before")
    write(page, text, photos)
    shot(page, "2-story")
    page.get_by_role("button", name="Go on").click()
    shot(page, "3-review")
    page.get_by_role("button", name="Send").click()
    words = read_words(page)
    shot(page, "4-words")
    return words


def test_a_report_with_two_photos_reaches_the_reviewers_and_says_what_was_written(
    page: Page, address: str, page_server: RunningServer, photos: list[Path]
) -> None:
    words = send_one(page, address, photos)
    assert len(words) == 12
    confirm_words(page, words)
    shot(page, "5-done")
    found = [one.report for one in reports(page_server) if STORY in str([answer.text for answer in one.report.answers]) and one.report.files]
    assert found
    report = found[-1]
    assert [file.name for file in report.files] == ["photo-1.jpg", "photo-2.jpg"]
    assert all(file.cleaning == "strip" and file.removed and "place" in file.removed and "serial" in file.removed for file in report.files)
    for file in report.files:
        assert file.blocks == 1
        assert file.size is not None
        assert file.size < len(pictures.photo())


def test_the_photos_say_what_they_tell_before_anything_is_sent(page: Page, address: str, photos: list[Path]) -> None:
    open_page(page, address)
    write(page, "x", photos[:1])
    panel = page.locator(".panel", has_text="What one.jpg says about you")
    for sentence in ("The place where it was taken", "A serial number", "A name of a person", "A text or comment", "Data after its end"):
        assert panel.get_by_text(sentence).count() == 1
    assert panel.get_by_label("Remove it all").is_checked()


def answer_in_edition(server: RunningServer, report: OpenedReport, number: int, text: str) -> None:
    """Have the voice answer one report in a new edition."""
    thread = report.report.thread
    draft = ReplyDraft(
        origin=server.origin,
        desk="legal",
        reviewer="ana",
        edition=number,
        bucket=bucket("legal", unb64url(thread), 0),
        thread=thread,
        acknowledged=(report.report.message,),
        missing_blocks=(),
        text=text,
    )
    sealed = seal(build_reply(draft, server.organisation.reviewers["ana"]), [report.reply_recipient])
    tag = reply_tag(unb64url(report.report.reply_tag), unb64url(thread), "legal", "ana", number, 0)
    tile = server.organisation.tile((tag, sealed))
    pushed = server.push("ana", number, server.parcel("ana", number, server.edition(number, tile)))
    assert pushed.status_code == 201, pushed.text


def test_the_words_bring_first_no_answer_then_the_answer_and_carry_a_follow_up(
    new_page: Callable[..., Page], address: str, page_server: RunningServer
) -> None:
    story = "The second story, for an answer."
    words = send_one(new_page(), address, [], story)
    page = new_page()
    open_page(page, address)
    come_back(page, words)
    assert page.get_by_text("No reviewer's machine has answered to these words yet.").count() == 1
    shot(page, "6-no-answer")
    opened = next(one for one in reports(page_server) if story in str([answer.text for answer in one.report.answers]))
    answer_in_edition(page_server, opened, 2, "We have read it.\nWho else saw it?")
    page = new_page()
    open_page(page, address)
    come_back(page, words)
    assert page.get_by_text("A reviewer's machine has it").count() == 1
    assert page.get_by_text("Who else saw it?").count() == 1
    shot(page, "7-answer")
    page.get_by_label("What do you want to add or answer?").fill("My neighbour did.")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Sent. The server has it").wait_for()
    (more,) = [one.report for one in reports(page_server) if "My neighbour did." in str([answer.text for answer in one.report.answers])]
    assert (more.kind, more.thread) == ("follow_up", opened.report.thread)


def test_a_wrong_word_is_named_and_a_wrong_set_is_not_mistaken_for_no_answer(page: Page, address: str) -> None:
    open_page(page, address)
    page.get_by_role("button", name="I have twelve words").click()
    field = page.get_by_label("Twelve words")
    field.fill("abandon abandon corncrake")
    page.get_by_role("button", name="Look for an answer").click()
    assert page.get_by_text("Word number 3, “corncrake”, is not one of the words").count() == 1
    field.fill("abandon " * 12)
    page.get_by_role("button", name="Look for an answer").click()
    assert page.get_by_text("not a set that was ever given out").count() == 1
    shot(page, "8-wrong-word")


def test_words_are_completed_as_they_are_typed(page: Page, address: str) -> None:
    open_page(page, address)
    page.get_by_role("button", name="I have twelve words").click()
    page.get_by_label("Twelve words").press_sequentially("aband")
    page.get_by_role("button", name="abandon").click()
    assert page.get_by_label("Twelve words").input_value() == "abandon "


def test_words_are_read_in_either_language_and_with_their_numbers(new_page: Callable[..., Page], address: str) -> None:
    spanish = new_page(locale="es-MX")
    spanish.goto(address)
    spanish.get_by_role("button", name="Escribir un aviso").click()
    spanish.get_by_label("What happened?").fill("Lo vi desde el puente.")
    spanish.get_by_role("button", name="Seguir").click()
    spanish.get_by_role("button", name="Enviar").click()
    spanish.get_by_role("heading", name="Sus doce palabras").wait_for()
    words = spanish.locator("ol.words li").all_inner_texts()
    page = new_page()
    open_page(page, address)
    page.get_by_role("button", name="I have twelve words").click()
    page.get_by_label("Twelve words").fill("\n".join(f"{number}. {word}" for number, word in enumerate(words, 1)))
    page.get_by_role("button", name="Look for an answer").click()
    page.get_by_text("No reviewer's machine has answered to these words yet.").wait_for()


def test_no_word_is_broken_on_a_narrow_screen_with_large_type(new_page: Callable[..., Page], address: str) -> None:
    page = new_page(viewport={"width": 320, "height": 640})
    send_one(page, address, [], "A narrow screen.")
    page.evaluate("document.documentElement.style.fontSize = '36px'")
    count = "all => all.map(one => { const r = document.createRange(); r.selectNodeContents(one); return r.getClientRects().length; })"
    lines = page.locator("ol.words li").evaluate_all(count)
    assert lines == [1] * 12


def test_the_page_speaks_spanish(new_page: Callable[..., Page], address: str) -> None:
    page = new_page(locale="es-MX")
    page.goto(address)
    page.get_by_role("heading", name="Antes de empezar").wait_for()
    assert page.locator("html").get_attribute("lang") == "es"
    page.get_by_label("Idioma").select_option("en")
    page.get_by_role("heading", name="Before you start").wait_for()


def test_a_page_that_is_opened_with_another_root_sends_nothing_and_says_so(page: Page, page_server: RunningServer) -> None:
    page.goto(f"{page_server.origin}/#r={root_text(bytes(32))}&d=legal")
    page.get_by_text("papers that do not fit the link").wait_for()
    assert page.get_by_role("button", name="Write a report").count() == 0


def traffic(page: Page) -> list[tuple[str, str, int]]:
    """Watch what a page asks for: method, path without what names this report, bytes sent."""
    seen: list[tuple[str, str, int]] = []

    def note(request: Request) -> None:
        path = request.url.partition("#")[0].partition("//")[2].partition("/")[2]
        if path.startswith("v1/"):
            seen.append((request.method, path, len(request.post_data_buffer or b"")))

    page.on("request", note)
    return seen


def test_a_first_report_and_a_follow_up_make_the_same_requests_of_the_same_sizes(new_page: Callable[..., Page], address: str) -> None:
    first = new_page()
    seen_first = traffic(first)
    words = send_one(first, address, [], "One sentence.")
    more = new_page()
    seen_more = traffic(more)
    open_page(more, address)
    come_back(more, words)
    more.get_by_label("What do you want to add or answer?").fill("Quite another text, and a good deal longer than the first one was.")
    more.get_by_role("button", name="Send").click()
    more.get_by_text("Sent. The server has it").wait_for()
    assert len(seen_first) == 6
    assert seen_first[-1][2] > 12_288
    assert seen_first == seen_more
