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


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file whole or not at all, synced.

    Raises:
        StoreError: `store`.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(Failure.STORE, f"{path.name} cannot be written: {error.strerror}; nothing was written") from error
