# SPDX-License-Identifier: AGPL-3.0-or-later
"""Photos for demonstrations: real JPEG pictures of noise, with the metadata of a phone that says too much.

Rules of this file: baseline, grey, one quantisation step, codes of one and two bits; any reader of JPEG shows them.

Source: ITU-T T.81 annexes B, F; Exif 2.32 §4.6.
"""

from __future__ import annotations

import random
import struct
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 640
_SIDE: Final = 8
_BITS: Final = 4
"""Size of each coefficient, in bits; with its code of two bits that is 6 bits for each of 64 coefficients."""


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _table(kind: int, symbols: bytes) -> bytes:
    """A Huffman table of two codes: 0 for the first symbol, 10 for the second."""
    return _segment(0xC4, bytes([kind, 1, 1]) + bytes(14) + symbols)


def _scan(chance: random.Random) -> bytes:
    blocks = (WIDTH // _SIDE) * (HEIGHT // _SIDE)
    out: list[str] = []
    for _ in range(blocks):
        out.append("0")  # no change of the mean
        out += ["10" + format(chance.getrandbits(_BITS), f"0{_BITS}b") for _ in range(_SIDE * _SIDE - 1)]
    bits = "".join(out)
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")


def _exif(maker: str) -> bytes:
    """Who made the camera, and a place, 1° N 2° E."""
    name = maker.encode() + b"\0"
    first, gps = 8, 8 + 2 + 2 * 12 + 4
    values = gps + 2 + 4 * 12 + 4
    entries = struct.pack(">HHHLLHHLL", 2, 0x010F, 2, len(name), values + 48, 0x8825, 4, 1, gps) + bytes(4)
    place = struct.pack(">HHHL4sHHLLHHL4sHHLL", 4, 1, 2, 2, b"N\0\0\0", 2, 5, 3, values, 3, 2, 2, b"E\0\0\0", 4, 5, 3, values + 24) + bytes(4)
    degrees = struct.pack(">12L", 1, 1, 0, 1, 0, 1, 2, 1, 0, 1, 0, 1)
    return b"Exif\0\0" + b"MM\0*" + struct.pack(">L", first) + entries + place + degrees + name


def photo(maker: str, seed: int) -> bytes:
    """Return a JPEG picture of about 300 KiB whose metadata name `maker` and a place."""
    chance = random.Random(seed)  # noqa: S311 - noise, no secret
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xE1, _exif(maker)),
            _segment(0xDB, bytes([0]) + bytes([1]) * 64),
            _segment(0xC0, struct.pack(">BHHB3B", 8, HEIGHT, WIDTH, 1, 1, 0x11, 0)),
            _table(0x00, bytes([0, 8])),
            _table(0x10, bytes([0, _BITS])),
            _segment(0xDA, bytes([1, 1, 0x00, 0, 63, 0])),
            _scan(chance),
            b"\xff\xd9",
        )
    )
