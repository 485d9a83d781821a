# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that were made to harm whoever opens them: nothing runs, nothing leaves, and the viewer goes on."""

from __future__ import annotations

import asyncio
import io
import sys
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from corncrake_vault.evidence import confined, wire
from corncrake_vault.workbench import pages, rendering
from corncrake_vault.workbench.rendering import NotShown, Painted, Painter
from tests.clients.vault.workbench import media

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.clients.vault.workbench.conftest import Looking, Thread

CALM = "This file could not be shown safely. Nothing is lost."


class InMemory:
    """A file to look at."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def read(self, start: int, end: int, /) -> bytes:
        return self.data[start:end]


def paint(data: bytes, page: int = 0) -> Painted | None:
    """What the confined process makes of a file; None when it makes nothing."""
    try:
        return asyncio.run(Painter().paint(InMemory(data), page, 512))
    except NotShown:
        return None


async def paint_all(files: list[bytes]) -> list[Painted | BaseException]:
    painter = Painter()
    return await asyncio.gather(*(painter.paint(InMemory(data), 0, 512) for data in files), return_exceptions=True)


def test_mutated_files_give_a_picture_or_none_and_nothing_else() -> None:
    whole = {kind: media.picture(kind.upper(), (160, 120)) for kind in ("jpeg", "png", "gif", "webp", "avif")} | {"pdf": media.pdf(2)}
    files = [media.mutated(data, seed) for data in whole.values() for seed in range(8)]
    made = asyncio.run(paint_all(files))
    assert {type(one) for one in made} == {Painted, NotShown}
    for one in made:
        if isinstance(one, Painted):
            with Image.open(io.BytesIO(one.jpeg)) as seen:
                seen.load()
                assert max(seen.size) <= 512


def test_a_bomb_is_given_up_and_a_large_honest_picture_is_not() -> None:
    assert paint(media.bomb(13_500, 13_500, 13_500)) is None
    assert paint(media.bomb(65_000, 65_000, 200)) is None
    large = paint(media.picture("JPEG", (6_000, 4_000)))
    assert large is not None
    assert (large.said.original_width, large.said.original_height) == (6_000, 4_000)


def test_a_picture_says_nothing_that_the_file_said() -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "MARKER-MAKER"
    Image.new("RGB", (64, 48)).save(out, "JPEG", exif=exif, comment=b"MARKER-COMMENT", icc_profile=b"MARKER-PROFILE")
    assert b"MARKER" in out.getvalue()
    made = paint(out.getvalue())
    assert made is not None
    assert b"MARKER" not in made.jpeg


def test_a_page_that_is_not_there_gives_none() -> None:
    assert paint(media.pdf(2), page=1) is not None
    assert paint(media.pdf(2), page=2) is None


MADE = b'{"type":"image/jpeg","tool":"a","version":"1"}'
SVG = b'{"type":"image/svg+xml","tool":"a","version":"1"}'
PNG = b'{"type":"image/png","tool":"a","version":"1"}'
TALKS: dict[str, list[bytes]] = {
    "nothing": [],
    "a question outside the file": [wire.frame(wire.READ, wire.WANTED.pack(90, 90))],
    "a question for too much": [wire.frame(wire.READ, wire.WANTED.pack(0, 0x7FFFFFFF))],
    "a picture too large": [wire.frame(wire.DATA, b"\xff\xd8\xff" + bytes(1 << 19))] * 49 + [wire.frame(wire.DONE, MADE)],
    "a picture that is none of ours": [wire.frame(wire.DATA, b"<svg><a/>"), wire.frame(wire.DONE, MADE)],
    "a kind that is none of ours": [wire.frame(wire.DATA, b"\xff\xd8\xff"), wire.frame(wire.DONE, SVG)],
    "a kind that was not wanted": [wire.frame(wire.DATA, b"\xff\xd8\xff"), wire.frame(wire.DONE, PNG)],
    "too much text": [wire.frame(wire.DATA, b"\xff\xd8\xff"), wire.frame(wire.DONE, MADE[:-1] + b',"text":"%s"}' % (b"a" * 30_000))],
    "a number that is none": [wire.frame(wire.DATA, b"\xff\xd8\xff"), wire.frame(wire.DONE, MADE[:-1] + b',"pages":%s}' % (b"9" * 9_000))],
    "half of a pair": [wire.frame(wire.DATA, b"\xff\xd8\xff"), wire.frame(wire.DONE, MADE[:-1] + b',"text":"\\ud800"}')],
    "no pages": [wire.frame(wire.DATA, b"\xff\xd8\xff"), wire.frame(wire.DONE, MADE[:-1] + b',"pages":0}')],
    "no picture": [wire.frame(wire.DONE, MADE)],
    "half a message": [wire.frame(wire.DATA, b"\xff\xd8\xff")[:-1]],
    "a message too long": [wire.HEAD.pack(wire.DATA, 0xFFFFFFFF)],
    "a word that is none": [wire.frame(wire.REFUSED, b"\xff" * 99)],
    "noise": [b"z" * 100_000],
    "the same question again and again": [wire.frame(wire.READ, wire.WANTED.pack(0, 9))] * 20_000,
    "silence": [b"..."],
}


@pytest.mark.parametrize("talk", sorted(TALKS))
def test_whatever_a_taken_over_process_says_harms_only_its_own_picture(talk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = tmp_path / "said"
    said.write_bytes(b"".join(TALKS[talk]))
    line = f"import sys; sys.stdout.buffer.write(open({str(said)!r}, 'rb').read()); sys.stdout.flush(); {talk == 'silence'} and sys.stdin.read()"
    monkeypatch.setattr(confined, "PROGRAM", (sys.executable, "-I", "-c", line))
    monkeypatch.setattr(rendering, "SECONDS", 3)
    assert paint(bytes(100)) is None


def test_where_no_process_can_be_shut_off_nothing_is_shown_and_the_page_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "import sys\nfrom corncrake_vault.evidence import confinement, worker\nconfinement._FILTER_MODE = 99\nsys.exit(worker.main())"
    monkeypatch.setattr(confined, "PROGRAM", (sys.executable, "-I", "-c", line))
    with pytest.raises(NotShown) as raised:
        asyncio.run(Painter().paint(InMemory(media.picture()), 0, 512))
    assert not raised.value.looked
    assert "Nothing has looked at it" in pages.not_shown(1, looked=False).text
    assert "Nothing has looked at it" not in pages.not_shown(1, looked=True).text


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
