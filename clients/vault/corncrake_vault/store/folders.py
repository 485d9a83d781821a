# SPDX-License-Identifier: AGPL-3.0-or-later
"""Small files that are there whole or not at all, and names that outlive a power cut.

Rules of this file: a file is written beside its place, synced, renamed, and then its folder is synced: POSIX makes a new name durable by
nothing less. Where a file system cannot sync a folder it says EINVAL, and there is nothing more to do.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from corncrake_crypto.errors import Failure, StoreError

if TYPE_CHECKING:
    from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable.

    Raises:
        OSError: the disk refuses.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def check_place(path: Path) -> None:
    """Check that a small file can be written at `path`, before anything is done that cannot be undone.

    Raises:
        StoreError: `store`.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        temporary = path.with_name(f".{path.name}.part")
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        temporary.unlink()
    except OSError as error:
        raise StoreError(Failure.STORE, f"{path} cannot be written: {error.strerror}; nothing was changed") from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file (0600) whole or not at all, synced.

    Raises:
        StoreError: `store`.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(Failure.STORE, f"{path.name} cannot be written: {error.strerror}; nothing was written") from error
