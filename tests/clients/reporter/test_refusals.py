# SPDX-License-Identifier: AGPL-3.0-or-later
"""Servers that lie, and words that are wrong; and what the person is told."""

import json
import socket
import threading
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from corncrake_crypto.charter import sign_charter
from corncrake_crypto.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from corncrake_crypto.encoding import root_text, unb64url
from corncrake_crypto.errors import Failure
from corncrake_crypto.note import read_bundle
from corncrake_crypto.receipt import Receipt, sign_receipt
from corncrake_crypto.signatures import SigningKey
from corncrake_reporter import transport
from corncrake_reporter.__main__ import main
from corncrake_reporter.transport import LineError, Server
from tests.clients.reporter.changes import STORY, instead, never_used
from tests.clients.reporter.conftest import Answer, Middle, Run
from tests.clients.reporter.pictures import telling_picture
from tests.server.running import RunningServer
from tests.simulators.organisation import TODAY, SimulatedOrganisation

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


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.5)

    def drip(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                connection.sendall(b"x")
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=drip, args=(listening,), daemon=True).start()
        with Server(f"http://127.0.0.1:{listening.getsockname()[1]}") as server, pytest.raises(LineError, match="takes too long"):
            server.charter()


@pytest.mark.parametrize("words", [("send", "--text", "hi", "--continue-file"), ("send", "--text", "hi", "--receipt"), ("cover", "--schedule")])
def test_a_place_that_cannot_be_looked_at_is_said(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--server", "http://127.0.0.1:9", "--root", "a" * 52]
    assert main([words[0], *place, *words[1:], "x" * 300]) == 2
    assert capsys.readouterr().err.startswith("misuse: ")


@pytest.mark.parametrize(
    "said",
    [
        Answer(524, {"content-type": "text/html"}, b"<h1>A timeout occurred</h1>"),
        Answer(403, {"content-type": "text/html"}, b"<h1>Forbidden</h1>"),
        Answer(200, {"content-type": "text/html"}, bytes(64 << 10)),
    ],
    ids=["gave up waiting", "no word of ours", "too long"],
)
def test_what_may_be_said_by_something_between_is_no_proof_that_nothing_arrived(middle: Middle, run: Run, tmp_path: Path, said: Answer) -> None:
    before = len(read_bundle(middle.server.fetch("/v1/courier/pending").content))
    middle.between.change = lambda method, _path, answer: said if method == "POST" else answer
    ran = run(middle.server, "send", "--json", "--text", STORY)
    assert (ran.code, len(read_bundle(middle.server.fetch("/v1/courier/pending").content))) == (1, before + 1)
    assert "It is not known whether the server has the report" in ran.err
    path = tmp_path / "continue"
    assert run(middle.server, "send", "--text", STORY, "--continue-file", str(path)).code == 1
    middle.between.change = instead("/nowhere")
    assert run(middle.server, "send", "--text", STORY, "--continue-file", str(path)).code == 0
    assert len(read_bundle(middle.server.fetch("/v1/courier/pending").content)) == before + 2
