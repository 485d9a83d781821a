# SPDX-License-Identifier: AGPL-3.0-or-later
"""Small files that are replaced whole, and one process at a time that replaces them.

Rules of this file: what is said to be written is on the disk, name and all; a kill at any moment leaves the old file or the new one. Files are
0600: none holds a secret but the key, and none is anybody else's business.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from corncrake_crypto.errors import Failure, StoreError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file, synced.

    Raises:
        StoreError: `store`: the disk is full or refuses; the old file stands.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise StoreError(Failure.STORE, f"{path.name} cannot be written: {error.strerror}; nothing is lost: make room and run it again") from error


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet, synced.

    Raises:
        StoreError: `store`: it is there already, or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)
    except OSError as error:
        raise StoreError(Failure.STORE, f"{path.name} cannot be written: {error.strerror}; nothing was overwritten") from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Where a file system cannot sync a folder there is nothing more to do.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def held(path: Path) -> Generator[None]:
    """Hold the lock beside a file; waits for whoever has it. The kernel lets go when the process ends, however it ends.

    Raises:
        StoreError: `store`: the folder cannot be used.
    """
    try:
        descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(Failure.STORE, f"{path.parent} cannot be used: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
