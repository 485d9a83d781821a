# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole way, against a server that runs: send, look, be answered, add."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from corncrake_crypto.block import block_ids, plan, read_block
from corncrake_crypto.codename import Codename
from corncrake_crypto.edition import bucket, reply_tag
from corncrake_crypto.encoding import root_text, unb64url
from corncrake_crypto.identities import Identity
from corncrake_crypto.reply import ReplyDraft, build_reply
from corncrake_crypto.report import check_addressed
from corncrake_crypto.seal import seal
from corncrake_crypto.signatures import SigningKey
from corncrake_crypto.unseal import unseal
from tests.clients.reporter.conftest import Run
from tests.clients.reporter.pictures import SERIAL, telling_picture
from tests.clients.reporter.program import last, opened
from tests.server.running import RunningServer
from tests.simulators.organisation import TODAY

STORY = "It happened on the bridge. \u00a1Ayuda! \U0001f614"
EDITIONS = iter(range(2, 1_000))


def answered(server: RunningServer, report: str, *, key: SigningKey | None = None, **changes: Any) -> None:
    """The voice `ana` publishes an edition with a reply to a report."""
    said, recipient, _ = opened(server, report)
    number = next(EDITIONS)
    fields: dict[str, Any] = {
        "origin": server.origin,
        "desk": "legal",
        "reviewer": "ana",
        "edition": number,
        "bucket": bucket("legal", unb64url(said.thread), 0),
        "thread": said.thread,
        "acknowledged": (said.message,),
        "missing_blocks": (),
    }
    draft = ReplyDraft(**fields | changes)
    sealed = seal(build_reply(draft, key or server.organisation.reviewers["ana"]), [recipient])
    tag = reply_tag(unb64url(said.reply_tag), unb64url(said.thread), "legal", "ana", number, draft.part)
    parcel = server.parcel("ana", number, server.edition(number, server.organisation.tile((tag, sealed))))
    assert server.push("ana", number, parcel).status_code == 201


def test_what_is_sent_is_what_a_reviewer_reads(server: RunningServer, run: Run) -> None:
    said = run(server, "send", "--json", "--text", STORY).said
    assert said["receipt_verified"] is True
    report = opened(server, said["report"]).report
    assert [(answer.question, answer.text) for answer in report.answers] == [("story", STORY)]
    assert (report.kind, report.language, report.day, report.thread) == ("first", "en", TODAY, said["thread"])
    check_addressed(report, server.origin, "legal")


def test_the_words_are_those_of_the_thread_and_are_printed_for_a_person(server: RunningServer, run: Run) -> None:
    ran = run(server, "send", "--text", STORY, language="es")
    shown = " ".join(line for line in ran.out.splitlines() if re.match(r" *\d+\. ", line))
    codename = Codename.from_words(re.sub(r"\d+\.", "", shown), "es")
    assert "Sus doce palabras" in ran.out
    for words in (shown, " ".join(codename.words("en"))):
        assert run(server, "check", "--json", typed=words + "\n").code == 0


def test_the_way_goes_from_the_server_to_a_machine_to_an_answer(server: RunningServer, run: Run) -> None:
    said = run(server, "send", "--json", "--text", STORY).said
    words = said["words"]
    nothing = run(server, "check", words=words)
    assert "No reviewer's machine has answered to these words yet." in nothing.out
    answered(server, said["report"])
    machine = run(server, "check", words=words)
    assert "A reviewer's machine has it." in machine.out
    assert "No answer yet." in machine.out
    answered(server, said["report"], text="Thank you.\nWho else saw it?")
    assert run(server, "check", "--json", words=words).said == {
        "acknowledged": True,
        "answers": [{"reviewer": "ana", "text": "Thank you.\nWho else saw it?"}],
        "emergency": False,
        "missing_blocks": [],
        "stale_since": None,
        "unseen": [],
    }
    more = run(server, "add", "--json", "--text", "My sister.", words=words).said
    report = opened(server, more["report"]).report
    assert (report.kind, report.thread, report.answers[0].text) == ("follow_up", said["thread"], "My sister.")
    assert "words" not in more


def test_what_to_type_to_come_back_is_printed_whole(server: RunningServer, run: Run) -> None:
    ran = run(server, "send", "--text", STORY)
    assert f"corncrake-reporter check --server {server.origin} --root {root_text(server.organisation.root)} --desk legal" in ran.out


def test_words_that_were_never_used_look_like_a_report_that_nobody_opened(server: RunningServer, run: Run) -> None:
    sent = run(server, "send", "--json", "--text", STORY).said["words"]
    never = " ".join(Codename.generate().words("en"))
    assert run(server, "check", words=sent).out == run(server, "check", words=never).out


def test_a_reply_that_is_not_by_the_reviewer_is_refused(server: RunningServer, run: Run) -> None:
    said = run(server, "send", "--json", "--text", STORY).said
    answered(server, said["report"], text="Come to the station.", key=SigningKey.generate())
    ran = run(server, "check", words=said["words"])
    assert ran.code == 1
    assert ran.err.startswith("signature:")
    assert "Come to the station" not in ran.out


def test_a_reply_of_an_older_edition_is_refused(server: RunningServer, run: Run) -> None:
    said = run(server, "send", "--json", "--text", STORY).said
    answered(server, said["report"], text="Come to the station.", edition=1)
    assert run(server, "check", words=said["words"]).err.startswith("edition:")
    answered(server, said["report"])


