# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lines that break, servers that are full, and going on after it; and what the person is told."""

import json
import os
import re
import signal
from functools import partial
from pathlib import Path

import pytest

from corncrake_crypto.codename import Codename
from corncrake_reporter.attachments import attach
from corncrake_reporter.line import Line, Progress
from corncrake_reporter.sealing import Message
from corncrake_reporter.sending import send
from corncrake_reporter.transport import LineError
from corncrake_reporter.visit import Link, visit
from tests.clients.reporter.changes import STORY, breaking, full, silent
from tests.clients.reporter.conftest import Answer, Middle, Run
from tests.simulators.organisation import TODAY


def sent(middle: Middle, path: Path, size: int, line: Line, kept: Path | None = None) -> Progress:
    path.write_bytes(bytes(size))
    link = Link(middle.server.origin, middle.server.organisation.root, None)
    codename = Codename.generate()
    papers = visit(link, codename, TODAY)
    return send(papers, codename, Message("first", "en", (), (attach(path, keep=True),)), line, kept)


# -- lines that break ------------------------------------------------------------------------------------------------------


def test_a_report_whose_answer_was_lost_is_sent_again_and_is_there_once(middle: Middle, run: Run) -> None:
    before = middle.server.fetch("/v1/courier/pending").json()["notes"]
    middle.between.change = breaking("POST", 1)
    ran = run(middle.server, "send", "--json", "--text", STORY)
    assert ran.said["receipt_verified"] is True
    assert "The line broke. Nothing is lost" in ran.err
    middle.between.change = breaking("", 0)
    assert len(middle.server.fetch("/v1/courier/pending").json()["notes"]) == len(before) + 1


def test_a_report_on_a_line_that_breaks_often_is_tried_again_a_little_later_each_time(middle: Middle, tmp_path: Path) -> None:
    pauses: list[float] = []
    middle.between.change = breaking("POST", 7)
    progress = sent(middle, tmp_path / "a", 600_000, Line(pause=pauses.append))
    assert (progress.sent, progress.total, progress.waiting) == (3, 3, False)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


def test_blocks_on_a_line_that_breaks_often_are_all_brought(middle: Middle, tmp_path: Path) -> None:
    pauses: list[float] = []
    middle.between.change = breaking("PUT", 7)
    progress = sent(middle, tmp_path / "a", 1_000_000, Line(pause=pauses.append))
    assert (progress.sent, progress.total, progress.waiting) == (4, 4, False)


def test_while_the_line_is_broken_one_block_at_a_time_tries_it(middle: Middle, tmp_path: Path) -> None:
    pauses: list[float] = []
    middle.between.change = silent("/v1/blocks/")
    line = Line(pause=pauses.append, tries=6)
    with pytest.raises(LineError):
        sent(middle, tmp_path / "a", 1_000_000, line)
    assert pauses == [1, 2, 4, 8, 16]
    # Two at first, and then one for each pause.
    assert len([path for _, path, _ in middle.between.seen if path.startswith("/v1/blocks/")]) == 2 + 5


def test_a_block_whose_answer_was_lost_is_found_to_be_there(middle: Middle, tmp_path: Path) -> None:
    middle.between.change = breaking("PUT", 1_000)
    assert sent(middle, tmp_path / "a", 300_000, Line(pause=lambda _: None)).sent == 2
    assert len([path for method, path, _ in middle.between.seen if method == "PUT"]) == 2


def test_a_line_that_stays_broken_is_given_up_and_what_has_left_is_known(middle: Middle, tmp_path: Path) -> None:
    line = Line(pause=lambda _: None, tries=4)
    middle.between.change = silent("/v1/blocks/")
    with pytest.raises(LineError):
        sent(middle, tmp_path / "a", 300_000, line)
    assert line.progress.receipt is not None
    assert (line.progress.sent, line.progress.total) == (0, 2)


def test_a_report_that_never_left_leaves_when_it_is_run_again(middle: Middle, run: Run, tmp_path: Path) -> None:
    line, kept = Line(pause=lambda _: None, tries=3), tmp_path / "kept"
    middle.between.change = breaking("POST", 3)
    with pytest.raises(LineError):
        sent(middle, tmp_path / "a", 300_000, line, kept)
    assert (line.progress.signed, kept.exists()) == (False, True)
    ran = run(middle.server, "send", "--json", "--text", "other words", "--keep", "--file", str(tmp_path / "a"), "--continue-file", str(kept))
    assert (ran.said["report"], ran.said["blocks"], kept.exists()) == (line.progress.report, 2, False)
    assert "words" not in ran.said


def test_a_server_that_is_not_there_costs_nothing(run: Run, middle: Middle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middle.server, "origin", "http://127.0.0.1:9")
    ran = run(middle.server, "send", "--text", STORY)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("store: The server could not be reached, or the line broke. Nothing was sent")


def test_words_are_shown_when_the_report_arrived_and_its_files_did_not(middle: Middle, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"x")
    middle.between.change = lambda method, _, answer: Answer(403, {}, b'{"failure":"misuse","detail":"no"}') if method == "PUT" else answer
    ran = run(middle.server, "send", "--json", "--text", STORY, "--file", str(path))
    assert ran.code == 1
    assert (ran.said["receipt_verified"], ran.said["blocks"], len(ran.said["words"].split())) == (True, 0, 12)
    assert "The report is there and signed for. 0 of 1 parts of your files are there." in ran.err


