# SPDX-License-Identifier: AGPL-3.0-or-later
"""What goes wrong: lines that break, servers that lie, words that are wrong; and what the person is told."""

import json
import os
import re
import signal
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from corncrake_crypto.charter import sign_charter
from corncrake_crypto.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from corncrake_crypto.codename import Codename
from corncrake_crypto.encoding import root_text, unb64url
from corncrake_crypto.errors import Failure
from corncrake_crypto.receipt import Receipt, sign_receipt
from corncrake_crypto.signatures import SigningKey
from corncrake_reporter.attachments import attach
from corncrake_reporter.line import Line, Progress
from corncrake_reporter.sealing import Message
from corncrake_reporter.sending import send
from corncrake_reporter.transport import LineError
from corncrake_reporter.visit import Link, visit
from tests.clients.reporter.conftest import Answer, Change, Middle, Run
from tests.clients.reporter.pictures import telling_picture
from tests.server.running import RunningServer
from tests.simulators.organisation import TODAY, SimulatedOrganisation

STORY = "It happened on the bridge."


def never_used() -> str:
    return " ".join(Codename.generate().words("en"))


def breaking(method: str, times: int) -> Change:
    """Lose so many answers to one method; the requests have arrived."""
    left = [times]

    def change(asked: str, _path: str, answer: Answer) -> Answer | None:
        if asked == method and left[0]:
            left[0] -= 1
            return None
        return answer

    return change


def instead(path: str, body: bytes = b"", status: int = 200, **headers: str) -> Change:
    """Answer something else to whatever begins with this path."""

    def change(_method: str, asked: str, answer: Answer) -> Answer:
        return Answer(status, headers, body) if asked.startswith(path) else answer

    return change


def silent(path: str) -> Change:
    """Never answer to whatever begins with this path."""
    return lambda _method, asked, answer: None if asked.startswith(path) else answer


def full(method: str, times: int, after: str | None) -> Change:
    """Answer to so many requests of one method, and to the question whether a block is there, that there is no room."""
    left = [times]

    def change(asked: str, _path: str, answer: Answer) -> Answer:
        if asked not in {method, "HEAD"} or not left[0]:
            return answer
        left[0] -= 1
        return Answer(507, {} if after is None else {"retry-after": after}, b'{"failure":"store","detail":"full"}')

    return change


# -- lines that break ------------------------------------------------------------------------------------------------------


def test_a_report_whose_answer_was_lost_is_sent_again_and_is_there_once(middle: Middle, run: Run) -> None:
    before = middle.server.fetch("/v1/courier/pending").json()["notes"]
    middle.between.change = breaking("POST", 1)
    ran = run(middle.server, "send", "--json", "--text", STORY)
    assert ran.said["receipt_verified"] is True
    assert "The line broke. Nothing is lost" in ran.err
    middle.between.change = breaking("", 0)
    assert len(middle.server.fetch("/v1/courier/pending").json()["notes"]) == len(before) + 1


def sent(middle: Middle, path: Path, size: int, line: Line, kept: Path | None = None) -> Progress:
    path.write_bytes(bytes(size))
    link = Link(middle.server.origin, middle.server.organisation.root, None)
    codename = Codename.generate()
    papers = visit(link, codename, TODAY)
    return send(papers, codename, Message("first", "en", (), (attach(path, keep=True),)), line, kept)


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


# -- servers that lie ------------------------------------------------------------------------------------------------------


def test_every_visit_asks_for_the_same(middle: Middle, run: Run) -> None:
    asked: list[list[tuple[str, str]]] = []
    for task, more in (("send", ("--text", STORY)), ("check", ()), ("add", ("--text", STORY))):
        middle.between.seen.clear()
        assert run(middle.server, task, *more, words=never_used()).code == 0
        asked.append([(method, path) for method, path, _ in middle.between.seen if method == "GET"])
    assert asked[0] == asked[1] == asked[2]
    assert len(asked[0]) == 5


def test_no_request_tells_reporters_apart(middle: Middle, run: Run) -> None:
    middle.between.change = lambda _method, _path, answer: answer._replace(headers={"set-cookie": "who=1"})
    run(middle.server, "send", "--text", STORY)
    names = {name.lower() for _, _, headers in middle.between.seen for name in headers}
    assert names == {"host", "accept", "accept-encoding", "connection", "user-agent", "content-type", "content-length"}


