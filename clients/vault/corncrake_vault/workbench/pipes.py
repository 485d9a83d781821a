# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the viewer and its confined process say to each other: a job, questions for ranges of bytes and their answers, and a picture.

Rules of this file: the process that has read a hostile file is hostile itself: all that it says is bounded, and read as numbers, a picture that
our own process has not to understand, and text. Integers are big-endian.

    job:      u8 length of kind, kind in 11 bytes, u64 size, u32 page, u32 edge
    question: 'A' u64 start, u32 length (at most ASK_MAX)   answer: u32 length, the bytes
    picture:   'P' u32 width, u32 height, u32 pages, u8 several, u32 length, u32 length of text; JPEG; text in UTF-8
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from typing import BinaryIO

ASK_MAX: Final = 256 << 10
"""Bytes of one answer."""
PICTURE_MAX: Final = 24 << 20
"""Bytes of one picture."""
TEXT_BYTES_MAX: Final = 80_000
ASK, PAINTED = b"A", b"P"
JOB: Final = struct.Struct(">12pQII")
QUESTION: Final = struct.Struct(">QI")
ANSWER: Final = struct.Struct(">I")
PICTURE: Final = struct.Struct(">III?II")


class Job(NamedTuple):
    """What to paint: the kind of file, its bytes, which page from 0, the longest edge of the picture in points."""

    kind: str
    size: int
    page: int
    edge: int


class Asked(NamedTuple):
    """A range of bytes that is asked for."""

    start: int
    length: int


class Painted(NamedTuple):
    """A picture, how large the original is in points, how many pages it has, whether it holds several pictures, and its text."""

    jpeg: bytes
    width: int
    height: int
    pages: int = 1
    several: bool = False
    text: str = ""


def write_job(job: Job) -> bytes:
    """Return a job as bytes."""
    return JOB.pack(job.kind.encode(), job.size, job.page, job.edge)


def read_job(source: BinaryIO) -> Job:
    """Read a job; `struct.error` when there is none."""
    kind, size, page, edge = JOB.unpack(source.read(JOB.size))
    return Job(kind.decode(), size, page, edge)


def write_ask(asked: Asked, source: BinaryIO, target: BinaryIO) -> bytes:
    """Ask for a range and return what is answered; `EOFError` when nobody answers any more."""
    target.write(ASK + QUESTION.pack(*asked))
    target.flush()
    head = source.read(ANSWER.size)
    data = source.read(ANSWER.unpack(head)[0]) if len(head) == ANSWER.size else b""
    if not data:
        raise EOFError
    return data


def write_painted(painted: Painted, target: BinaryIO) -> None:
    """Hand over a picture."""
    text = painted.text.encode("utf-8", "replace")[:TEXT_BYTES_MAX]
    head = PICTURE.pack(painted.width, painted.height, painted.pages, painted.several, len(painted.jpeg), len(text))
    target.write(PAINTED + head + painted.jpeg + text)
    target.flush()