def test_words_are_shown_to_whoever_ends_it_after_the_report_has_left(middle: Middle, run: Run, tmp_path: Path) -> None:
    def change(method: str, _path: str, answer: Answer) -> Answer | None:
        if method != "PUT":
            return answer
        os.kill(os.getpid(), signal.SIGINT)
        return None

    path = tmp_path / "a.bin"
    path.write_bytes(b"x")
    middle.between.change = change
    ran = run(middle.server, "send", "--json", "--text", STORY, "--file", str(path))
    assert ran.code == 1
    assert ran.said["receipt_verified"] is True
    assert "You ended it. The report is there and signed for." in ran.err


def test_no_words_are_shown_when_the_server_took_nothing(middle: Middle, run: Run) -> None:
    middle.between.change = lambda method, _, answer: Answer(403, {}, b'{"failure":"misuse","detail":"no"}') if method == "POST" else answer
    ran = run(middle.server, "send", "--text", STORY)
    assert (ran.code, ran.out) == (1, "")
    assert "Nothing was sent" in ran.err


# -- servers that are full ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_server_without_room_is_waited_for_as_long_as_it_asks_and_longer_than_a_broken_line(middle: Middle, tmp_path: Path, method: str) -> None:
    pauses: list[float] = []
    middle.between.change = full(method, 3, "900")
    progress = sent(middle, tmp_path / "a", 1, Line(pause=pauses.append, tries=2))
    assert (progress.sent, progress.total, progress.waiting, progress.until) == (1, 1, False, 0)
    assert sum(pauses) == 3 * 900
    # In slices, so that what is to be told meanwhile is told.
    assert max(pauses) == 1


@pytest.mark.parametrize(("after", "seconds"), [("99999999", 3_600), ("-5", 1), ("Wed, 25 Nov 2026 07:28:00 GMT", 1), (None, 1)])
def test_a_server_cannot_ask_for_more_than_an_hour_and_nonsense_is_passed_over(
    middle: Middle, tmp_path: Path, after: str | None, seconds: int
) -> None:
    pauses: list[float] = []
    middle.between.change = full("POST", 1, after)
    sent(middle, tmp_path / "a", 1, Line(pause=pauses.append))
    assert sum(pauses) == seconds


def test_whoever_waits_for_room_is_told_until_when(middle: Middle, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"x")
    middle.between.change = full("PUT", 1, "900")
    monkeypatch.setattr("corncrake_reporter.teller.Line", partial(Line, pause=lambda _: None))
    ran = run(middle.server, "send", "--json", "--text", STORY, "--file", str(path))
    assert (ran.code, ran.said["blocks"]) == (0, 1)
    assert re.search(r"no room or is too busy just now\. Nothing is lost: 0 parts are there\. .* by itself at \d\d:\d\d\.", ran.err)


# -- words, and going on ---------------------------------------------------------------------------------------------------


def test_words_are_there_before_anything_is_written_or_leaves(middle: Middle, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, seen = tmp_path / "kept", list[str]()

    def change(method: str, _path: str, answer: Answer) -> Answer:
        if method == "POST":
            seen.append(capsys.readouterr().out)
        return answer

    middle.between.change = change
    ran = run(middle.server, "send", "--text", STORY, "--continue-file", str(kept))
    assert "Your twelve words:" in seen[0]
    assert "Your twelve words:" not in ran.out
    run(middle.server, "send", "--json", "--text", STORY)
    assert len(json.loads(seen[1])["words"].split()) == 12


def test_what_was_refused_leaves_nothing_to_go_on_from_and_words_that_lead_nowhere(middle: Middle, run: Run, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    middle.between.change = lambda method, _, answer: Answer(403, {}, b'{"failure":"misuse"}') if method == "POST" else answer
    ran = run(middle.server, "send", "--text", STORY, "--continue-file", str(kept))
    assert (ran.code, kept.exists()) == (1, False)
    assert "Nothing was sent." in ran.err
    assert "nothing on this machine was changed" not in ran.err
    assert "lead to nothing: cross them out" in ran.err


def test_a_report_that_was_begun_too_long_ago_is_said_to_be_and_can_be_written_anew(middle: Middle, run: Run, tmp_path: Path) -> None:
    line, kept = Line(pause=lambda _: None, tries=1), tmp_path / "kept"
    middle.between.change = breaking("POST", 1)
    with pytest.raises(LineError):
        sent(middle, tmp_path / "a", 300_000, line, kept)
    middle.between.change = lambda method, _, answer: Answer(409, {}, b'{"failure":"epoch"}') if method == "POST" else answer
    words = ("--text", STORY, "--keep", "--file", str(tmp_path / "a"), "--continue-file", str(kept))
    ran = run(middle.server, "send", *words)
    assert (ran.code, kept.exists()) == (1, False)
    assert ran.err.splitlines()[-1].startswith("epoch: The report was begun too long ago")
    # Its first try got no answer: nobody here knows what became of it.
    assert "It is not known whether the server has the report" in ran.err
    middle.between.change = breaking("", 0)
    assert run(middle.server, "send", *words).code == 0
