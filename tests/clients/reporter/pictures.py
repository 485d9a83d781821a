# SPDX-License-Identifier: AGPL-3.0-or-later
"""JPEG pictures made byte by byte, with all that a phone writes into them."""

import struct

SERIAL = b"SN-7741-0093"
COMMENT = b"taken for my cousin"
TRAILER = b"a second picture or a note after the end"
LATITUDE = struct.pack(">6I", 14, 1, 37, 1, 5_123, 100)


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def exif(orientation: int = 6) -> bytes:
    """An Exif segment with maker, orientation, a serial number and a place."""
    first, second, third, data = 8, 8 + 2 + 4 * 12 + 4, 8 + 2 + 4 * 12 + 4 + 2 + 12 + 4, 8 + 2 + 4 * 12 + 4 + 2 * (2 + 12 + 4)
    maker = b"Telefono\x00"
    entries = [
        struct.pack(">HHII", 0x010F, 2, len(maker), data),
        struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0),
        struct.pack(">HHII", 0x8769, 4, 1, second),
        struct.pack(">HHII", 0x8825, 4, 1, third),
    ]
    tiff = b"MM\x00\x2a" + first.to_bytes(4, "big") + struct.pack(">H", 4) + b"".join(entries) + bytes(4)
    tiff += struct.pack(">H", 1) + struct.pack(">HHII", 0xA431, 2, len(SERIAL), data + len(maker)) + bytes(4)
    tiff += struct.pack(">H", 1) + struct.pack(">HHII", 0x0002, 5, 3, data + len(maker) + len(SERIAL)) + bytes(4)
    return segment(0xE1, b"Exif\x00\x00" + tiff + maker + SERIAL + LATITUDE)


DRAWN = (
    segment(0xDB, bytes(65)),
    segment(0xC0, bytes.fromhex("0800080008010111 00".replace(" ", ""))),
    segment(0xC4, bytes(20)),
    segment(0xDA, bytes.fromhex("0101003f00")) + b"\x12\xff\x00\x34\xff\xd0\x56",
)
"""What draws the picture: a table, a frame, a table, a scan with stuffing and a restart."""
JFIF = segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")


def picture(*extra: bytes, trailer: bytes = b"") -> bytes:
    """A picture with these segments before what draws it."""
    return b"\xff\xd8" + JFIF + b"".join(extra) + b"".join(DRAWN) + b"\xff\xd9" + trailer


def telling_picture() -> bytes:
    """A picture that tells a place, a serial number, a maker, a comment, an unknown thing, and has a trailer."""
    return picture(exif(), segment(0xFE, COMMENT), segment(0xED, b"Photoshop 3.0\x00who knows"), trailer=TRAILER)
