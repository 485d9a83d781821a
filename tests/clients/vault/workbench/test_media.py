# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sound and video out of sealed blocks: any stretch, byte for byte, two at once, and with parts that never came."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tests.clients.vault.exports import exported
from tests.clients.vault.films import Recording
from tests.clients.vault.workbench import media

if TYPE_CHECKING:
    from tests.clients.vault.workbench.conftest import Answer, Thread, Viewing

TONE = media.sound(60)
SIZE = len(TONE)
BLOCK = 257_536
assert SIZE > 3 * BLOCK


@pytest.fixture
def viewing(thread: Thread) -> Viewing:
    return thread.bring(("noise.wav", TONE)).view().enter()


def stretch(viewing: Viewing, said: str, number: int = 1) -> Answer:
    return viewing.get(f"{number}/media", Sec_Fetch_Dest="audio", Range=said)


def test_a_range_gives_exactly_its_bytes(viewing: Viewing) -> None:
    for said, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        (f"bytes={BLOCK - 3}-{BLOCK + 2}", BLOCK - 3, BLOCK + 3),
        (f"bytes={BLOCK}-{3 * BLOCK}", BLOCK, 3 * BLOCK + 1),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        (f"bytes=5-{SIZE + 99}", 5, SIZE),
        ("bytes=-7", SIZE - 7, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        ("BYTES=1-2", 1, 3),
    ):
        answer = stretch(viewing, said)
        assert (answer.status, answer.headers["content-range"]) == (206, f"bytes {start}-{end - 1}/{SIZE}"), said
        assert answer.headers["content-length"] == str(end - start)
        assert answer.body == TONE[start:end], said


def test_a_range_behind_the_end_is_refused_with_the_length(viewing: Viewing) -> None:
    for said in (f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}", "bytes=-0", "bytes=9999999999999999999-"):
        answer = stretch(viewing, said)
        assert (answer.status, answer.headers["content-range"], answer.body) == (416, f"bytes */{SIZE}", b""), said


def test_what_is_no_range_of_ours_gives_the_whole(viewing: Viewing) -> None:
    for said in ("bytes=5-4", "bytes=-", "bytes=1-2,4-5", "items=0-1", "bytes=a-b", "bytes=1-99999999999999999999", "bytes=\u00b2-\u00b3"):
        answer = stretch(viewing, said)
        assert (answer.status, answer.headers.get("content-range"), answer.body) == (200, None, TONE), said


def test_its_kind_is_what_its_bytes_are_and_not_what_its_reporter_says(thread: Thread) -> None:
    viewing = thread.bring(("page.html", TONE)).view().enter()
    assert stretch(viewing, "bytes=0-9").headers["content-type"] == "audio/wav"


def test_its_bytes_are_for_a_player_and_nothing_else(viewing: Viewing) -> None:
    for wanted in ("document", "iframe", "empty", "image", "script", "object", ""):
        assert viewing.get("1/media", Sec_Fetch_Dest=wanted).status == 404, wanted


def test_two_files_are_played_at_once(thread: Thread) -> None:
    other = media.sound(50, 8_200)
    viewing = thread.bring(("one.wav", TONE), ("two.wav", other), ("three.jpg", media.picture())).view().enter()
    starts = [n * 30_011 for n in range(12)]

    def ask(turn: int) -> bool:
        number, whole = ((1, TONE), (2, other))[turn % 2]
        start = starts[turn // 2]
        return stretch(viewing, f"bytes={start}-{start + 70_000}", number).body == whole[start : start + 70_001]

    with ThreadPoolExecutor(4) as several:
        pictures = [several.submit(viewing.get, "3") for _ in range(2)]
        assert all(several.map(ask, range(24)))
        assert [one.result().status for one in pictures] == [200, 200]


def test_parts_that_are_missing_are_told_and_read_as_silence(thread: Thread) -> None:
    viewing = thread.bring(("noise.wav", TONE), without=(1,)).view().enter()
    assert "1 part is missing: 2." in viewing.get("").body.decode()
    answer = stretch(viewing, "bytes=0-")
    assert answer.body == TONE[:BLOCK] + bytes(BLOCK) + TONE[2 * BLOCK :]


def test_a_file_of_which_nothing_came_is_listed_and_shown_as_unknown(thread: Thread) -> None:
    viewing = thread.bring(("a.jpg", media.picture()), ("b.jpg", media.picture("JPEG", (64, 64))), without=(0,)).view().enter()
    assert "1 part is missing" in viewing.get("").body.decode()
    assert "nothing that this viewer knows" in viewing.get("1").body.decode()
    assert "Whole and verified" in viewing.get("2").body.decode()


def test_a_recording_without_a_closing_mark_is_told_and_played_as_far_as_it_came(thread: Thread) -> None:
    desk = thread.desk
    made = Recording([TONE[at : at + 100_000] for at in range(0, 400_000, 100_000)])
    desk.server.take(desk.reporter().report(files=(made.file(),)))
    assert desk.bring(desk.server.parcel()).code == 0
    exported(desk)
    desk.server.blocks = made.block(0) | made.block(1) | made.block(3)
    assert desk.bring(desk.server.parcel(1)).code == 0
    viewing = thread.view().enter()
    listed = viewing.get("").body.decode()
    assert "Ended without a closing mark: there may have been more; 1 part is missing: 3." in listed
    assert "Whole" not in listed
    assert stretch(viewing, "bytes=0-").body == TONE[:200_000] + TONE[300_000:400_000]


def test_a_recording_that_ended_by_its_last_block_is_whole_and_nobody_signed_it(thread: Thread) -> None:
    desk = thread.desk
    made = Recording([TONE[:100_000], TONE[100_000:150_000]])
    desk.server.take(desk.reporter().report(files=(made.file(),)))
    desk.server.blocks = made.blocks(closed=True)
    assert desk.bring(desk.server.parcel()).code == 0
    assert "Whole, to its last block; nobody signed its hash." in thread.view().enter().get("").body.decode()


def test_a_file_that_is_not_what_was_signed_is_told_and_shown_all_the_same(thread: Thread) -> None:
    desk = thread.desk
    reporter = desk.reporter()
    desk.server.take(reporter.report(files=(replace(reporter.attach("a.wav", TONE), sha256="00" * 32),)))
    assert desk.bring(desk.server.parcel()).code == 0
    desk.server.blocks = reporter.blocks
    desk.bring(desk.server.parcel(1))
    viewing = thread.view().enter()
    for page in ("", "1"):
        told = viewing.get(page).body.decode()
        assert "All of it came, but it is not what its reporter signed: its hash is another." in told
        assert 'class="short"' in told
        assert "verified" not in told
    assert stretch(viewing, "bytes=0-").body == TONE
