# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes in on a pipe, cut into blocks as it comes.

Rules of this file: a block is cut when it is full, or four seconds after its first byte. No more than a fixed number of blocks wait to be sent;
while they do, nothing is read, and whoever writes into the pipe waits. Whoever ends it is given a moment to write what still belongs
to it.
"""

from __future__ import annotations

import os
import queue
import select
import threading
import time
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from corncrake_crypto.block import BLOCK_DATA

if TYPE_CHECKING:
    from types import TracebackType

BLOCK_SECONDS: Final = 4.0
"""How long a block may be filled."""
ENDING_SECONDS: Final = 2.0
"""How long is read on after the person has ended it: a recorder that was told to end at the same time still writes its last bytes."""
MAX_WAITING: Final = 64
"""Blocks that wait to be sent: some 16 MiB."""
_PIECE: Final = 65_536


class Piece(NamedTuple):
    """The data of one block; the last one may have none."""

    data: bytes
    last: bool

    def __repr__(self) -> str:
        """Return a form that hides the data."""
        return f"Piece({len(self.data)} bytes, last={self.last})"


class Recording:
    """Reads a descriptor in a thread of its own, for use in a `with` statement."""

    def __init__(self, descriptor: int) -> None:
        """Prepare to read; nothing is read yet."""
        self._descriptor = descriptor
        self._pieces: queue.Queue[Piece] = queue.Queue(MAX_WAITING)
        self._until: float | None = None
        self._wake_read, self._wake_write = os.pipe()

    def __enter__(self) -> Self:
        """Begin to read."""
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End it; the thread may still hang on a pipe that nobody reads, and ends with the program."""
        self.end()

    @property
    def is_full(self) -> bool:
        """Say whether as many blocks wait as may, so that nothing is read."""
        return self._pieces.full()

    def end(self) -> None:
        """Read on for a moment only. May be called from a signal handler, and more than once."""
        if self._until is None:
            self._until = time.monotonic() + ENDING_SECONDS
            os.write(self._wake_write, b"x")

    def next(self, wait: float) -> Piece | None:
        """Return the next block, or None when there is none within so many seconds."""
        try:
            return self._pieces.get(timeout=wait)
        except queue.Empty:
            return None

    def _read(self) -> None:
        buffer, due = bytearray(), 0.0
        while True:
            piece = self._some(BLOCK_DATA - len(buffer), due if buffer else None)
            if piece.data:
                due = due if buffer else time.monotonic() + BLOCK_SECONDS
                buffer += piece.data
            if piece.last:
                break
            if len(buffer) == BLOCK_DATA or (buffer and time.monotonic() >= due):
                self._pieces.put(Piece(bytes(buffer), last=False))
                buffer.clear()
        self._pieces.put(Piece(bytes(buffer), last=True))

    def _some(self, room: int, due: float | None) -> Piece:
        """Return what there is; nothing when it is time to cut a block; `last`, when nothing more will come."""
        ends = [moment for moment in (due, self._until) if moment is not None]
        wait = max(0.0, min(ends) - time.monotonic()) if ends else None
        watched = [self._descriptor] if self._until is not None else [self._descriptor, self._wake_read]
        readable, _, _ = select.select(watched, [], [], wait)
        if self._descriptor in readable:
            try:
                data = os.read(self._descriptor, min(_PIECE, room))
            except OSError:
                data = b""
            return Piece(data, last=not data or self._is_over())
        return Piece(b"", last=self._is_over())

    def _is_over(self) -> bool:
        return self._until is not None and time.monotonic() >= self._until
