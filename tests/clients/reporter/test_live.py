# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sending while it is recorded: what has left can be opened, however it ends."""

import hashlib
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import av
import pytest

from corncrake_crypto.block import BLOCK_DATA, block_ids
from corncrake_crypto.codename import Codename
from corncrake_crypto.encoding import unb64url
from corncrake_crypto.file_identity import file_tag
from corncrake_crypto.identities import Identity
from corncrake_crypto.randomness import random_bytes
from corncrake_crypto.receipt import Receipt, sign_receipt
from corncrake_crypto.report import File, Report
from corncrake_crypto.signatures import SigningKey
from corncrake_reporter.line import Line
from corncrake_reporter.live import LiveName, Take, send_live
from corncrake_reporter.recording import ENDING_SECONDS, MAX_WAITING, Recording
from corncrake_reporter.sealing import Message
from corncrake_reporter.visit import Link, visit
from tests.clients.reporter import film
from tests.clients.reporter.conftest import Answer, Middle
from tests.clients.reporter.program import PATIENCE_S, digest, finish, last, opened, pieces, reports, said, start
from tests.server.running import RunningServer
from tests.simulators.organisation import TODAY

LIVE = ("--json", "--text", "x", "--live", "--name", "bridge.ts", "--type", "video/x-made-up")


def newest(server: RunningServer, known: list[str], process: subprocess.Popen[bytes]) -> Report:
    """The report that is there and was not known; waits for it."""
    deadline = time.monotonic() + PATIENCE_S
    while not (new := [name for name in reports(server) if name not in known]):
        assert time.monotonic() < deadline
        assert process.poll() is None, finish(process)[2]
        time.sleep(0.05)
    return opened(server, new[0]).report


def wait_for_blocks(server: RunningServer, file: File, count: int) -> None:
    """Wait for the first blocks of a file, each of them: two are on their way at once, and the later one may come first."""
    deadline = time.monotonic() + PATIENCE_S
    for block in block_ids(unb64url(file.block_key), count):
        while server.fetch(f"/v1/blocks/{block}").status_code == 404:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def follow_up(server: RunningServer, thread: str) -> Report:
    """The one message of a thread that closes something."""
    found = [report for name in reports(server) if (report := opened(server, name).report).thread == thread and report.closed]
    assert len(found) == 1
    return found[0]


def begun(server: RunningServer) -> tuple[subprocess.Popen[bytes], IO[bytes], File]:
    """Start the program on a pipe, and wait until its report is there; nothing was written yet."""
    known = reports(server)
    process = start(server, "send", *LIVE, stdin=subprocess.PIPE)
    (file,) = newest(server, known, process).files
    pipe = process.stdin
    assert pipe is not None
    return process, pipe, file


