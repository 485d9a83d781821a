# SPDX-License-Identifier: AGPL-3.0-or-later
"""JPEG pictures: what they say about whoever took them, and a copy that does not say it.

Rules of this file: an allow-list. A segment is kept only if the picture cannot be drawn without it; all else goes, known or
unknown. Whether a picture must be turned is kept, in an Exif block that this file writes itself. The copy is read again before it
is called clean. The twin is `clients/core/src/media/jpeg.ts`.

Source: ITU-T T.81 annex B (segments); JFIF 1.02; Exif 2.32 §4.7.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.errors import Failure, FileError
from corncrake_reporter.exif import Tell, read_exif

if TYPE_CHECKING:
    from collections.abc import Sequence

_SOI: Final = 0xD8
_EOI: Final = 0xD9
_SOS: Final = 0xDA
_APP0: Final = 0xE0
_APP1: Final = 0xE1
_APP14: Final = 0xEE
_COMMENT: Final = 0xFE
_FIRST_MARKER: Final = 0xC0

_DRAWS: Final = (frozenset(range(0xC0, 0xD0)) - {0xC8}) | (frozenset(range(0xDB, 0xE0)) - {0xDE}) | {_SOS}
"""Markers of what draws the picture: frames, tables, restarts, lines, scans."""
_SCAN_END: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
"""A marker that is neither stuffing nor a restart ends the data of a scan."""
_EXIF: Final = b"Exif\x00\x00"
_ADOBE_LENGTH: Final = 16
_JFIF: Final = bytes.fromhex("ffe000104a46494600010100000100010000")
"""A plain JFIF header: version 1.01, no density, no thumbnail."""
_TURNED: Final = bytes.fromhex("ffe10022457869660000 4d4d002a00000008000101120003000000010001000000000000")
"""An Exif block that says nothing but how the picture is turned; the orientation stands at `_TURNED_AT`."""
_TURNED_AT: Final = 29


class CleanPicture(NamedTuple):
    """The copy, and the kinds of things that are in it no more, in alphabetical order."""

    data: bytes
    removed: tuple[Tell, ...]


class _Segment(NamedTuple):
    marker: int
    raw: bytes

    @property
    def body(self) -> bytes:
        return self.raw[4:]

    @property
    def is_exif(self) -> bool:
        return self.marker == _APP1 and self.body.startswith(_EXIF)

    @property
    def is_adobe(self) -> bool:
        """Say whether it holds how colours are to be understood, and nothing else."""
        return self.marker == _APP14 and self.body.startswith(b"Adobe") and len(self.raw) == _ADOBE_LENGTH


def _broken(detail: str) -> FileError:
    return FileError(Failure.ARCHIVE, f"picture: {detail}")


def is_jpeg(raw: bytes) -> bool:
    """Say whether the bytes begin as a JPEG picture does."""
    return len(raw) > 3 and raw.startswith(b"\xff\xd8\xff")  # noqa: PLR2004 - one byte more than the signature


def _segment_end(raw: bytes, at: int, marker: int) -> int:
    length = int.from_bytes(raw[at + 2 : at + 4], "big")
    end = at + 2 + length
    if length < 2 or end > len(raw) or marker == _SOI or marker < _FIRST_MARKER:  # noqa: PLR2004 - the length counts itself
        raise _broken("a segment has no sensible length")
    if marker != _SOS:
        return end
    found = _SCAN_END.search(raw, end)
    if found is None:
        raise _broken("it breaks off")
    return found.start()


def _segments(raw: bytes) -> tuple[list[_Segment], bytes]:
    """Return the segments, the last of which is the end of the picture, and what follows it; a scan includes its data."""
    if not is_jpeg(raw):
        raise _broken("not a JPEG")
    found: list[_Segment] = []
    at = 2
    while True:
        while raw[at : at + 2] == b"\xff\xff":
            at += 1
        if raw[at : at + 1] != b"\xff" or at + 1 >= len(raw):
            raise _broken("a segment does not start where it must")
        marker = raw[at + 1]
        if marker == _EOI:
            found.append(_Segment(marker, raw[at : at + 2]))
            return found, raw[at + 2 :]
        end = _segment_end(raw, at, marker)
        found.append(_Segment(marker, raw[at:end]))
        at = end


def _tells_of(segment: _Segment) -> frozenset[Tell]:
    if segment.marker in _DRAWS or segment.marker == _EOI or segment.is_adobe:
        return frozenset()
    if segment.marker == _COMMENT:
        return frozenset({"text"})
    if segment.marker == _APP0 and segment.body.startswith(b"JFIF\x00"):
        return frozenset({"thumbnail"}) if len(segment.raw) > len(_JFIF) else frozenset()
    if segment.is_exif:
        return read_exif(segment.body[len(_EXIF) :]).tells
    return frozenset({"other"})


def _tells(segments: Sequence[_Segment], trailer: bytes) -> tuple[Tell, ...]:
    tells: set[Tell] = {"trailer"} if trailer else set()
    for segment in segments:
        tells |= _tells_of(segment)
    return tuple(sorted(tells))


def _orientation(segments: Sequence[_Segment]) -> int:
    for segment in segments:
        if segment.is_exif:
            return read_exif(segment.body[len(_EXIF) :]).orientation
    return 1


def read_picture(raw: bytes) -> tuple[Tell, ...]:
    """Say what a JPEG picture tells about whoever took it, as kinds in alphabetical order.

    Raises:
        FileError: `archive`, when the bytes are not a whole JPEG picture.
    """
    return _tells(*_segments(raw))


def clean_picture(raw: bytes) -> CleanPicture:
    """Return a copy of a JPEG picture that holds what draws it and how it is turned, and nothing else.

    Raises:
        FileError: `archive`, when the bytes are not a whole JPEG picture, or the copy would still tell something.

    Source: ITU-T T.81 annex B.
    """
    segments, trailer = _segments(raw)
    parts = [b"\xff\xd8"]
    if any(segment.marker == _APP0 for segment in segments):
        parts.append(_JFIF)
    orientation = _orientation(segments)
    if orientation != 1:
        parts.append(_TURNED[:_TURNED_AT] + bytes((orientation,)) + _TURNED[_TURNED_AT + 1 :])
    parts += [segment.raw for segment in segments if segment.marker in _DRAWS or segment.marker == _EOI or segment.is_adobe]
    data = b"".join(parts)
    if read_picture(data):
        raise _broken("the copy still tells something")
    return CleanPicture(data, _tells(segments, trailer))
