# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures of each kind that is cleaned, and what each carrier adds to them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any, Final, cast

from PIL import Image, ImageCms

from tests.clients.media_samples.bytes_of import MARK, chunk, riff, segment, tiff

if TYPE_CHECKING:
    from collections.abc import Callable

GPS: Final = (
    (1, 2, b"N\0"),
    (2, 5, struct.pack(">6I", 52, 1, 31, 1, 12_34, 100)),
    (3, 2, b"E\0"),
    (4, 5, struct.pack(">6I", 13, 1, 24, 1, 56_78, 100)),
)


def _frames(count: int = 1, mode: str = "RGB") -> list[Image.Image]:
    pictures: list[Image.Image] = []
    for index in range(count):
        picture = Image.new(mode, (24, 16))
        for x in range(24):
            for y in range(16):
                picture.putpixel((x, y), ((x * 10 + index * 40) % 256, y * 15, (x * y) % 256, 200)[: len(picture.getbands())])
        pictures.append(picture)
    return pictures


def _saved(kind: str, pictures: list[Image.Image], **options: object) -> bytes:
    out = io.BytesIO()
    rest = {"save_all": True, "append_images": pictures[1:]} if len(pictures) > 1 else {}
    pictures[0].save(out, kind, **rest, **options)
    return out.getvalue()


def _profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(cast("Any", ImageCms).createProfile("sRGB")).tobytes()
    return profile[:-16] + MARK.ljust(16, b"\0")


PLAIN: Final[dict[str, Callable[[], bytes]]] = {
    "jpeg": lambda: _saved("JPEG", _frames()),
    "jpeg progressive": lambda: _saved("JPEG", _frames(), progressive=True),
    "jpeg of four colours": lambda: _saved("JPEG", _frames(mode="CMYK")),
    "png": lambda: _saved("PNG", _frames()),
    "png moving": lambda: _saved("PNG", _frames(3), duration=100),
    "webp": lambda: _saved("WEBP", _frames()),
    "webp lossless": lambda: _saved("WEBP", _frames(mode="RGBA"), lossless=True),
    "webp moving": lambda: _saved("WEBP", _frames(3), duration=100),
    "gif": lambda: _saved("GIF", _frames()),
    "gif moving": lambda: _saved("GIF", _frames(3), duration=100, loop=0),
}


def _after(raw: bytes, at: int, extra: bytes) -> bytes:
    return raw[:at] + extra + raw[at:]


def jpeg_with(extra: bytes) -> bytes:
    """The plain JPEG picture with one more segment."""
    return _after(PLAIN["jpeg"](), 20, extra)


def png_with(extra: bytes) -> bytes:
    """The plain PNG picture with one more chunk."""
    return _after(PLAIN["png"](), 33, extra)


def webp_with(extra: bytes, flags: int = 0, body: bytes | None = None) -> bytes:
    """The plain WebP picture in its long form, with one more chunk."""
    head = riff(b"VP8X", struct.pack("<I", flags) + (23).to_bytes(3, "little") + (15).to_bytes(3, "little"))
    whole = b"WEBP" + head + (PLAIN["webp"]()[12:] if body is None else body) + extra
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


def gif_with(extra: bytes) -> bytes:
    """The plain GIF picture with one more block before its end."""
    return PLAIN["gif"]()[:-1] + extra + b";"


def _in_frame() -> bytes:
    raw = PLAIN["webp moving"]()
    at = raw.index(b"ANMF")
    size = struct.unpack_from("<I", raw, at + 4)[0]
    extra = riff(b"NOTE", MARK)
    frame = raw[at : at + 4] + struct.pack("<I", size + len(extra)) + raw[at + 8 : at + 8 + size] + extra
    whole = raw[8:at] + frame + raw[at + 8 + size + size % 2 :]
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


def _second_picture() -> bytes:
    index = b"MPF\0MM\0\x2a\0\0\0\x08" + struct.pack(">H", 1) + struct.pack(">HHI4s", 0xB000, 7, 4, b"0100") + bytes(4)
    return jpeg_with(segment(0xE2, index)) + jpeg_with(segment(0xFE, MARK))


EXIF: Final = tiff(
    (0x010F, 2, b"Telefono\0"),
    (0x0112, 3, b"\0\x06"),
    (0x013B, 2, MARK + b"\0"),
    more=((0x9003, 2, b"2026:06:01 03:14:15\0"), (0x927C, 7, b"Telefono" + MARK), (0xA431, 2, MARK + b"-SN\0")),
)

