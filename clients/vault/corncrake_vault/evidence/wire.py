# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the vault and the process that looks at hostile files say to each other, over two pipes.

Rules of this file: a message is a letter, its length, and so many bytes, at most `FRAME_MAX`. The vault believes nothing of what comes from there:
lengths are counted, words are of a closed set.
"""

from __future__ import annotations

import struct
from typing import IO, Final

from corncrake_crypto.errors import Failure, FileError
from corncrake_crypto.stream import read_fully

FRAME_MAX: Final = 1 << 20
READ: Final = b"R"
"""To the vault: start (8 bytes) and how many bytes of the file are wanted (4)."""
DATA: Final = b"D"
"""To the process: the bytes. To the vault: bytes of what was made."""
DONE: Final = b"E"
"""To the vault, last: what was made, as JSON."""
REFUSED: Final = b"F"
"""To the vault, last: a failure word."""
WANTED: Final = struct.Struct(">QI")
_HEAD: Final = struct.Struct(">cI")


def send(sink: IO[bytes], letter: bytes, payload: bytes) -> None:
    """Write one message."""
    sink.write(_HEAD.pack(letter, len(payload)))
    sink.write(payload)
    sink.flush()


def receive(source: IO[bytes]) -> tuple[bytes, bytes]:
    """Return letter and bytes of the next message.

    Raises:
        FileError: `shortened`: the other side has ended; `size`: it is longer than a message may be.
    """
    head = read_fully(source, _HEAD.size)
    if len(head) != _HEAD.size:
        raise FileError(Failure.SHORTENED, "the other side has ended")
    letter, length = _HEAD.unpack(head)
    if length > FRAME_MAX:
        raise FileError(Failure.SIZE, "a message is longer than it may be")
    payload = read_fully(source, length)
    if len(payload) != length:
        raise FileError(Failure.SHORTENED, "the other side has ended")
    return letter, payload
