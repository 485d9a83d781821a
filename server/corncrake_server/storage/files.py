# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks as files: written once, and on the disk, name and all, before anybody is told so.

Rules of this file: a block is written under a random name, synced, and then linked to its own name, which fails when that name
exists: no block is ever written over, whatever else runs at the same time. Folder and file are synced before `put` returns,
also when the block was there already, since whoever linked it may not have synced yet. Times of files are set to the day.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from corncrake_crypto.errors import Failure, StoreError
from corncrake_server.refusals import Conflict, NoRoom, NotHere

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

_PIECE: Final = 65_536


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
    """`ports.Disk` of the file system that a folder is on."""

    def __init__(self, folder: Path, reserve: int) -> None:
        """Keep the folder and how many bytes must stay free."""
        self._folder = folder
        self._reserve = reserve

    def check_room(self, length: int) -> None:
        """Check that `length` more bytes leave the reserve; see `ports.Disk`."""
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


def _same(path: Path, body: bytes) -> bool:
    with path.open("rb") as file:
        # What is there may be linked but not synced by another process: 'present' must mean 'kept'.
        os.fsync(file.fileno())
        return file.read() == body


class FileBlocks:
    """`ports.Blocks` in a folder, two levels of 256 folders deep."""

    def __init__(self, folder: Path, reserve: int) -> None:
        """Keep the folder and how many bytes must stay free on its disk."""
        self._folder = folder
        self._incoming = folder / "incoming"
        self._reserve = reserve
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)

    def clear_incoming(self) -> None:
        """Remove what a crash left half written. Only when no other process runs."""
        for left in self._incoming.iterdir():
            left.unlink()

    def _path(self, block_id: str) -> Path:
        return self._folder / block_id[:2] / block_id[2:4] / block_id

    def _put(self, block_id: str, body: bytes, day: str) -> bool:
        path = self._path(block_id)
        if free_bytes(self._folder) - len(body) < self._reserve:
            raise NoRoom
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(folder.parent)
        temporary = self._incoming / secrets.token_hex(16)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
                file.flush()
                midnight = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
                os.utime(file.fileno(), (midnight, midnight))
                os.fsync(file.fileno())
            try:
                os.link(temporary, path)
                new = True
            except FileExistsError:
                new = False
                if not _same(path, body):
                    raise Conflict(Failure.BLOCK, "another block is there under this id") from None
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
        return new

    async def put(self, block_id: str, body: bytes, day: str) -> bool:
        """Store a block durably; see `ports.Blocks.put`."""
        try:
            return await asyncio.to_thread(self._put, block_id, body, day)
        except OSError as error:
            raise StoreError(Failure.STORE, "the block could not be written") from error

    async def has(self, block_id: str) -> bool:
        """Say whether a block is there."""
        return await asyncio.to_thread(self._path(block_id).is_file)

    async def size(self, block_id: str) -> int | None:
        """Return the length of a block in bytes, None when it is not there."""
        path = self._path(block_id)
        return await asyncio.to_thread(lambda: path.stat().st_size if path.is_file() else None)

    async def read(self, block_id: str) -> AsyncIterator[bytes]:
        """Yield a block in pieces of at most 64 KiB."""
        try:
            file = await asyncio.to_thread(self._path(block_id).open, "rb")
        except FileNotFoundError as error:
            raise NotHere("there is no such block", Failure.BLOCK) from error
        with file:
            while piece := await asyncio.to_thread(file.read, _PIECE):
                yield piece


class FileSpool:
    """`ports.Spool`: a folder for what is too large for memory and not yet accepted."""

    def __init__(self, folder: Path, reserve: int) -> None:
        """Keep the folder and how many bytes must stay free on its disk."""
        self._folder = folder
        self._reserve = reserve
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def clear(self) -> None:
        """Remove what a crash left. Only when no other process runs."""
        for left in self._folder.iterdir():
            left.unlink()

    def open(self, length: int) -> BinaryIO:
        """Return a new file without a name, for `length` bytes; it is gone when it is closed, however that comes about.

        Raises:
            NoRoom: the disk is too full.
        """
        if free_bytes(self._folder) - length < self._reserve:
            raise NoRoom
        return cast("BinaryIO", tempfile.TemporaryFile(dir=self._folder))
