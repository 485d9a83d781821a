# SPDX-License-Identifier: AGPL-3.0-or-later
"""The confined process: it is asked for one picture of one file, and answers with a JPEG that it has painted itself.

Rules of this file: it runs as `python -I -m corncrake_vault.workbench.painter`, by itself, without files, network, or the vault's memory. It holds
no file: it asks for the bytes that it needs through its pipes. First come the limits, then the readers are loaded, then every way out is closed,
and only then is a byte of the file read. Whatever goes wrong ends it; who started it says so to the person.

Source: `pipes.py` for what goes through the pipes.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from corncrake_vault.evidence import confinement
from corncrake_vault.workbench.pipes import ASK_MAX, PICTURE_MAX, Asked, read_job, write_ask, write_painted

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class AskedFile(io.RawIOBase):
    """The file, read by asking for ranges of it."""

    def __init__(self, size: int) -> None:
        """Begin at its start; `size` in bytes."""
        self._size, self._at = size, 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from anywhere."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place and return it."""
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer as far as one answer does, and return how far."""
        room = memoryview(buffer).cast("B")
        wanted = min(len(room), ASK_MAX, self._size - self._at)
        if wanted <= 0:
            return 0
        data = write_ask(Asked(self._at, wanted), sys.stdin.buffer, sys.stdout.buffer)
        room[: len(data)] = data
        self._at += len(data)
        return len(data)


def main() -> int:
    """Paint one picture; return 0 when it was handed over."""
    confinement.limit()
    from corncrake_vault.workbench import painting  # noqa: PLC0415 - the limits hold for the readers from the first

    painting.try_out()
    confinement.seal_off()
    job = read_job(sys.stdin.buffer)
    painted = painting.paint(job, io.BufferedReader(AskedFile(job.size), ASK_MAX))
    if len(painted.jpeg) > PICTURE_MAX:
        return 1
    write_painted(painted, sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
