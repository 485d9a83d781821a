# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that were made to harm whoever opens them: nothing runs, nothing leaves, and the viewer goes on."""

from __future__ import annotations

import asyncio
import io
import sys
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from corncrake_vault.workbench import rendering
from corncrake_vault.workbench.pipes import PICTURE_MAX, Job, Painted
from corncrake_vault.workbench.rendering import NotShown, Painter
from tests.clients.vault.workbench import media

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.vault.workbench.conftest import Looking, Thread

CALM = "This file could not be shown safely. Nothing is lost."


def paint(kind: str, data: bytes, page: int = 0) -> Painted | None:
    """What the confined process makes of a file; None when it makes nothing."""
    try:
        return asyncio.run(Painter().paint(Job(kind, len(data), page, 512), lambda start, end: data[start:end]))
    except NotShown:
        return None


async def paint_all(files: list[tuple[str, bytes]]) -> list[Painted | BaseException]:
    painter = Painter()
    jobs = [painter.paint(Job(kind, len(data), 0, 512), lambda start, end, data=data: data[start:end]) for kind, data in files]
    return await asyncio.gather(*jobs, return_exceptions=True)


def test_mutated_files_give_a_picture_or_none_and_nothing_else() -> None:
    whole = {kind: media.picture(kind.upper(), (160, 120)) for kind in ("jpeg", "png", "gif", "webp", "avif")} | {"pdf": media.pdf(2)}
    files = [(kind, media.mutated(data, seed)) for kind, data in whole.items() for seed in range(8)]
    made = asyncio.run(paint_all(files))
    assert {type(one) for one in made} == {Painted, NotShown}
    for one in made:
        if isinstance(one, Painted):
            with Image.open(io.BytesIO(one.jpeg)) as seen:
                seen.load()
                assert max(seen.size) <= 512


def test_a_bomb_is_given_up_and_a_large_honest_picture_is_not() -> None:
    assert paint("png", media.bomb(13_500, 13_500, 13_500)) is None
    assert paint("png", media.bomb(65_000, 65_000, 200)) is None
    large = paint("jpeg", media.picture("JPEG", (6_000, 4_000)))
    assert large is not None
    assert (large.width, large.height) == (6_000, 4_000)


def test_a_picture_says_nothing_that_the_file_said() -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "MARKER-MAKER"
    Image.new("RGB", (64, 48)).save(out, "JPEG", exif=exif, comment=b"MARKER-COMMENT", icc_profile=b"MARKER-PROFILE")
    assert b"MARKER" in out.getvalue()
    made = paint("jpeg", out.getvalue())
    assert made is not None
    assert b"MARKER" not in made.jpeg


def test_a_page_that_is_not_there_gives_none() -> None:
    assert paint("pdf", media.pdf(2), page=1) is not None
    assert paint("pdf", media.pdf(2), page=2) is None


def test_only_the_reader_that_was_named_looks() -> None:
    assert paint("png", media.picture("JPEG", (16, 16))) is None
    assert paint("jpeg", media.pdf()) is None


TALKS = {
    "nothing": "pass",
    "a question outside the file": "w(b'A' + struct.pack('>QI', 90, 90))",
    "a question for too much": "w(b'A' + struct.pack('>QI', 0, 0x7fffffff))",
    "a picture too large": f"w(b'P' + struct.pack('>III?II', 1, 1, 1, 0, {PICTURE_MAX + 1}, 0))",
    "a picture that is none of ours": "w(b'P' + struct.pack('>III?II', 1, 1, 1, 0, 9, 0) + b'<svg><a/>')",
    "too much text": "w(b'P' + struct.pack('>III?II', 1, 1, 1, 0, 4, 9999999) + b'\\xff\\xd8\\xff\\xe0')",
    "no pages": "w(b'P' + struct.pack('>III?II', 1, 1, 0, 0, 4, 0) + b'\\xff\\xd8\\xff\\xe0')",
    "half a picture": "w(b'P' + struct.pack('>III?II', 1, 1, 1, 0, 99, 0) + b'\\xff\\xd8\\xff\\xe0')",
    "noise": "w(b'z' * 100000)",
    "the same question for ever": "[w(b'A' + struct.pack('>QI', 0, 9)) for _ in iter(int, 1)]",
    "silence": "sys.stdin.buffer.read()",
}


@pytest.mark.parametrize("talk", sorted(TALKS))
def test_whatever_a_taken_over_process_says_harms_only_its_own_picture(talk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line = f"import struct, sys\ndef w(b): sys.stdout.buffer.write(b); sys.stdout.buffer.flush()\n{TALKS[talk]}"
    monkeypatch.setattr(rendering, "_PROGRAM", (sys.executable, "-I", "-c", line))
    monkeypatch.setattr(rendering, "SECONDS", 3)
    assert paint("jpeg", bytes(100)) is None


def test_hostile_files_run_nothing_load_nothing_and_the_viewer_goes_on(thread: Thread, look: Callable[..., Looking]) -> None:
    film = media.film("mp4", 2)
    files = [
        ("photo.jpg", media.program("svg")),
        ("photo2.jpg", media.program("html")),
        ("paper.pdf", media.hostile_pdf()),
        ("both.gif", media.polyglot()),
        ("bomb.png", media.bomb(13_500, 13_500, 100)),
        ("cut.png", media.picture("PNG")[:900]),
        *((f"film{seed}.mp4", media.mutated(film, seed)) for seed in range(4)),
        *((f"tone{seed}.wav", media.mutated(media.sound(1), seed)) for seed in range(2)),
        ("list.m3u8", f"#EXTM3U\n#EXTINF:9,\n{media.EVIL}part.ts\n".encode()),
        ("good.jpg", media.picture("JPEG", (64, 64))),
    ]
    viewing = thread.bring(*files).view()
    looking = look()
    page = looking.page
    titles: list[str] = []
    page.goto(viewing.address)
    room = page.url
    for number in range(1, len(files) + 1):
        page.goto(f"{room}{number}")
        looking.until("[...document.querySelectorAll('video, audio')].every(it => it.error || it.readyState >= 1)")
        titles.append(page.title())
    assert titles == [f"File {number} of thread 1" for number in range(1, len(files) + 1)]
    assert page.evaluate("document.querySelector('img').naturalWidth") == 64
    for number in (5, 6):
        page.goto(f"{room}{number}")
        looking.until_text(CALM)
        looking.until_text("corncrake-vault save 1 FOLDER")
    page.goto(f"{room}3")
    page.mouse.click(300, 500)
    page.mouse.click(500, 500)
    assert page.url == f"{room}3"
    assert looking.foreign(viewing) == []
    assert viewing.process.poll() is None
