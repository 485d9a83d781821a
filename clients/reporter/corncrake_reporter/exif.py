# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an Exif block says about whoever took the picture: read only, and only as far as a person needs to be told.

Rules of this file: every offset is checked before it is followed; every directory is visited once; a broken block raises nothing,
since the answer to 'broken' is the same as to 'unknown': remove it, and say so. The twin is `clients/core/src/media/exif.ts`.

Source: Exif 2.32 §4.6 (tags); TIFF 6.0 §2 (directories).
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Tell = Literal["place", "time", "device", "serial", "owner", "software", "text", "thumbnail", "other", "trailer"]
"""A kind of thing that a picture tells. `messages` has words for each."""

_TAGS: Final[dict[int, Tell]] = {
    0x010E: "text",
    0x010F: "device",
    0x0110: "device",
    0x0131: "software",
    0x0132: "time",
    0x013B: "owner",
    0x0201: "thumbnail",
    0x8298: "owner",
    0x9003: "time",
    0x9004: "time",
    0x927C: "other",
    0x9286: "text",
    0x9C9B: "text",
    0x9C9C: "text",
    0x9C9D: "owner",
    0xA420: "serial",
    0xA430: "owner",
    0xA431: "serial",
    0xA433: "device",
    0xA434: "device",
    0xA435: "serial",
}
_EXIF_DIRECTORY: Final = 0x8769
_GPS_DIRECTORY: Final = 0x8825
_ORIENTATION: Final = 0x0112
_MAX_DIRECTORIES: Final = 8
_MAX_ENTRIES: Final = 512
_ENTRY: Final = 12
_ORDERS: Final[dict[bytes, Literal["little", "big"]]] = {b"II": "little", b"MM": "big"}


class ExifReading(NamedTuple):
    """The kinds of things that one block tells, and how the picture is turned: 1 to 8, 1 when it is not said."""

    tells: frozenset[Tell]
    orientation: int


class _Walk:
    """One walk through the directories of a TIFF structure."""

    def __init__(self, tiff: bytes, order: Literal["little", "big"]) -> None:
        self.tells: set[Tell] = set()
        self.orientation = 1
        self._tiff = tiff
        self._order: Literal["little", "big"] = order
        self._waiting = [self._number(4, 4)]

    def _number(self, at: int, length: int) -> int:
        return int.from_bytes(self._tiff[at : at + length], self._order)

    def run(self) -> None:
        seen: set[int] = set()
        while self._waiting and len(seen) < _MAX_DIRECTORIES:
            start = self._waiting.pop(0)
            if start and start not in seen:
                seen.add(start)
                self._directory(start)

    def _directory(self, start: int) -> None:
        count = min(self._number(start, 2), _MAX_ENTRIES)
        end = start + 2 + count * _ENTRY
        if start + 2 > len(self._tiff) or end > len(self._tiff):
            self.tells.add("other")
            return
        for at in range(start + 2, end, _ENTRY):
            self._entry(at)
        if end + 4 <= len(self._tiff):
            self._waiting.append(self._number(end, 4))

    def _entry(self, at: int) -> None:
        tag = self._number(at, 2)
        if tag == _EXIF_DIRECTORY:
            self._waiting.append(self._number(at + 8, 4))
        elif tag == _GPS_DIRECTORY:
            self.tells.add("place")
        elif tag == _ORIENTATION:
            self.orientation = self._number(at + 8, 2)
        if (tell := _TAGS.get(tag)) is not None:
            self.tells.add(tell)


def read_exif(tiff: bytes) -> ExifReading:
    r"""Read a TIFF structure: the part of an Exif segment after `Exif\0\0`. A block that breaks off tells `other`.

    Source: Exif 2.32 §4.5.
    """
    order = _ORDERS.get(tiff[:2])
    if order is None or len(tiff) < 8:  # noqa: PLR2004 - the length of a TIFF header
        return ExifReading(frozenset({"other"}), 1)
    walk = _Walk(tiff, order)
    walk.run()
    return ExifReading(frozenset(walk.tells), walk.orientation if 1 <= walk.orientation <= 8 else 1)  # noqa: PLR2004
