# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a file is by its first bytes."""

from __future__ import annotations

import pytest

from corncrake_vault.evidence.kinds import kind_of
from tests.clients.vault.workbench import media


def box(brand: bytes, *others: bytes) -> bytes:
    body = brand + bytes(4) + b"".join(others)
    return (8 + len(body)).to_bytes(4, "big") + b"ftyp" + body + bytes(64)


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (media.picture("JPEG", (8, 8)), "jpeg"),
        (media.picture("PNG", (8, 8)), "png"),
        (media.picture("GIF", (8, 8)), "gif"),
        (media.picture("WEBP", (8, 8)), "webp"),
        (media.picture("AVIF", (8, 8)), "avif"),
        (media.picture("TIFF", (8, 8)), "tiff"),
        (b"MM\x00*", "tiff"),
        (media.picture("BMP", (8, 8)), "bmp"),
        (media.pdf(), "pdf"),
        (media.film("webm", 1), "video/webm"),
        (media.film("mp4", 1), "video/mp4"),
        (media.sound(1), "audio/wav"),
        (box(b"heic", b"mif1"), "heif"),
        (box(b"mif1", b"avif"), "avif"),
        (box(b"qt  "), "video/mp4"),
        (box(b"M4A "), "audio/mp4"),
        (b"OggS" + bytes(24) + b"OpusHead", "audio/ogg"),
        (b"fLaC" + bytes(9), "audio/flac"),
        (b"ID3\x04" + bytes(9), "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
    ],
)
def test_a_kind_is_known_by_its_mark(head: bytes, code: str) -> None:
    found = kind_of(head[:512])
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"<!doctype html>",
        b"\xef\xbb\xbf%PDF-1.7",
        b" %PDF-1.7",
        b"#EXTM3U\nhttp://evil.example/",
        b"RIFF\x00\x00\x00\x00AVI ",
        b"II*",
        b"BM, as I said before: nothing else",
        b"PK\x03\x04",
        box(b"xxxx"),
        b"OggS" + bytes(24) + b"\x80theora",
        b"\x1a\x45\xdf\xa3" + bytes(80),
        b"\xff\xfe<\x00s\x00",
        bytes(512),
    ],
)
def test_what_has_no_known_mark_is_of_no_kind(head: bytes) -> None:
    assert kind_of(head) is None