def check_closed(server: RunningServer, went: dict[str, object], data: bytes) -> None:
    """Check that all of a recording is there, that its last block and a message of its thread close it, and what both say."""
    (file,) = opened(server, str(went["report"])).report.files
    said_at_end = follow_up(server, str(went["thread"])).closed
    assert said_at_end is not None
    (closed,) = said_at_end
    assert (closed.size, closed.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert closed.file == file_tag(Identity.from_text(file.identity).recipient)
    assert went["closed"] == {"size": len(data), "blocks": closed.blocks, "sha256": closed.sha256}
    assert digest(pieces(server, file, closed.blocks)) == closed.sha256


def test_a_part_arrives_before_the_writer_ends_and_the_end_closes_it(server: RunningServer) -> None:
    process, pipe, file = begun(server)
    assert (file.live, file.blocks, file.sha256, file.size, file.name, file.type) == (True, None, None, None, "bridge.ts", "video/x-made-up")
    pipe.write(b"the first second")
    pipe.flush()
    wait_for_blocks(server, file, 1)
    assert list(pieces(server, file)) == [b"the first second"]
    rest = random_bytes(2 * BLOCK_DATA + 5)
    pipe.write(rest)
    check_closed(server, said(process), b"the first second" + rest)


def test_a_recording_of_nothing_is_closed_too(server: RunningServer) -> None:
    process, _, _ = begun(server)
    check_closed(server, said(process), b"")


def test_of_a_killed_recording_all_that_had_left_can_be_opened(server: RunningServer) -> None:
    known = reports(server)
    process, pipe, file = begun(server)
    data = random_bytes(3 * BLOCK_DATA + 1_000)
    pipe.write(data)
    pipe.flush()
    wait_for_blocks(server, file, 3)
    process.kill()
    process.wait()
    there = b"".join(pieces(server, file))
    assert there == data[: len(there)]
    assert len(there) >= 3 * BLOCK_DATA
    # Nothing closes it: the report that named it is all that came.
    assert len(reports(server)) == len(known) + 1


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whoever_ends_it_closes_it_with_all_that_came_in(server: RunningServer, sent: signal.Signals) -> None:
    process, pipe, file = begun(server)
    data = random_bytes(BLOCK_DATA + 1_000)
    pipe.write(data)
    pipe.flush()
    wait_for_blocks(server, file, 1)
    process.send_signal(sent)
    out, err = process.stdout, process.stderr
    assert out is not None
    assert err is not None
    # The pipe stays open: the program does not wait for whoever writes to close it, and says so.
    went = last(out.read())
    assert process.wait() == 0
    check_closed(server, went, data)
    told = err.read().decode()
    assert "It ends. What is still here leaves" in told
    assert "Whoever records had not ended when this stopped reading." in told


def test_a_closed_window_does_not_end_what_was_started_to_outlast_it(server: RunningServer) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        # As `nohup` does: what is ignored stays so in the program that is started.
        process, pipe, file = begun(server)
    finally:
        signal.signal(signal.SIGHUP, before)
    data = random_bytes(BLOCK_DATA + 1_000)
    pipe.write(data)
    pipe.flush()
    wait_for_blocks(server, file, 1)
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(ENDING_SECONDS + 2)
    pipe.write(data)
    check_closed(server, said(process), data + data)


def test_a_recording_outlasts_a_line_that_is_broken_for_longer_than_a_file_would_wait(middle: Middle) -> None:
    pauses: list[float] = []

    def change(method: str, _path: str, answer: Answer) -> Answer | None:
        return None if method in {"PUT", "HEAD"} and len(pauses) < 3 else answer

    middle.between.change = change
    codename = Codename.generate()
    link = Link(middle.server.origin, middle.server.organisation.root, None)
    papers = visit(link, codename, TODAY)
    ours, theirs = os.pipe()
    os.write(theirs, b"the bridge")
    os.close(theirs)
    take = Take(LiveName("bridge.ts", "video/mp2t"), Recording(ours), lambda: visit(link, codename, TODAY))
    line = Line(pause=pauses.append, tries=2)
    closed = send_live(papers, codename, Message("first", "en", ()), take, line)
    os.close(ours)
    assert (closed.size, len(pauses), line.progress.closed) == (10, 3, True)


def test_nothing_is_read_before_the_receipt_was_verified(middle: Middle) -> None:
    forged = sign_receipt(Receipt(id="00" * 32, desk="legal", log=middle.server.log_origin, day="2026-11-25", salt="00" * 32), SigningKey.generate())

    def change(method: str, _path: str, answer: Answer) -> Answer:
        return answer._replace(body=forged) if method == "POST" else answer

    middle.between.change = change
    ours, theirs = os.pipe()
    os.write(theirs, bytes(10_000))
    process = start(middle.server, "send", *LIVE, stdin=ours)
    assert process.wait() == 1
    os.close(theirs)
    with os.fdopen(ours, "rb") as left:
        assert left.read() == bytes(10_000)


def test_what_comes_faster_than_it_leaves_waits_in_the_pipe_and_all_arrives(middle: Middle) -> None:
    process = start(middle.server, "send", *LIVE, stdin=subprocess.PIPE)
    middle.between.change = lambda _, path, answer: Answer(503, {}, b"") if path.startswith("/v1/blocks/") else answer
    pipe, err = process.stdin, process.stderr
    assert pipe is not None
    assert err is not None
    data, written = random_bytes((MAX_WAITING + 26) * BLOCK_DATA), [0]

    def write() -> None:
        with pipe:
            for at in range(0, len(data), 50_000):
                pipe.write(data[at : at + 50_000])
                written[0] = at

    threading.Thread(target=write, daemon=True).start()
    while b"waits until there is room" not in (line := err.readline()):
        assert line, "it ended"
    assert written[0] < (MAX_WAITING + 6) * BLOCK_DATA + 1_000_000
    middle.between.change = lambda _method, _path, answer: answer
    out = process.stdout
    assert out is not None
    check_closed(middle.server, last(out.read()), data)


def test_a_terminal_is_no_recording_and_whoever_tries_is_told_how(server: RunningServer) -> None:
    known = reports(server)
    ours, theirs = os.openpty()
    code, _, err = finish(start(server, "send", *LIVE, stdin=theirs))
    os.close(ours)
    os.close(theirs)
    assert (code, reports(server)) == (2, known)
    assert "ffmpeg … | corncrake-reporter send --live" in err


@pytest.mark.parametrize("other", [("--file", "a.bin"), ("--continue-file", "kept")])
def test_a_recording_goes_alone(server: RunningServer, tmp_path: Path, other: tuple[str, str]) -> None:
    (tmp_path / "a.bin").write_bytes(b"x")
    code, _, err = finish(start(server, "send", *LIVE, *other, stdin=subprocess.PIPE, folder=tmp_path))
    assert (code, err[:7]) == (2, "misuse:")


# -- films -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def recorder() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Recorders that a test has started; none outlives it."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def record(frames: int, rate: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, film.__file__, str(frames), str(rate)], stdout=subprocess.PIPE)


def frames_in(data: bytes) -> int:
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        return sum(1 for _ in container.decode(video=0))


def test_a_film_through_a_pipe_arrives_with_every_frame(server: RunningServer, recorder: list[subprocess.Popen[bytes]]) -> None:
    camera = record(200, 0)
    recorder.append(camera)
    assert camera.stdout is not None
    process = start(server, "send", *LIVE, stdin=camera.stdout.fileno())
    camera.stdout.close()
    went = said(process)
    (file,) = opened(server, went["report"]).report.files
    assert frames_in(b"".join(pieces(server, file, went["closed"]["blocks"]))) == 200


def test_of_a_film_whose_sender_is_killed_what_had_left_plays(server: RunningServer, recorder: list[subprocess.Popen[bytes]]) -> None:
    known = reports(server)
    camera = record(5_000, 100)
    recorder.append(camera)
    assert camera.stdout is not None
    process = start(server, "send", *LIVE, stdin=camera.stdout.fileno())
    camera.stdout.close()
    (file,) = newest(server, known, process).files
    wait_for_blocks(server, file, 2)
    process.kill()
    process.wait()
    assert frames_in(b"".join(pieces(server, file))) > 25


def test_words_are_shown_before_the_first_part_leaves(server: RunningServer) -> None:
    process = start(server, "send", *LIVE[1:], stdin=subprocess.PIPE)
    out = process.stdout
    assert out is not None
    shown = ""
    # Nothing was written: it waits, and the words are there.
    while "not stored anywhere" not in shown:
        shown += out.readline().decode()
    assert len(re.findall(r"\d+\. ", shown)) == 12
    assert finish(process)[0] == 0
