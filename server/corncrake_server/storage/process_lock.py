# SPDX-License-Identifier: AGPL-3.0-or-later
"""One process for one SQLite database: a lock file, held as long as the process lives and let go however it ends."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from corncrake_server.refusals import FolderTaken

if TYPE_CHECKING:
    from pathlib import Path


class ProcessLock:
    """The lock of a data folder."""

    def __init__(self, data: Path) -> None:
        """Take the lock.

        Raises:
            FolderTaken: another process has it.
        """
        self._descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise FolderTaken from error

    def close(self) -> None:
        """Let it go."""
        os.close(self._descriptor)
