# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process that looks at one hostile file: `python -I -m corncrake_vault.evidence.worker`, started by `confined`.

Rules of this file: first come the limits, then the libraries are loaded and each is used once, then every way out is closed (`confinement`), and
only then is a byte of the file asked for. It knows no key and no vault: it asks for bytes of the file by its first pipe and gives what it made by
the second. Whatever goes wrong is one failure word, and its exit.
"""

from __future__ import annotations

import io
import json
import os
import sys
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, cast

from corncrake_crypto.errors import Failure, FileError
from corncrake_vault.evidence import confinement, wire

if TYPE_CHECKING:
    from collections.abc import Callable

    Maker = Callable[[wire.Job, BinaryIO, BinaryIO], dict[str, Any]]

_READ_AHEAD: Final = 1 << 18


class Asked(io.RawIOBase):
    """The file, its bytes asked for over the pipe."""

    def __init__(self, size: int, source: IO[bytes], sink: IO[bytes]) -> None:
        """Stand at the beginning of a file of `size` bytes."""
        super().__init__()
        self._size = size
        self._at = 0
        self._source, self._sink = source, sink

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Return where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go elsewhere."""
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override] - the base class takes any buffer
        """Fill the buffer as far as one message does."""
        count = max(0, min(len(buffer), self._size - self._at, wire.FRAME_MAX))
        if count:
            wire.send(self._sink, wire.READ, wire.WANTED.pack(self._at, count))
            letter, data = wire.receive(self._source)
            if letter != wire.DATA or len(data) != count:
                raise FileError(Failure.SHORTENED, "the vault gave other bytes than were asked for")
            buffer[:count] = data
            self._at += count
        return count


class Made(io.RawIOBase):
    """Where what is made goes: counted by the vault."""

    def __init__(self, sink: IO[bytes]) -> None:
        """Write to the vault."""
        super().__init__()
        self._sink = sink

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override] - the base class takes any buffer
        """Send all of it."""
        view = memoryview(data)
        for start in range(0, len(view), wire.FRAME_MAX):
            wire.send(self._sink, wire.DATA, bytes(view[start : start + wire.FRAME_MAX]))
        return len(view)


def shut_off(job: wire.Job) -> Maker:
    """Load what the job needs, use it once, and close every way out; return what makes its derivative.

    Raises:
        OSError: this process cannot be shut off.
    """
    confinement.limit(job.memory, job.seconds)
    if job.reader == "pdf":
        from corncrake_vault.evidence import making_pages as making  # noqa: PLC0415 - only what is needed is loaded, under the limits
    elif job.reader == "film":
        from corncrake_vault.evidence import making_films as making  # noqa: PLC0415 - the same
    else:
        from corncrake_vault.evidence import making_pictures as making  # noqa: PLC0415 - the same
    making.try_out(job)
    confinement.seal_off()
    return making.make


def main() -> int:
    """Make one derivative as the first message says."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        # What a library prints must not be taken for a message.
        os.dup2(nowhere, descriptor)
    job = wire.receive_job(source)
    try:
        make = shut_off(job)
    except Exception:  # noqa: BLE001 - a library of this machine may raise anything; nothing of the file has been seen
        wire.send(sink, wire.REFUSED, Failure.MISUSE.value.encode())
        return 1
    file = cast("BinaryIO", io.BufferedReader(Asked(job.size, source, sink), _READ_AHEAD))
    out = cast("BinaryIO", io.BufferedWriter(cast("io.RawIOBase", Made(sink)), _READ_AHEAD))
    try:
        made = make(job, file, out)
        out.flush()
    except MemoryError:
        wire.send(sink, wire.REFUSED, Failure.SIZE.value.encode())
    except FileError as error:
        wire.send(sink, wire.REFUSED, error.failure.value.encode())
    except Exception:  # noqa: BLE001 - parsers of hostile files raise anything; none of it is said, as it may quote the file
        wire.send(sink, wire.REFUSED, Failure.KIND.value.encode())
    else:
        wire.send(sink, wire.DONE, json.dumps(made).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
