# SPDX-License-Identifier: AGPL-3.0-or-later
"""Parts of pictures and films, byte by byte: what no program would write is made here."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK: Final = b"ZEBRAFINCH"
"""What every sample hides somewhere: found before cleaning, and nowhere afterwards."""
SECRET: Final = MARK.decode()


def segment(marker: int, body: bytes) -> bytes:
    """A segment of a JPEG picture."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def chunk(name: bytes, body: bytes) -> bytes:
    """A chunk of a PNG picture."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def riff(name: bytes, body: bytes) -> bytes:
    """A chunk of a WebP picture."""
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def box(name: bytes, body: bytes) -> bytes:
    """A box of a film."""
    return struct.pack(">I", len(body) + 8) + name + body


def element(name: bytes, body: bytes) -> bytes:
    """An element of a WebM film, its length in eight bytes."""
    return name + b"\x01" + len(body).to_bytes(7, "big") + body


def tiff(*entries: tuple[int, int, bytes], more: tuple[tuple[int, int, bytes], ...] = ()) -> bytes:
    """A block of one directory: tag, type and value of each entry; with `more`, a second directory that holds the Exif of the picture."""
    units = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}

    def directory(at: int, listed: tuple[tuple[int, int, bytes], ...]) -> bytes:
        head, outside = struct.pack(">H", len(listed)), b""
        free = at + 2 + 12 * len(listed) + 4
        for tag, kind, value in sorted(listed):
            field = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(">I", free + len(outside))
            head += struct.pack(">HHI", tag, kind, len(value) // units[kind]) + field
            outside += value if len(value) > 4 else b""
        return head + bytes(4) + outside

    if not more:
        return b"MM\0\x2a\0\0\0\x08" + directory(8, entries)
    first = directory(8, (*entries, (0x8769, 4, bytes(4))))
    at = 8 + len(first)
    return b"MM\0\x2a\0\0\0\x08" + directory(8, (*entries, (0x8769, 4, struct.pack(">I", at)))) + directory(at, more)


def boxes(film: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each box in a range."""
    at = start
    limit = len(film) if end is None else end
    while at + 8 <= limit:
        size = struct.unpack_from(">I", film, at)[0]
        if size == 1:
            size = struct.unpack_from(">Q", film, at + 8)[0]
        elif size == 0:
            size = limit - at
        yield film[at + 4 : at + 8], at, at + size
        at += size


def find(film: bytes, *path: bytes) -> tuple[int, int]:
    """Start and end of the first box at a path."""
    start, end = 0, len(film)
    for depth, name in enumerate(path):
        inside = start + 8 if depth else start
        start, end = next((a, b) for kind, a, b in boxes(film, inside, end) if kind == name)
    return start, end


def into_moov(film: bytes, extra: bytes) -> bytes:
    """A film whose index, which stands at its end, has one more box."""
    start, end = find(film, b"moov")
    assert end == len(film), "the index must be the last box, or places in the film would shift"
    return film[:start] + struct.pack(">I", end - start + len(extra)) + film[start + 4 :] + extra