MADE: Final[dict[tuple[str, str], tuple[Callable[[], bytes], set[str]]]] = {
    ("jpeg", "maker notes"): (lambda: jpeg_with(segment(0xE1, b"Exif\0\0" + EXIF)), {"owner", "serial", "device", "time", "other"}),
    ("jpeg", "time of change"): (lambda: jpeg_with(segment(0xE1, b"Exif\0\0" + tiff((0x0132, 2, b"2026:06:01 03:14:15\0")))), {"time"}),
    ("jpeg", "time of making"): (lambda: jpeg_with(segment(0xE1, b"Exif\0\0" + tiff(more=((0x9004, 2, b"2026:06:01 03:14:15\0"),)))), {"time"}),
    ("jpeg", "comment"): (lambda: jpeg_with(segment(0xFE, MARK)), {"text"}),
    ("jpeg", "thumbnail in JFIF"): (lambda: jpeg_with(segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\4" + MARK + b"\0\0")), {"thumbnail"}),
    ("jpeg", "thumbnail in JFXX"): (lambda: jpeg_with(segment(0xE0, b"JFXX\0\x10" + MARK)), {"thumbnail"}),
    ("jpeg", "second pictures (MPF)"): (_second_picture, {"thumbnail", "trailer"}),
    ("jpeg", "colour profile"): (lambda: jpeg_with(segment(0xE2, b"ICC_PROFILE\0\1\1" + _profile())), {"colours"}),
    ("jpeg", "unknown part"): (lambda: jpeg_with(segment(0xE9, MARK)), {"other"}),
    ("jpeg", "two Exif blocks"): (lambda: jpeg_with(segment(0xE1, b"Exif\0\0" + EXIF) * 2), {"owner"}),
    ("jpeg", "trailer"): (lambda: PLAIN["jpeg"]() + MARK, {"trailer"}),
    ("png", "maker notes"): (lambda: png_with(chunk(b"eXIf", EXIF)), {"owner", "serial", "device", "time", "other"}),
    ("png", "comment"): (lambda: png_with(chunk(b"tEXt", b"Comment\0" + MARK)), {"text"}),
    ("png", "packed text"): (lambda: png_with(chunk(b"zTXt", b"Author\0\0" + zlib.compress(MARK))), {"owner"}),
    ("png", "text of the world"): (lambda: png_with(chunk(b"iTXt", b"Title\0\0\0\0\0" + MARK)), {"text"}),
    ("png", "time of change"): (lambda: png_with(chunk(b"tIME", bytes.fromhex("07ea0601030e0f"))), {"time"}),
    ("png", "colour profile"): (lambda: png_with(chunk(b"iCCP", MARK + b"\0\0" + zlib.compress(_profile()))), {"colours"}),
    ("png", "unknown part"): (lambda: png_with(chunk(b"zbRa", MARK)), {"other"}),
    ("png", "known part too long"): (lambda: png_with(chunk(b"gAMA", b"\0\0\xb1\x8f" + MARK)), {"other"}),
    ("png", "trailer"): (lambda: PLAIN["png"]() + MARK, {"trailer"}),
    ("webp", "maker notes"): (lambda: webp_with(riff(b"EXIF", EXIF), 8), {"owner", "serial", "device", "time", "other"}),
    ("webp", "colour profile"): (lambda: webp_with(b"", 0x20, riff(b"ICCP", _profile()) + PLAIN["webp"]()[12:]), {"colours"}),
    ("webp", "unknown part"): (lambda: webp_with(riff(b"NOTE", MARK)), {"other"}),
    ("webp", "unknown part of a frame"): (_in_frame, {"other"}),
    ("webp", "trailer"): (lambda: PLAIN["webp"]() + MARK, {"trailer"}),
    ("gif", "comment"): (lambda: gif_with(b"!\xfe\x0a" + MARK + b"\0"), {"text"}),
    ("gif", "text to draw"): (lambda: gif_with(b"!\x01\x0c" + bytes(12) + b"\x0a" + MARK + b"\0"), {"text"}),
    ("gif", "unknown program"): (lambda: gif_with(b"!\xff\x0bZEBRAFINCH1\x0a" + MARK + b"\0"), {"other"}),
    ("gif", "trailer"): (lambda: PLAIN["gif"]() + MARK, {"trailer"}),
}
"""By kind and carrier: how the sample is made, and what at least must be told of it."""