def test_a_reply_of_which_a_part_is_missing_says_so(server: RunningServer, run: Run) -> None:
    said = run(server, "send", "--json", "--text", STORY).said
    answered(server, said["report"], text="First half", parts=2)
    assert "A part of this answer has not arrived" in run(server, "check", words=said["words"]).out


def test_blocks_that_a_machine_lacks_are_named(server: RunningServer, run: Run) -> None:
    said = run(server, "send", "--json", "--text", STORY).said
    answered(server, said["report"], missing_blocks=("0a" * 16,))
    ran = run(server, "check", "--json", words=said["words"])
    assert ran.said["missing_blocks"] == ["0a" * 16]


@pytest.mark.parametrize("size", [0, 1, 257_536, 257_537, 8 * 257_536 + 1])
def test_a_file_comes_whole_and_its_tier_is_filled(server: RunningServer, run: Run, tmp_path: Path, size: int) -> None:
    path = tmp_path / "evidence.bin"
    path.write_bytes(bytes(range(256)) * (size // 256) + bytes(size % 256))
    said = run(server, "send", "--json", "--text", STORY, "--file", str(path)).said
    assert said["blocks"] == plan(size).total_blocks
    (file,) = opened(server, said["report"]).report.files
    identity = Identity.from_text(file.identity)
    blocks = [
        read_block(unseal(server.fetch(f"/v1/blocks/{block}").content, [identity])) for block in block_ids(unb64url(file.block_key), said["blocks"])
    ]
    data = b"".join(block.data for block in blocks)
    assert hashlib.sha256(data).hexdigest() == file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [block.block.index for block in blocks if block.block.last] == [plan(size).data_blocks - 1]


def test_a_picture_is_cleaned_before_it_leaves_and_the_report_says_so(server: RunningServer, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bridge.jpg"
    path.write_bytes(telling_picture())
    ran = run(server, "send", "--json", "--text", STORY, "--file", str(path))
    (file,) = opened(server, ran.said["report"]).report.files
    (block,) = block_ids(unb64url(file.block_key), 1)
    data = read_block(unseal(server.fetch(f"/v1/blocks/{block}").content, [Identity.from_text(file.identity)])).data
    assert SERIAL not in data
    assert (file.name, file.cleaning) == ("bridge.jpg", "strip")
    assert set(file.removed or ()) >= {"place", "serial"}
    assert "a serial number" in ran.err


def test_a_picture_is_sent_untouched_when_that_was_said(server: RunningServer, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bridge.jpg"
    path.write_bytes(telling_picture())
    said = run(server, "send", "--json", "--text", STORY, "--file", str(path), "--keep-metadata").said
    (file,) = opened(server, said["report"]).report.files
    assert (file.cleaning, file.sha256) == ("keep", hashlib.sha256(telling_picture()).hexdigest())


def test_a_receipt_is_found_in_the_log_once_it_was_published(server: RunningServer, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "receipt.note"
    words = run(server, "send", "--json", "--text", STORY, "--receipt", str(path)).said["words"]
    assert path.stat().st_mode & 0o777 == 0o600
    before = run(server, "check", "--json", "--receipt", str(path), words=words)
    server.publish()
    after = run(server, "check", "--json", "--receipt", str(path), words=words)
    assert (before.said["included"], after.said["included"]) == ("not-yet-published", "included")


def test_answers_of_a_file_are_sent(server: RunningServer, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps({"story": {"text": STORY}}))
    said = run(server, "send", "--json", "--answers", str(path)).said
    assert opened(server, said["report"]).report.answers[0].text == STORY


def test_whoever_is_asked_is_shown_the_desk_and_answers_in_lines(server: RunningServer, run: Run) -> None:
    ran = run(server, "send", "--json", typed="One\n\nTwo\n.\nyes\n")
    assert "Two lawyers read this." in ran.err
    assert "2 people at this desk can open it." in ran.err
    assert opened(server, ran.said["report"]).report.answers[0].text == "One\n\nTwo"


def test_whoever_says_no_at_the_end_has_sent_nothing(server: RunningServer, run: Run) -> None:
    before = server.fetch("/v1/courier/pending").text
    ran = run(server, "send", typed="One\n.\nno\n")
    assert (ran.code, ran.out) == (1, "")
    assert server.fetch("/v1/courier/pending").text == before


def test_the_program_runs_as_a_command(server: RunningServer) -> None:
    words = [sys.executable, "-m", "corncrake_reporter", "send", "--json", "--server", server.origin, "--root", root_text(server.organisation.root)]
    ran = subprocess.run([*words, "--text", STORY], env=server.environment, capture_output=True, text=True, check=True)
    assert opened(server, last(ran.stdout)["report"]).report.day == TODAY


def test_whoever_comes_when_no_reviewer_was_seen_for_long_is_told_since_when(server: RunningServer, run: Run) -> None:
    words = " ".join(Codename.generate().words("en"))
    late, soon = "2026-12-15", "2026-12-09"
    assert "No reviewer has been seen since 2026-11-25." in run(server, "check", words=words, today=late).out
    assert run(server, "check", "--json", words=words, today=late).said["stale_since"] == "2026-11-25"
    assert run(server, "check", "--json", words=words, today=soon).said["stale_since"] is None


def test_nothing_is_asked_of_whoever_writes_to_a_desk_without_keys(server: RunningServer, run: Run) -> None:
    ran = run(server, "send", today="2026-12-15")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("too-few:")