@pytest.mark.parametrize("path", ["/v1/charter", "/v1/desks/legal/heads", "/v1/forms/", "/v1/desks/legal/epochs/", "/v1/desks/legal/editions/"])
def test_an_answer_without_end_is_cut_off(middle: Middle, run: Run, path: str) -> None:
    middle.between.change = instead(path, bytes(3 << 20))
    ran = run(middle.server, "check", words=never_used())
    assert ran.code == 1
    assert ran.err.split(":")[0] in {"size", "withheld"}


def test_a_redirect_is_not_followed(middle: Middle, run: Run) -> None:
    middle.between.change = instead("/v1/charter", status=302, location=f"{middle.between.origin}/v1/elsewhere")
    assert run(middle.server, "check", words=never_used()).code == 1
    assert [path for _, path, _ in middle.between.seen] == ["/v1/charter"]


def test_a_server_of_another_organisation_is_refused(server: RunningServer, run: Run) -> None:
    ran = run(server, "send", "--text", STORY, root=root_text(SimulatedOrganisation().root))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("root: The server showed papers that do not fit. Nothing was sent")


def test_a_charter_that_is_older_than_a_reviewer_knows_is_refused(middle: Middle, run: Run) -> None:
    organisation = middle.server.organisation
    old = middle.server.sign_charter(issued=TODAY - timedelta(days=3))
    middle.between.change = instead("/v1/charter", old)
    assert run(middle.server, "send", "--text", STORY).err.startswith("equivocation:")
    expired = sign_charter(organisation.charter(origin=middle.server.origin, expires=TODAY - timedelta(days=1)), organisation.key)
    middle.between.change = instead("/v1/charter", expired)
    assert run(middle.server, "send", "--text", STORY).err.startswith("expired:")


def test_a_form_that_the_charter_does_not_name_is_refused(middle: Middle, run: Run) -> None:
    middle.between.change = instead("/v1/forms/", middle.server.organisation.form.replace(b"What happened", b"Your name here"))
    assert run(middle.server, "send", "--text", STORY).err.startswith("charter:")


def test_a_tile_that_is_kept_back_or_changed_is_no_missing_answer(middle: Middle, run: Run) -> None:
    middle.between.change = instead("/v1/desks/legal/editions/", status=404)
    assert run(middle.server, "check", words=never_used()).err.startswith("withheld:")
    middle.between.change = instead("/v1/desks/legal/editions/", bytes(8 * 7_819))
    assert run(middle.server, "check", words=never_used()).err.startswith("edition:")


def test_whoever_sends_does_not_need_the_tile(middle: Middle, run: Run) -> None:
    middle.between.change = instead("/v1/desks/legal/editions/", status=404)
    assert run(middle.server, "send", "--text", STORY).code == 0


def test_a_receipt_that_nobody_signed_is_refused_and_the_words_are_shown(middle: Middle, run: Run) -> None:
    def change(method: str, _path: str, answer: Answer) -> Answer:
        log = middle.server.log_origin
        forged = sign_receipt(Receipt(id="00" * 32, desk="legal", log=log, day="2026-11-25", salt="00" * 32), SigningKey.generate())
        return answer._replace(body=forged) if method == "POST" else answer

    middle.between.change = change
    ran = run(middle.server, "send", "--json", "--text", STORY)
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith("signature:")
    assert "It is not known whether the server has the report" in ran.err
    assert ran.said["receipt_verified"] is False
    assert len(ran.said["words"].split()) == 12


