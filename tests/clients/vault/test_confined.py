# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hostile files: whatever they are, the vault gets a bounded derivative or a word, in bounded time and memory, and nothing else happens."""

from __future__ import annotations

import hashlib
import io
import os
import random
import struct
import sys
import zlib
from pathlib import Path
from typing import Any, cast

import av as _av
import pytest
from PIL import Image

from corncrake_crypto.errors import CorncrakeError, Failure, FileError, UsageError
from corncrake_vault.evidence import confined, wire
from corncrake_vault.evidence.confined import MEDIA, Conversation, Kind, Limits, Made, derive
from corncrake_vault.evidence.kinds import HEAD
from tests.clients.vault.media import MARKER, film, pdf, picture, scene, sound

av = cast("Any", _av)


class InMemory:
    """A file to look at that remembers how it was read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.read_in_all = 0

    def read(self, start: int, end: int, /) -> bytes:
        assert 0 <= start <= end <= self.size
        self.read_in_all += end - start
        return self.data[start:end]


def made_of(data: bytes, kind: Kind, **limits: Any) -> tuple[Made, bytes]:
    out = bytearray()
    made = derive(InMemory(data), kind, out.extend, **limits)
    assert (made.size, made.sha256, made.type in MEDIA) == (len(out), hashlib.sha256(out).hexdigest(), True)
    return made, bytes(out)


def refused(data: bytes, kind: Kind, **limits: Any) -> Failure:
    with pytest.raises(CorncrakeError) as raised:
        made_of(data, kind, **limits)
    return raised.value.failure


# -- what is made --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "HEIF", "TIFF", "BMP"])
def test_a_picture_has_a_preview_and_a_cleaned_copy_without_anything_beside_the_picture(form: str) -> None:
    data = picture(form)
    assert form in {"TIFF", "BMP"} or MARKER in data
    for kind in cast("tuple[Kind, ...]", ("preview", "cleaned")):
        made, out = made_of(data, kind)
        with Image.open(io.BytesIO(out)) as again:
            turned = form in {"JPEG", "PNG", "WEBP"}
            assert again.size == ((480, 640) if turned else (640, 480)) == (made.width, made.height)
            assert not again.getexif()
            assert not {"exif", "icc_profile", "comment", "xmp", "photoshop"} & set(again.info)
        assert MARKER not in out


def test_a_png_that_was_cleaned_has_the_same_pixels_and_its_transparency() -> None:
    half = scene().convert("RGBA")
    half.putalpha(99)
    sink = io.BytesIO()
    half.save(sink, "PNG")
    _, out = made_of(sink.getvalue(), "cleaned")
    assert Image.open(io.BytesIO(out)).tobytes() == half.tobytes()


@pytest.mark.parametrize(("form", "codec", "media"), [("mp4", "libx264", "mp4"), ("mov", "mpeg4", "mp4"), ("matroska", "libx264", "x-matroska")])
def test_a_film_has_a_poster_and_a_cleaned_copy_of_the_same_frames_without_labels(form: str, codec: str, media: str) -> None:
    data = film(form, codec)
    assert MARKER in data
    poster, out = made_of(data, "poster")
    assert (poster.type, Image.open(io.BytesIO(out)).size) == ("image/jpeg", (320, 240))
    cleaned, out = made_of(data, "cleaned")
    assert cleaned.type == f"video/{media}"
    assert MARKER not in out
    # The encoder's message about itself inside the picture stream too.
    assert b"x264 - core" not in out
    with av.open(io.BytesIO(data)) as before, av.open(io.BytesIO(out)) as after:
        frames = [[hashlib.sha256(bytes(frame.planes[0])).digest() for frame in film.decode(video=0)] for film in (before, after)]
    assert frames[0] == frames[1]
    assert len(frames[0]) == 20


def test_sound_is_cleaned_and_has_no_picture() -> None:
    cleaned, out = made_of(sound(), "cleaned")
    assert (cleaned.type, MARKER in out) == ("audio/mp4", False)
    assert refused(sound(), "preview") is Failure.KIND


def test_each_page_of_a_pdf_is_a_picture_and_there_are_no_others() -> None:
    pages = [made_of(pdf(2), "preview", page=page) for page in (0, 1)]
    assert [(made.pages, made.type) for made, _ in pages] == [(2, "image/jpeg")] * 2
    assert pages[0][1] != pages[1][1]
    assert refused(pdf(2), "preview", page=2) is Failure.RANGE
    assert refused(pdf(2), "cleaned") is Failure.KIND


# -- hostile files -------------------------------------------------------------------------------------------------------------


def originals() -> dict[str, bytes]:
    return {"jpeg": picture("JPEG"), "png": picture("PNG"), "heif": picture("HEIF"), "mp4": film(frames=5), "pdf": pdf(1)}


@pytest.mark.parametrize("form", ["jpeg", "png", "heif", "mp4", "pdf"])
def test_mutated_files_give_a_bounded_derivative_or_a_word(form: str, tier: str) -> None:
    chance = random.Random(form)  # noqa: S311 - the same files at every run
    data = originals()[form]
    for number in range(60 if tier == "slow" else 6):
        bad = bytearray(data)
        for _ in range(chance.choice((1, 8, 64))):
            at = chance.randrange(min(len(bad), 2_048) if number % 2 else len(bad))
            bad[at] = chance.randrange(256)
        if number % 3 == 0:
            del bad[chance.randrange(len(bad)) :]
        for kind in cast("tuple[Kind, ...]", ("preview", "cleaned")):
            assert outcome(bytes(bad), kind) in {None, Failure.KIND, Failure.SIZE}


def outcome(data: bytes, kind: Kind) -> Failure | None:
    """The failure word, or None when something was made of it."""
    try:
        made_of(data, kind, limits=Limits(seconds=20))
    except CorncrakeError as error:
        return error.failure
    return None


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"%PDF-", b"\xff\xd8\xff", b"#EXTM3U\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile /etc/passwd\n"]
)
def test_what_is_no_picture_film_or_pdf_is_refused(data: bytes) -> None:
    for kind in cast("tuple[Kind, ...]", ("preview", "cleaned", "poster")):
        assert refused(data, kind) is Failure.KIND


def bomb(side: int, rows: int) -> bytes:
    """A PNG of some kilobytes that says to have so many pixels a side, and has so many rows of them."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packing = zlib.compressobj(1)
    packed = b"".join(packing.compress(bytes(3 * side + 1)) for _ in range(rows)) + packing.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def test_a_picture_that_says_to_be_huge_is_refused_before_it_is_decoded() -> None:
    assert refused(bomb(60_000, 9), "preview") is Failure.SIZE


