# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the bytes of an attached file come from, piece by piece, and how it is noticed that they are no longer the same.

Rules of this file: of a plain file no more than one block is in memory for each reader. A file is opened for each piece, so that a
thousand files need no thousand descriptors. The first reading takes the hash that goes into the report and a short print of each
block; a later piece that has another print is never sent, for the report names what was there before.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol

from corncrake_crypto.block import Plan, data_room, plan
from corncrake_crypto.errors import Failure, StoreError, UsageError
from corncrake_reporter.cleaning import clean_picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PRINT_LENGTH: Final = 16


class ChangedError(UsageError):
    """A file is no longer what it was when it was read first.

    Attributes:
        name: the file's.
    """

    def __init__(self, name: str) -> None:
        """Say which file."""
        super().__init__(Failure.ALTERED, f"{name} is no longer what it was when it was read first")
        self.name = name


class UnreadableError(StoreError):
    """A file cannot be read any more: its disk or stick is gone, say. Nothing is known about what is in it.

    Attributes:
        name: the file's.
    """

    def __init__(self, name: str) -> None:
        """Say which file."""
        super().__init__(Failure.STORE, f"{name} cannot be read any more")
        self.name = name


class Source(Protocol):
    """Bytes that can be read in pieces, from any thread."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset` on, fewer at the end.

        Raises:
            ChangedError: they are others, or of another number.
            UnreadableError: they cannot be read any more.
        """
        ...

    def release(self) -> None:
        """Forget what is held in memory: nothing more is wanted for now."""
        ...


def check_plain(path: Path) -> int:
    """Return the length of a plain file that can be read.

    Raises:
        UsageError: `misuse`, when it is not there, cannot be read, or is no plain file.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
    except OSError as error:
        raise UsageError(Failure.MISUSE, f"the file {path.name} cannot be read") from error
    return found.st_size


def is_plain(path: Path) -> bool:
    """Say whether this is a plain file; a pipe or a device would keep whoever opens it waiting."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


class PlainSource:
    """A file as it is."""

    def __init__(self, path: Path, size: int) -> None:
        """Keep where it is."""
        self._path = path
        self.size = size

    def read(self, offset: int, length: int) -> bytes:
        """Return a piece; see `Source`."""
        try:
            with self._path.open("rb", buffering=0) as file:
                if os.fstat(file.fileno()).st_size != self.size:
                    raise ChangedError(self._path.name)
                return os.pread(file.fileno(), length, offset)
        except OSError as error:
            raise UnreadableError(self._path.name) from error

    def release(self) -> None:
        """Do nothing: nothing is held."""


class PictureSource:
    """A picture as it is after cleaning; cleaned anew when its bytes are wanted, and held until `release`."""

    def __init__(self, path: Path, size: int) -> None:
        """Keep where it is, and how long the cleaned copy is."""
        self._path = path
        self._data: bytes | None = None
        self._lock = Lock()
        self.size = size

    def read(self, offset: int, length: int) -> bytes:
        """Return a piece; see `Source`."""
        with self._lock:
            if self._data is None:
                self._data = self._clean()
            return self._data[offset : offset + length]

    def _clean(self) -> bytes:
        try:
            data = clean_picture(self._path.read_bytes()).data
        except OSError as error:
            raise UnreadableError(self._path.name) from error
        except Exception as error:
            raise ChangedError(self._path.name) from error
        if len(data) != self.size:
            raise ChangedError(self._path.name)
        return data

    def release(self) -> None:
        """Forget the copy."""
        with self._lock:
            self._data = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What the first reading found.

    Attributes:
        sha256: of all bytes, hex.
        cut: how many blocks of which class.
        prints: 16 bytes for each block with data.
    """

    sha256: str
    cut: Plan
    prints: tuple[bytes, ...] = field(repr=False)


def _print_of(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_PRINT_LENGTH).digest()


def measure(name: str, source: Source, read: Callable[[int], None]) -> Measured:
    """Read all of a source once.

    Args:
        name: of the file, for errors.
        source: where its bytes come from.
        read: is told how many bytes were read, after each block.

    Raises:
        UsageError: `size`, when no report can carry it.
        ChangedError: it grew or shrank while it was read.
        UnreadableError: it went while it was read.
    """
    cut = plan(source.size)
    room, left = data_room(cut.block_class), source.size
    digest, prints = hashlib.sha256(), list[bytes]()
    for index in range(cut.data_blocks):
        data = source.read(index * room, room)
        if len(data) != min(room, left):
            raise ChangedError(name)
        left -= len(data)
        digest.update(data)
        prints.append(_print_of(data))
        read(len(data))
    source.release()
    return Measured(digest.hexdigest(), cut, tuple(prints))


def read_block_data(name: str, source: Source, measured: Measured, index: int) -> bytes:
    """Return the bytes of one block, the same as at the first reading; none for a dummy.

    Raises:
        ChangedError: they are not the same.
        UnreadableError: they cannot be read any more.
    """
    if index >= measured.cut.data_blocks:
        return b""
    room = data_room(measured.cut.block_class)
    data = source.read(index * room, room)
    if _print_of(data) != measured.prints[index]:
        raise ChangedError(name)
    return data
