# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process that looks at one hostile file: `python -I -m corncrake_vault.evidence.worker`, started by `confined`.

Rules of this file: libraries are loaded, then the walls go up, then the first byte is parsed. It knows no key and no vault: it asks for bytes of the
file by its first pipe and gives what it made by the second. Whatever goes wrong is one failure word, and its exit.
"""

from __future__ import annotations

import io
import json
import os
import sys
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, cast

from corncrake_crypto.errors import Failure, FileError
from corncrake_vault.evidence import wire
from corncrake_vault.evidence.walls import confine

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD: Final = 64
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


def _maker(head: bytes) -> Callable[[BinaryIO, BinaryIO, str, int], dict[str, Any]]:
    """Return what makes derivatives of a file that begins so; its libraries are loaded here, before the walls."""
    if head.startswith(b"%PDF-"):
        from corncrake_vault.evidence.making_pages import make  # noqa: PLC0415 - only what is needed is loaded
    elif _is_picture(head):
        from corncrake_vault.evidence.making_pictures import make  # noqa: PLC0415 - the same
    else:
        from corncrake_vault.evidence.making_films import make  # noqa: PLC0415 - the same
    return make


def _is_picture(head: bytes) -> bool:
    heif = head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"}
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return heif or webp or head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*"))


def main() -> int:
    """Make one derivative as the first message says."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        # What a library prints must not be taken for a message.
        os.dup2(nowhere, descriptor)
    said = json.loads(wire.receive(source)[1])
    file = cast("BinaryIO", io.BufferedReader(Asked(said["size"], source, sink), _READ_AHEAD))
    out = cast("BinaryIO", io.BufferedWriter(cast("io.RawIOBase", Made(sink)), _READ_AHEAD))
    try:
        head = file.read(HEAD)
        file.seek(0)
        make = _maker(head)
        closed = confine(said["memory"], said["seconds"])
        made = make(file, out, said["kind"], said["page"])
        out.flush()
    except MemoryError:
        wire.send(sink, wire.REFUSED, Failure.SIZE.value.encode())
    except FileError as error:
        wire.send(sink, wire.REFUSED, error.failure.value.encode())
    except Exception:  # noqa: BLE001 - parsers of hostile files raise anything; none of it is said, as it may quote the file
        wire.send(sink, wire.REFUSED, Failure.KIND.value.encode())
    else:
        wire.send(sink, wire.DONE, json.dumps(made | {"closed": closed}).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
