# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes in on a pipe, cut into blocks as it comes.

Rules of this file: a block is cut when it is full, or four seconds after its first byte. No more than a fixed number of blocks wait to be sent;
while they do, nothing is read, and whoever writes into the pipe waits. After the person has ended it, it is read on to the end of the pipe, or
until nothing comes any more: time counts only while there is room for what comes.
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
"""Silence after which nothing more is expected, once the person has ended it: a recorder that was told to end at the same time still writes
its last bytes."""
ENDING_MOST_SECONDS: Final = 10.0
"""How long is waited for data in all after that, for a recorder that was not told to end and never falls silent."""
ENDING_MOST: Final = 16 << 20
"""Bytes that are read after that, for one that writes as fast as it is read."""
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
        self._ending = False
        self._silent = self._waited = 0.0
        self._read_on = 0
        self._finished = False
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

    @property
    def is_ending(self) -> bool:
        """Say whether the person has ended it."""
        return self._ending

    @property
    def is_finished(self) -> bool:
        """Say whether whoever writes has closed the pipe, so that nothing is missing at the end."""
        return self._finished

    def end(self) -> None:
        """Read on to the end only. May be called from a signal handler, and more than once."""
        if not self._ending:
            self._ending = True
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
        ending, now = self._ending, time.monotonic()
        limits = [] if due is None else [due - now]
        if ending:
            limits += [ENDING_SECONDS - self._silent, ENDING_MOST_SECONDS - self._waited]
        watched = [self._descriptor] if ending else [self._descriptor, self._wake_read]
        readable, _, _ = select.select(watched, [], [], max(0.0, min(limits)) if limits else None)
        if ending:
            # Only this is waiting for the recorder: while the line has no room, it is the recorder that waits.
            passed = time.monotonic() - now
            self._silent, self._waited = self._silent + passed, self._waited + passed
        if self._descriptor not in readable:
            return Piece(b"", last=self._is_over())
        data = self._take(min(_PIECE, room))
        if ending:
            self._silent, self._read_on = 0.0, self._read_on + len(data)
        return Piece(data, last=not data or self._is_over())

    def _take(self, most: int) -> bytes:
        try:
            data = os.read(self._descriptor, most)
        except OSError:
            return b""
        self._finished = not data
        return data

    def _is_over(self) -> bool:
        return self._silent >= ENDING_SECONDS or self._waited >= ENDING_MOST_SECONDS or self._read_on >= ENDING_MOST
