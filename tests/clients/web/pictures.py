# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real photo, made here, that says a great deal about whoever took it."""

from __future__ import annotations

import base64
import struct
from typing import Final

# A grey picture of 8 by 8, baseline JPEG, nothing in it but what draws it.
PLAIN: Final = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/"
    "wAALCAAIAAgBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAAf/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/AJ//2Q=="
)
OWNER: Final = b"Maria Zebrafinch"
SERIAL: Final = b"SN-4711-CORNCRAKE"
COMMENT: Final = b"taken from the third floor"
TRAILER: Final = b"secondpicture"


def _entry(tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack(">HHII", tag, kind, count, value)


def photo() -> bytes:
    """A JPEG with an owner, a serial number, a place, a time, an orientation, a comment and something after its end."""
    texts = b""
    start = 8 + 2 + 12 * 5 + 4

    def text(value: bytes) -> tuple[int, int]:
        nonlocal texts
        at = start + len(texts)
        texts += value + b"\0"
        return len(value) + 1, at

    owner, serial, when = text(OWNER), text(SERIAL), text(b"2026:06:01 03:14:15")
    entries = [
        struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0),
        _entry(0x0132, 2, *when),
        _entry(0x8825, 4, 1, start + 200),
        _entry(0xA430, 2, *owner),
        _entry(0xA431, 2, *serial),
    ]
    directory = struct.pack(">H", len(entries)) + b"".join(entries) + bytes(4)
    gps = struct.pack(">H", 1) + struct.pack(">HHIBBBB", 1, 2, 2, 0x4E, 0, 0, 0) + bytes(4)
    tiff = (b"MM\0\x2a" + struct.pack(">I", 8) + directory + texts).ljust(start + 200, b"\0") + gps
    exif = b"Exif\0\0" + tiff
    app1 = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    comment = b"\xff\xfe" + struct.pack(">H", len(COMMENT) + 2) + COMMENT
    return PLAIN[:2] + app1 + comment + PLAIN[2:] + TRAILER
