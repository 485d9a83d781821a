# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the vault and the process that looks at hostile files say to each other, over two pipes.

Rules of this file: a message is a letter, its length, and so many bytes, at most `FRAME_MAX`. The vault believes nothing of what comes from there:
lengths are counted, words are of a closed set. The first message is the vault's: a job.
"""

from __future__ import annotations

import json
import struct
from typing import IO, Final, NamedTuple

from corncrake_crypto.errors import Failure, FileError

FRAME_MAX: Final = 1 << 20
READ: Final = b"R"
"""To the vault: start (8 bytes) and how many bytes of the file are wanted (4)."""
DATA: Final = b"D"
"""To the process: the job, then bytes of the file. To the vault: bytes of what was made."""
DONE: Final = b"E"
"""To the vault, last: what was made, as JSON."""
REFUSED: Final = b"F"
"""To the vault, last: a failure word. `misuse`, before any byte of the file was asked for: the process could not be shut off."""
WANTED: Final = struct.Struct(">QI")
HEAD: Final = struct.Struct(">cI")


class Job(NamedTuple):
    """What is to be made, with what.

    Attributes:
        kind: `cleaned`, `preview` or `poster`.
        reader: the only one that may look at the file: a picture's format, `pdf`, or `film`.
        size: bytes of the file.
        page: of a PDF, from 0.
        edge: pixels of the longer side of a preview, at most.
        memory: bytes of address space.
        seconds: of processor time.
    """

    kind: str
    reader: str
    size: int
    page: int
    edge: int
    memory: int
    seconds: int


def frame(letter: bytes, payload: bytes) -> bytes:
    """Return one message as bytes."""
    return HEAD.pack(letter, len(payload)) + payload


def read_head(head: bytes) -> tuple[bytes, int]:
    """Return letter and length of the message that begins so.

    Raises:
        FileError: `shortened`: the other side has ended; `size`: it is longer than a message may be.
    """
    if len(head) != HEAD.size:
        raise FileError(Failure.SHORTENED, "the other side has ended")
    letter, length = HEAD.unpack(head)
    if length > FRAME_MAX:
        raise FileError(Failure.SIZE, "a message is longer than it may be")
    return letter, length


def send(sink: IO[bytes], letter: bytes, payload: bytes) -> None:
    """Write one message."""
    sink.write(frame(letter, payload))
    sink.flush()


def receive(source: IO[bytes]) -> tuple[bytes, bytes]:
    """Return letter and bytes of the next message.

    Args:
        source: buffered, so that it gives all bytes that it is asked for, or those before its end.

    Raises:
        FileError: as `read_head`.
    """
    letter, length = read_head(source.read(HEAD.size))
    payload = source.read(length)
    if len(payload) != length:
        raise FileError(Failure.SHORTENED, "the other side has ended")
    return letter, payload


def job_frame(job: Job) -> bytes:
    """Return the first message."""
    return frame(DATA, json.dumps(job).encode())


def receive_job(source: IO[bytes]) -> Job:
    """Read the first message."""
    return Job(*json.loads(receive(source)[1]))
