# SPDX-License-Identifier: Apache-2.0
"""ASCII armor of age files, for the `age` command only: armor never crosses the wire.

Rules of this file: lines of 64 columns of canonical base64, the last one shorter or with padding, between the two marks; LF or
CRLF ends a line; blank lines may stand before and after, up to `MAX_BLANK` bytes. Memory is flat both ways.

Source: crypto/spec/armor.md; C2SP age.md; RFC 7468 §3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import b64std, unb64std
from corncrake_crypto.errors import Failure, FileError

if TYPE_CHECKING:
    from corncrake_crypto.age_format import BinaryReader
    from corncrake_crypto.stream import BinaryWriter

BEGIN: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
END: Final = b"-----END AGE ENCRYPTED FILE-----"
MAX_BLANK: Final = 1_024

_COLUMNS: Final = 64
_LINE_BYTES: Final = 48
_LINE_MAX: Final = 1_024
_READ: Final = 65_536


def _refused(detail: str) -> FileError:
    return FileError(Failure.ARMOR, detail)


class ArmorReader:
    """Reads the binary file that an armored one holds.

    Raises from `read`:
        FileError: `armor`, when the armor is not in its one form.
    """

    def __init__(self, source: BinaryReader) -> None:
        """Read from `source`, from the first byte of the armored file on."""
        self._source = source
        self._ahead = b""
        self._at = 0
        self._out = bytearray()
        self._begun = False
        self._ended = False

    def _line(self) -> bytes | None:
        """Return the next line without its end, or None at the end of the source."""
        while (end := self._ahead.find(b"\n", self._at)) < 0 and len(self._ahead) - self._at <= _LINE_MAX:
            piece = self._source.read(_READ)
            if not piece:
                break
            self._ahead, self._at = self._ahead[self._at :] + piece, 0
        if end < 0:
            line, self._at = self._ahead[self._at :], len(self._ahead)
            if len(line) > _LINE_MAX:
                raise _refused("a line of the armor is too long")
            return line or None
        line, self._at = self._ahead[self._at : end], end + 1
        return line.removesuffix(b"\r")

    def _line_after_blanks(self) -> bytes | None:
        blank = 0
        while (line := self._line()) is not None:
            if line.strip():
                return line
            blank += len(line) + 1
            if blank > MAX_BLANK:
                raise _refused("too much space around the armor")
        return None

    def _finish(self) -> None:
        if self._line_after_blanks() is not None:
            raise _refused("something follows the armor")
        self._ended = True

    def _decode_line(self) -> None:
        line = self._line()
        if line == END:
            self._finish()
            return
        if not line or len(line) > _COLUMNS:
            raise _refused("a line of the armor is missing, empty or too long")
        try:
            data = unb64std(line.decode("ascii"))
        except (FileError, UnicodeDecodeError) as error:
            raise _refused("a line of the armor is not canonical base64") from error
        self._out += data
        if len(data) != _LINE_BYTES:
            if self._line() != END:
                raise _refused("a short line stands before the end of the armor")
            self._finish()

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes of the binary file, and none at its end."""
        if not self._begun:
            if self._line_after_blanks() != BEGIN:
                raise _refused("the armor does not begin with its mark")
            self._begun = True
        while len(self._out) < size and not self._ended:
            self._decode_line()
        piece = bytes(self._out[:size])
        del self._out[:size]
        return piece


class ArmorWriter:
    """Writes a binary file as an armored one; `close` writes the end."""

    def __init__(self, sink: BinaryWriter) -> None:
        """Write into `sink`, which the caller opens and closes."""
        self._sink = sink
        self._pending = bytearray()
        sink.write(BEGIN + b"\n")

    def write(self, data: bytes | bytearray | memoryview, /) -> None:
        """Take bytes of the binary file."""
        self._pending += data
        whole = len(self._pending) // _LINE_BYTES * _LINE_BYTES
        self._write_lines(bytes(self._pending[:whole]))
        del self._pending[:whole]

    def _write_lines(self, data: bytes) -> None:
        lines = (b64std(data[i : i + _LINE_BYTES]) for i in range(0, len(data), _LINE_BYTES))
        self._sink.write("".join(f"{line}\n" for line in lines).encode("ascii"))

    def close(self) -> None:
        """Write what is left, and the closing mark; the sink stays open."""
        self._write_lines(bytes(self._pending))
        self._sink.write(END + b"\n")