@pytest.mark.parametrize("limits", [Limits(memory=350 << 20), Limits(seconds=1)])
def test_a_file_that_needs_more_memory_or_time_than_there_is_is_refused(limits: Limits) -> None:
    assert refused(bomb(7_900, 7_900), "cleaned", limits=limits) is Failure.SIZE


def test_a_derivative_that_grows_too_large_is_stopped() -> None:
    assert refused(picture("PNG"), "cleaned", limits=Limits(output=1_000)) is Failure.SIZE


def test_a_part_that_is_missing_is_told_as_that() -> None:
    class Holey(InMemory):
        def read(self, start: int, end: int, /) -> bytes:
            raise CorncrakeError(Failure.INCOMPLETE, f"{start} to {end} is missing")

    with pytest.raises(CorncrakeError) as raised:
        derive(Holey(picture("JPEG")), "preview", bytearray().extend)
    assert raised.value.failure is Failure.INCOMPLETE


# -- how it is shut off --------------------------------------------------------------------------------------------------------

CANNOT = {
    "no list of system calls for this processor": "from collections import namedtuple; os.uname = lambda: namedtuple('u', 'machine')('pdp11')",
    "no seccomp": "confinement._FILTER_MODE = 99",
    "a reader that does not read": "from corncrake_vault.evidence import making_pictures; making_pictures._TRIED = ('nothing',)",
}


@pytest.mark.parametrize("why", sorted(CANNOT))
def test_where_a_process_cannot_be_shut_off_nothing_looks_at_the_file_and_it_is_told(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line = f"import os, sys\nfrom corncrake_vault.evidence import confinement, worker\n{CANNOT[why]}\nsys.exit(worker.main())"
    monkeypatch.setattr(confined, "PROGRAM", (sys.executable, "-I", "-c", line))
    file = InMemory(picture("JPEG"))
    with pytest.raises(UsageError, match="nothing has looked at the file, and nothing is lost") as raised:
        derive(file, "preview", bytearray().extend)
    assert raised.value.failure is Failure.MISUSE
    assert file.read_in_all == HEAD  # for its marks, by the vault


def test_a_process_that_has_looked_cannot_say_that_it_was_not_shut_off() -> None:
    talk = Conversation(InMemory(bytes(9)), "preview", bytearray().extend, page=0, limits=Limits())
    talk.answer(wire.READ, wire.WANTED.pack(0, 9))
    with pytest.raises(FileError) as raised:
        talk.answer(wire.REFUSED, b"misuse")
    assert raised.value.failure is Failure.KIND


def test_no_process_is_left() -> None:
    before = _children()
    made_of(picture("JPEG"), "preview")
    assert _children() <= before


def _children() -> set[str]:
    own = f"PPid:\t{os.getpid()}\n"
    return {status.parent.name for status in Path("/proc").glob("[0-9]*/status") if own in _text(status)}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
