# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is said about files before they leave, and who is asked."""

import os
import re
from pathlib import Path

import pytest

from corncrake_crypto.errors import Failure
from corncrake_reporter.attachments import MAX_PICTURE, attach, attach_all
from corncrake_reporter.messages import MESSAGES
from tests.clients.reporter.conftest import Run
from tests.clients.reporter.pictures import telling_picture
from tests.server.running import RunningServer
from tests.simulators.refusal import refused

STORY = "It happened on the bridge."


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bridge.mp4", ("film", "Films often say where, when and with which phone they were taken.")),
        ("bridge.TS", ("film", "The page at http")),
        ("voice.m4a", ("sound", "Sounds often say when")),
        ("bridge.heic", ("picture", "Such pictures often say where")),
        ("list.pdf", ("document", "Documents often hold the names")),
        ("list.docx", ("document", "Documents often hold the names")),
        ("thing", ("unknown", "we cannot look inside this kind of file")),
    ],
)
def test_of_what_nobody_looked_into_it_is_said_what_such_files_often_say(
    server: RunningServer, run: Run, tmp_path: Path, name: str, expected: tuple[str, str]
) -> None:
    kind, words = expected
    path = tmp_path / name
    path.write_bytes(b"\x00\x01 not a picture")
    found = attach(path, keep=False)
    assert (found.kind, found.cleaning) == (kind, "keep")
    ran = run(server, "send", "--text", STORY, "--file", str(path))
    assert (ran.code, words in ran.err) == (0, True)


def test_whoever_can_be_asked_is_asked_once_before_what_nobody_looked_into_leaves(server: RunningServer, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bridge.mp4"
    path.write_bytes(b"film")
    words = ("--text", STORY, "--file", str(path))
    before = server.fetch("/v1/courier/pending").text
    no = run(server, "send", *words, typed="no\n", at_terminal=True)
    assert (no.code, no.err.count("Send it?"), server.fetch("/v1/courier/pending").text) == (1, 1, before)
    assert run(server, "send", *words, typed="yes\n", at_terminal=True).code == 0
    for said in ("--yes", "--keep"):
        ran = run(server, "send", *words, said, at_terminal=True)
        assert (ran.code, "Send it?" in ran.err) == (0, False)


def test_a_cleaned_picture_is_sent_without_asking(server: RunningServer, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bridge.jpg"
    path.write_bytes(telling_picture())
    ran = run(server, "send", "--text", STORY, "--file", str(path), at_terminal=True)
    assert (ran.code, "Send it?" in ran.err) == (0, False)


def test_a_picture_too_large_to_look_into_is_not_sent_by_accident(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(telling_picture())
    os.truncate(path, MAX_PICTURE + 1)
    with refused(Failure.ARCHIVE):
        attach(path, keep=False)
    assert attach(path, keep=True).tells == ("other",)


def test_what_is_no_plain_file_is_refused_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero"), tmp_path / "nothing"):
        with refused(Failure.MISUSE):
            attach(path, keep=False)


def test_a_file_larger_than_any_report_can_carry_and_a_file_too_many_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.touch()
    os.truncate(path, 1 << 37)
    with refused(Failure.SIZE):
        attach(path, keep=False)
    os.truncate(path, 1 << 35)
    assert attach(path, keep=False).source.size == 1 << 35
    with refused(Failure.SIZE):
        attach_all([path] * 401, keep=False)


@pytest.mark.parametrize("texts", MESSAGES.values(), ids=MESSAGES)
def test_no_sentence_of_ours_uses_a_word_of_the_trade(texts: dict[str, str]) -> None:
    trade = re.compile(r"metadata|metadato|encrypt|cifra|upload|subid|submit|cryptograph|criptogra", re.IGNORECASE)
    assert [key for key, text in texts.items() if trade.search(text)] == []