def test_a_log_that_does_not_keep_its_promise_is_proved_to(middle: Middle, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "receipt.note"
    middle.server.publish()
    words = run(middle.server, "send", "--json", "--text", STORY, "--receipt", str(path)).said["words"]
    head = open_checkpoint(middle.server.get("/log/1/checkpoint").content, middle.server.log_origin, middle.server.log_key)
    for days, said in ((1, (0, "not-yet-published")), (2, (1, "fault"))):
        later = sign_checkpoint(Checkpoint(head.origin, head.size, head.root, TODAY + timedelta(days=days)), log_signer(middle.server))
        middle.between.change = instead("/log/1/checkpoint", later)
        ran = run(middle.server, "check", "--json", "--receipt", str(path), words=words)
        assert (ran.code, ran.said["included"]) == said


def log_signer(server: RunningServer) -> SigningKey:
    """The log's own key, as whoever runs the server has it."""
    (path,) = server.data.rglob("log.key")
    return SigningKey.from_seed(unb64url(json.loads(path.read_bytes())["seed"], 32))


def test_entries_that_the_head_is_not_signed_over_are_refused(middle: Middle, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "receipt.note"
    words = run(middle.server, "send", "--json", "--text", STORY, "--receipt", str(path)).said["words"]
    middle.server.publish()

    def change(_method: str, asked: str, answer: Answer) -> Answer:
        return answer._replace(body=answer.body[:-1] + bytes((answer.body[-1] ^ 1,))) if "/entries/" in asked else answer

    middle.between.change = change
    assert run(middle.server, "check", "--receipt", str(path), words=words).err.startswith("proof:")
    middle.between.change = instead("/log/1/tile/entries/", status=404)
    assert run(middle.server, "check", "--receipt", str(path), words=words).err.startswith("withheld:")


# -- what a person gets wrong ----------------------------------------------------------------------------------------------


def test_a_wrong_word_is_named_by_its_place(server: RunningServer, run: Run) -> None:
    words = never_used().split()
    words[2] = "zzyzx"
    ran = run(server, "check", typed=" ".join(words) + "\n")
    assert ran.code == 1
    assert "word: Word number 3 is not one of the words. Nothing is lost." in ran.err
    assert "zzyzx" not in ran.err


def test_too_few_words_and_swapped_words_are_told_apart(server: RunningServer, run: Run) -> None:
    assert "There are 11 words here" in run(server, "check", words=" ".join(never_used().split()[:11])).err
    wrong = " ".join(["abandon"] * 12)
    assert run(server, "check", words=wrong).err.startswith("checksum:")


def test_a_text_longer_than_a_report_is_refused_before_anything_is_sent(server: RunningServer, run: Run, tmp_path: Path) -> None:
    before = server.fetch("/v1/courier/pending").text
    assert run(server, "send", "--text", "x" * 100_001).err.startswith("size:")
    path = tmp_path / "many.json"
    path.write_text('{"story": "' + "\u20ac" * 99_000 + '"}')
    ran = run(server, "send", "--answers", str(path))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[-1].startswith("size:")
    assert server.fetch("/v1/courier/pending").text == before


def test_a_file_that_is_no_receipt_of_this_server_is_not_held_against_the_server(server: RunningServer, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "receipt.note"
    foreign = Receipt(id="00" * 32, desk="legal", log=server.log_origin, day="2026-11-25", salt="00" * 32)
    path.write_bytes(sign_receipt(foreign, SigningKey.generate()))
    for chosen in (path, tmp_path / "nothing"):
        ran = run(server, "check", "--receipt", str(chosen), words=never_used())
        assert (ran.code, ran.out) == (1, "")
        assert "This is not a receipt of this server and desk." in ran.err


def test_a_desk_that_is_not_there_is_refused(server: RunningServer, run: Run) -> None:
    assert run(server, "send", "--desk", "other", "--text", STORY).err.startswith("desk: There is no such desk here. Nothing was sent")


def test_a_picture_that_cannot_be_cleaned_stops_the_report(middle: Middle, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(telling_picture()[:150])
    ran = run(middle.server, "send", "--text", STORY, "--file", str(path))
    assert (ran.code, ran.err[:8]) == (1, "archive:")
    assert "--keep" in ran.err
    assert middle.between.seen == []


@pytest.mark.parametrize(
    "arguments",
    [("--file", "/nowhere/at/all"), ("--text", " "), ("--answers", "/nowhere/at/all"), ("--text", "x", "--receipt", "/etc/passwd")],
)
def test_what_cannot_be_meant_is_wrong_usage(server: RunningServer, run: Run, arguments: tuple[str, ...]) -> None:
    ran = run(server, "send", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1].startswith(f"{Failure.MISUSE.value}:")


def test_an_address_without_a_lock_is_refused(server: RunningServer, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "origin", "http://report.example.org")
    assert run(server, "send", "--text", STORY).code == 2
