# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files and the disk that they are on: room, small files that are replaced whole, and a spool for what is not yet accepted.

Rules of this file: what is said to be written is on the disk, name and all. What is not accepted has no name.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from corncrake_crypto.errors import Failure, StoreError
from corncrake_server.refusals import NoRoom
from corncrake_server.storage.threads import Threads

if TYPE_CHECKING:
    from pathlib import Path

_THREADS: Final = 4


def sync_folder(folder: Path) -> None:
    """Make what was created, renamed or removed in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def free_bytes(folder: Path) -> int:
    """Return the bytes that may still be written to the file system of `folder`.

    Raises:
        StoreError: `store`: it cannot be asked.
    """
    try:
        status = os.statvfs(folder)
    except OSError as error:
        raise StoreError(Failure.STORE, f"the room on the disk of {folder} cannot be read: {error.strerror}") from error
    return status.f_bavail * status.f_frsize


class FolderDisk:
    """`ports.room.Disk` of the file system that a folder is on."""

    def __init__(self, folder: Path, reserve: int) -> None:
        """Keep the folder and how many bytes must stay free."""
        self._folder = folder
        self._reserve = reserve

    def check_room(self, length: int) -> None:
        """Check that `length` more bytes leave the reserve; see `ports.room.Disk`."""
        if free_bytes(self._folder) - length < self._reserve:
            raise NoRoom


def write_private(path: Path, data: bytes) -> None:
    """Replace the file at `path` by `data`, mode 0600, all or nothing, durable when it returns.

    Raises:
        StoreError: `store`.
    """
    try:
        _write_private(path, data)
    except OSError as error:
        raise StoreError(Failure.STORE, f"{path.name} could not be written into its folder: {error.strerror}") from error


def _write_private(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


class FileSpool:
    """`ports.room.Spool`: a folder for what is too large for memory and not yet accepted."""

    def __init__(self, folder: Path, reserve: int) -> None:
        """Keep the folder and how many bytes must stay free on its disk."""
        self._folder = folder
        self._reserve = reserve
        self._threads = Threads(_THREADS, "spool")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def clear(self) -> None:
        """Remove what a crash left. Only when no other process runs."""
        for left in self._folder.iterdir():
            left.unlink()

    def open(self, length: int) -> BinaryIO:
        """Return a new file without a name, for `length` bytes; it is gone when it is closed. See `ports.room.Spool.open`."""
        self._check_room(length)
        try:
            # Without a buffer: to close it must not write, and fail, again.
            return cast("BinaryIO", tempfile.TemporaryFile(dir=self._folder, buffering=0))
        except OSError as error:
            raise StoreError(Failure.STORE, f"nothing can be written to {self._folder}: {error.strerror}") from error

    async def write(self, file: BinaryIO, piece: bytes) -> None:
        """Write a piece to a file that `open` gave; see `ports.room.Spool.write`."""
        await self._threads.run(self._write, file, piece)

    def _write(self, file: BinaryIO, piece: bytes) -> None:
        self._check_room(len(piece))
        left = memoryview(piece)
        try:
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            raise StoreError(Failure.STORE, f"nothing more can be written to {self._folder}: {error.strerror}") from error

    def _check_room(self, length: int) -> None:
        if free_bytes(self._folder) - length < self._reserve:
            raise NoRoom
