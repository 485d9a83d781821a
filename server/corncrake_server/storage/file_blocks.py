# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks as files: written once, and on the disk, name and all, before anybody is told so.

Rules of this file: a block is written under a random name as it comes, synced, and then linked to its own name, which fails when
that name exists: no block is ever written over, whatever else runs at the same time. Folder and file are synced before `put`
returns, also when the block was there already, since whoever linked it may not have synced yet. Times of files are set to the
day, and to read one does not change them.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from contextlib import aclosing, contextmanager, suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, BinaryIO, Final

from corncrake_crypto.errors import Failure, StoreError
from corncrake_server.ports.blocks import StoredBlock
from corncrake_server.refusals import Conflict, NoRoom, NotHere
from corncrake_server.storage.files import free_bytes, sync_folder
from corncrake_server.storage.gathering import Gathering
from corncrake_server.storage.threads import Threads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator
    from pathlib import Path

_PIECE: Final = 262_144
_UNREADABLE: Final = "the block cannot be read"
_THREADS: Final = 8
"""As many blocks are synced at once: a disk syncs several in little more time than one."""
_ID: Final = re.compile(r"[0-9a-f]{32}")
_FOLDER: Final = re.compile(r"[0-9a-f]{2}")
_OLD_SECONDS: Final = 2 * 86_400
_WRITTEN_SECONDS: Final = 86_400
_REMEMBERED: Final = 16_384
"""Blocks whose names are known to be on the disk: some 4 MB of memory."""


@contextmanager
def _faults(what: str) -> Generator[None]:
    """Turn an error of the disk into ours, which names no block."""
    try:
        yield
    except OSError as error:
        raise StoreError(Failure.STORE, what) from error


def _midnight(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()


def _open(path: Path) -> BinaryIO:
    """Open a block for reading, its time of access left as it is."""
    try:
        return os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOATIME), "rb", buffering=0)
    except FileNotFoundError as error:
        raise NotHere("there is no such block", Failure.BLOCK) from error


def _same(path: Path, incoming: Path) -> bool:
    """Compare two files, and see to it that the first one is on the disk."""
    with _open(path) as there, _open(incoming) as here:
        # What is there may be linked but not synced by another process: 'present' must mean 'kept'.
        os.fsync(there.fileno())
        while piece := here.read(_PIECE):
            if there.read(_PIECE) != piece:
                return False
        return not there.read(1)


