# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sealed blocks as files: one under its id, in a folder beside the database.

Rules of this file: what lies here is ciphertext, for a key that stands only in the encrypted database. A file is written beside its place,
synced, renamed, and its folder synced before the transaction that says that it is there is committed; when that fails, it is removed. A file that no
row speaks of does no harm and is swept. A file's time of change says nothing.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from corncrake_crypto.errors import Failure, StoreError
from corncrake_crypto.padding import LARGE_BLOCK_CLASS, wire_size
from corncrake_vault.store.folders import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BLOCKS_FOLDER: Final = "blocks"
BLOCK_MAX: Final = wire_size(1, LARGE_BLOCK_CLASS)
"""Bytes of the largest sealed block."""
_ID: Final = re.compile(r"[0-9a-f]{32}")


class BlockFiles:
    """The folder with the sealed blocks: `blocks/ab/abcd…`."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is made (0700) with the first block."""
        self._folder = folder
        self._written: dict[Path, None] = {}

    def _path(self, block: str) -> Path:
        if _ID.fullmatch(block) is None:
            raise StoreError(Failure.STORE, "this is no block's id")
        return self._folder / block[:2] / block

    def put(self, block: str, sealed: bytes) -> None:
        """Write a block; only inside a transaction of the store, which makes its name durable or removes it.

        Raises:
            StoreError: `store`: the disk is full or refuses.
        """
        path = self._path(block)
        temporary = path.with_name(f"{block}.part")
        try:
            for folder in (self._folder, path.parent):
                if not folder.is_dir():
                    folder.mkdir(mode=0o700)
                    sync_folder(folder.parent)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(sealed)
                file.flush()
                os.utime(file.fileno(), (0, 0))
                os.fsync(file.fileno())
            self._written[path] = None
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StoreError(Failure.STORE, f"a block cannot be kept ({error.strerror}); nothing was changed: make room and import again") from error

    def read(self, block: str) -> bytes:
        """Return a sealed block; nothing when its file is gone, which then is no block, and is asked for again.

        Raises:
            StoreError: `store`: the disk refuses.
        """
        try:
            with self._path(block).open("rb") as file:
                return file.read(BLOCK_MAX + 1)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise StoreError(Failure.STORE, f"a block cannot be read: {error.strerror}") from error

    def sync(self) -> None:
        """Make the names of all that was written durable: before the commit.

        Raises:
            StoreError: `store`.
        """
        try:
            for folder in {path.parent for path in self._written}:
                sync_folder(folder)
        except OSError as error:
            raise StoreError(Failure.STORE, f"blocks cannot be kept: {error.strerror}; nothing was changed") from error

    def keep(self) -> None:
        """Leave what was written where it is: after the commit."""
        self._written.clear()

    def take_back(self) -> None:
        """Remove what was written since the last commit."""
        for path in self._written:
            path.unlink(missing_ok=True)
        self._written.clear()

    def sweep(self, is_known: Callable[[str], bool]) -> int:
        """Remove every file that is no known block, and return how many these were; only inside a transaction, before the first `put`."""
        swept = 0
        for folder in sorted(self._folder.iterdir()) if self._folder.is_dir() else ():
            for path in folder.iterdir():
                if _ID.fullmatch(path.name) is None or not is_known(path.name):
                    path.unlink()
                    swept += 1
        return swept