class FileBlocks:
    """`ports.blocks.Blocks` in a folder, two levels of 256 folders deep."""

    def __init__(self, folder: Path, reserve: int) -> None:
        """Keep the folder and how many bytes must stay free on its disk."""
        self._folder = folder
        self._incoming = folder / "incoming"
        self._reserve = reserve
        self._threads = Threads(_THREADS, "blocks")
        self._gathering = Gathering()
        self._synced: dict[str, tuple[int, int]] = {}
        # Whatever is wrong with the folder is said of each block, and by `check`; reports need none of it.
        with suppress(OSError):
            self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _path(self, block_id: str) -> Path:
        return self._folder / block_id[:2] / block_id[2:4] / block_id

    def _check_room(self, length: int) -> None:
        if free_bytes(self._folder) - length < self._reserve:
            raise NoRoom

    def _new_path(self) -> Path:
        return self._incoming / secrets.token_hex(16)

    def _begin(self, path: Path, length: int) -> BinaryIO:
        self._check_room(length)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        return os.fdopen(descriptor, "wb", buffering=0)

    def _write(self, file: BinaryIO, pieces: list[bytes]) -> None:
        length = sum(map(len, pieces))
        # Asked before each write: however many blocks come at once, they never reach what is kept for reports.
        self._check_room(length)
        if (written := os.writev(file.fileno(), pieces)) < length:
            left = memoryview(b"".join(pieces))[written:]
            while left:
                left = left[file.write(left) :]
        # The disk begins now, while the rest comes, so that less is left to sync; and what it has written may leave the system's memory,
        # since a courier reads it much later.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def _keep(self, file: BinaryIO, incoming: Path, path: Path, day: str) -> bool:
        """Give a complete file its name, or find that another has it."""
        os.utime(file.fileno(), (_midnight(day), _midnight(day)))
        # Folders before the file: most disks' journals then write them with it, and to sync them costs nothing more.
        for folder in (path.parent.parent, path.parent):
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
        os.fsync(file.fileno())
        sync_folder(self._folder)
        sync_folder(path.parent.parent)
        new = self._link(incoming, path)
        sync_folder(path.parent)
        return new

    def _link(self, incoming: Path, path: Path) -> bool:
        while True:
            with suppress(FileExistsError):
                os.link(incoming, path)
                return True
            with suppress(NotHere):  # removed meanwhile, for its age: then there is a place again
                if not _same(path, incoming):
                    raise Conflict(Failure.BLOCK, "another block is there under this id")
                return False

    async def put(self, block_id: str, length: int, pieces: AsyncIterator[bytes], day: str) -> bool:
        """Store a block durably; see `ports.blocks.Blocks.put`."""
        incoming = self._new_path()
        try:
            with await self._threads.run(self._begin, incoming, length) as file:
                async with aclosing(self._gathering.gathered(pieces)) as gathered:
                    async for some in gathered:
                        await self._threads.run(self._write, file, some)
                return await self._threads.run(self._keep, file, incoming, self._path(block_id), day)
        except OSError as error:
            raise StoreError(Failure.STORE, "the block could not be written") from error
        finally:
            with suppress(OSError):
                incoming.unlink()

    def _size(self, path: Path) -> int:
        status = path.stat()
        # Its name may have been linked a moment ago and not be on the disk: 'present' must mean 'kept'. Anybody may ask, so that it
        # is synced once for each link, which changes the time of change; a day later it is on the disk whatever we do.
        link = status.st_ino, status.st_ctime_ns
        if status.st_ctime > time.time() - _WRITTEN_SECONDS and self._synced.get(path.name) != link:
            sync_folder(path.parent)
            if len(self._synced) >= _REMEMBERED:
                self._synced.clear()
            self._synced[path.name] = link
        return status.st_size

    async def size(self, block_id: str) -> int | None:
        """Return the length of a block in bytes, None when it is not there."""
        try:
            return await self._threads.run(self._size, self._path(block_id))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(Failure.STORE, "the blocks could not be looked at") from error

    async def read(self, block_id: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """Return a part of a block in pieces; see `ports.blocks.Blocks.read`."""
        with _faults(_UNREADABLE):
            file = await self._threads.run(_open, self._path(block_id))
        return self._pieces(file, start, stop)

    async def _pieces(self, file: BinaryIO, start: int, stop: int) -> AsyncIterator[bytes]:
        with file:
            file.seek(start)
            while start < stop:
                with _faults(_UNREADABLE):
                    piece = await self._threads.run(file.read, min(_PIECE, stop - start))
                if not piece:
                    return
                start += len(piece)
                yield piece

    def _folders(self, folder: Path) -> list[Path]:
        with _faults("the blocks could not be listed"):
            return [path for path in sorted(folder.iterdir()) if _FOLDER.fullmatch(path.name)]

    def _blocks(self, folder: Path) -> list[StoredBlock]:
        found: list[StoredBlock] = []
        with _faults("the blocks could not be listed"):
            for entry in os.scandir(folder):
                with suppress(FileNotFoundError):
                    if _ID.fullmatch(entry.name):
                        status = entry.stat()
                        found.append(StoredBlock(entry.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC).date()))
        return found

    async def stored(self) -> AsyncIterator[StoredBlock]:
        """Yield all blocks, folder by folder."""
        for outer in await self._threads.run(self._folders, self._folder):
            for inner in await self._threads.run(self._folders, outer):
                for block in await self._threads.run(self._blocks, inner):
                    yield block

    async def remove(self, block_id: str) -> None:
        """Remove a block, if it is there."""
        with _faults("a block could not be removed"):
            await self._threads.run(self._path(block_id).unlink, missing_ok=True)

    async def clear(self, *, alone: bool) -> None:
        """Remove what ended processes left half written: all of it, or what was left two days ago."""
        await self._threads.run(self._clear, 0 if alone else _OLD_SECONDS)

    def _clear(self, age: float) -> None:
        with _faults("what was left half written could not be removed"):
            for left in self._incoming.iterdir():
                with suppress(FileNotFoundError):
                    if left.stat().st_mtime <= time.time() - age:
                        left.unlink()

    async def day_now(self, today: date) -> date:
        """Return `today`: files have the day that they are given."""
        return today

    async def check(self) -> None:
        """Check that a block could be begun and given its name; see `ports.blocks.Blocks.check`."""
        await self._threads.run(self._check)

    def _check(self) -> None:
        path, name = self._new_path(), self._new_path()
        try:
            self._begin(path, 0).close()
            os.link(path, name)
        except OSError as error:
            at, why = self._incoming, error.strerror
            raise StoreError(Failure.STORE, f"{at} cannot be written to, or its disk has no hard links, which it must: {why}") from error
        finally:
            for made in (name, path):
                with suppress(OSError):
                    made.unlink()
