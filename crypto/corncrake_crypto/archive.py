# SPDX-License-Identifier: Apache-2.0
"""Strict ustar: the one archive form that every sealed object and every parcel has inside.

Rules of this file: a header is made byte by byte in one form; a reader makes it again and compares, so that whatever any other
tar reader would see in an archive is what we see. Members are files with short plain names. After the last one come zeros only.

Source: crypto/spec/archive.md; POSIX.1-2017 pax, "ustar Interchange Format".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.errors import Failure, FileError, UsageError
from corncrake_crypto.stream import read_fully

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from corncrake_crypto.age_format import BinaryReader
    from corncrake_crypto.stream import BinaryWriter

BLOCK: Final = 512
END_LENGTH: Final = 1_024
MAX_MEMBERS: Final = 64
"""Members of an archive in memory; a streamed one may have `MAX_STREAMED_MEMBERS`."""
MAX_STREAMED_MEMBERS: Final = 100_000
MAX_MEMBER_SIZE: Final = 8**11 - 1

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,98}")
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
_ZERO_BLOCK: Final = bytes(BLOCK)
_SIZE_FIELD: Final = slice(124, 136)
_COPY: Final = 65_536


class Member(NamedTuple):
    """One file of an archive."""

    name: str
    data: bytes


def _refused(detail: str) -> FileError:
    return FileError(Failure.ARCHIVE, detail)


def is_name(name: str) -> bool:
    """Say whether `name` may name a member: `[a-z0-9][a-z0-9._-]{0,98}`, no final dot, no device name of Windows."""
    return _NAME.fullmatch(name) is not None and not name.endswith(".") and _DEVICE.fullmatch(name) is None


def member_header(name: str, size: int) -> bytes:
    """Return the 512 bytes of the header of a member of `size` bytes.

    Raises:
        UsageError: `archive`: a name or size that strict archives do not have.

    Source: crypto/spec/archive.md §2.
    """
    if not is_name(name):
        raise UsageError(Failure.ARCHIVE, "a member has a name that is not allowed")
    if not 0 <= size <= MAX_MEMBER_SIZE:
        raise UsageError(Failure.ARCHIVE, "a member has a size that is not allowed")
    fields = (
        name.encode("ascii").ljust(100, b"\0"),
        b"0000600\0",  # mode
        b"0000000\0",  # owner
        b"0000000\0",  # group
        b"%011o\0" % size,
        b"00000000000\0",  # time
        b" " * 8,  # the checksum, counted as blanks
        b"0",  # a file
        bytes(100),  # link
        b"ustar\x0000",
        bytes(32),  # owner's name
        bytes(32),  # group's name
        b"0000000\0",  # device
        b"0000000\0",
        bytes(155 + 12),  # prefix, and what is left of the block
    )
    header = b"".join(fields)
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]


def _parse_header(block: bytes) -> tuple[str, int]:
    """Return name and size, after making the header again from them and comparing."""
    name_bytes, _, _ = block[:100].partition(b"\0")
    octal = block[_SIZE_FIELD][:-1]
    if not octal.isdigit() or b"8" in octal or b"9" in octal:
        raise _refused("a member's size is not octal")
    try:
        name = name_bytes.decode("ascii")
        again = member_header(name, int(octal, 8))
    except (UnicodeDecodeError, UsageError) as error:
        raise _refused("a member has a name that is not allowed") from error
    if again != block:
        raise _refused("a member's header is not in the one form")
    return name, int(octal, 8)


def _filled(size: int) -> int:
    return -size % BLOCK


def content_length(sizes: Iterable[int]) -> int:
    """Return the bytes that members of these sizes need, closing zeros included: what `padding.class_for` takes."""
    return sum(BLOCK + size + _filled(size) for size in sizes) + END_LENGTH


def write_archive(members: Sequence[tuple[str, bytes]], size: int) -> bytes:
    """Return the archive of `members`, in their order, zero-filled to `size` bytes.

    Args:
        members: names and data; 1 to `MAX_MEMBERS`, names unique.
        size: the class, in bytes, a multiple of 512.

    Raises:
        UsageError: `archive` for a name that is not allowed or there twice, or no or too many members; `size` when they do
            not fit.

    Source: crypto/spec/archive.md §3.
    """
    if not 1 <= len(members) <= MAX_MEMBERS or len({name for name, _ in members}) != len(members):
        raise UsageError(Failure.ARCHIVE, f"an archive has 1 to {MAX_MEMBERS} members with unique names")
    if size % BLOCK or content_length(len(data) for _, data in members) > size:
        raise UsageError(Failure.SIZE, f"the members do not fit into {size} bytes")
    out = bytearray()
    for name, data in members:
        out += member_header(name, len(data))
        out += data
        out += bytes(_filled(len(data)))
    return bytes(out) + bytes(size - len(out))


def read_archive(raw: bytes) -> list[Member]:
    """Return the members of a strict archive, in their order.

    Which members an object must have is the business of its kind: see `check_members`.

    Args:
        raw: the whole plaintext, a multiple of 512 bytes.

    Raises:
        FileError: `archive`: anything but the one form, a name twice, no member or more than `MAX_MEMBERS`, fewer than 1,024
            closing zeros, or anything but zeros after the last member.

    Source: crypto/spec/archive.md §3.
    """
    members: dict[str, bytes] = {}
    at = 0
    while (block := raw[at : at + BLOCK]) != _ZERO_BLOCK:
        if len(block) != BLOCK:
            raise _refused("the archive is cut")
        name, size = _parse_header(block)
        start, at = at + BLOCK, at + BLOCK + size + _filled(size)
        if at > len(raw) or raw.count(0, start + size, at) != at - start - size:
            raise _refused("a member is cut, or not filled with zeros")
        if name in members or len(members) == MAX_MEMBERS:
            raise _refused(f"a name is there twice, or there are more than {MAX_MEMBERS} members")
        members[name] = raw[start : start + size]
    fill = len(raw) - at
    if not members or fill < END_LENGTH or fill % BLOCK or raw.count(0, at) != fill:
        raise _refused("the archive does not end in zeros only, at least 1,024")
    return [Member(name, data) for name, data in members.items()]


def check_members(members: Sequence[tuple[str, bytes]], names: Sequence[str]) -> None:
    """Check that an archive has exactly these members in this order.

    Raises:
        FileError: `archive`.

    Source: crypto/spec/archive.md §4.
    """
    if [name for name, _ in members] != list(names):
        raise _refused("the archive has other members than its kind lists, or another order")


class StreamingArchiveWriter:
    """Writes an archive of any length into a sink, memory flat; ends with exactly 1,024 zeros.

    Source: crypto/spec/archive.md §5.
    """

    def __init__(self, sink: BinaryWriter) -> None:
        """Write into `sink`, which the caller opens, syncs and closes."""
        self._sink = sink
        self._names: set[str] = set()

    def add(self, name: str, size: int, chunks: Iterable[bytes]) -> None:
        """Add a member of exactly `size` bytes, given in chunks.

        Raises:
            UsageError: `archive` for a name not allowed or there already, or too many members; `size` when the chunks have
                another sum. The archive is then of no use.
        """
        header = member_header(name, size)
        if name in self._names or len(self._names) == MAX_STREAMED_MEMBERS:
            raise UsageError(Failure.ARCHIVE, f"a name is there twice, or there are {MAX_STREAMED_MEMBERS} members already")
        self._names.add(name)
        self._sink.write(header)
        written = 0
        for chunk in chunks:
            written += len(chunk)
            if written > size:
                break
            self._sink.write(chunk)
        if written != size:
            raise UsageError(Failure.SIZE, "a member has not the size that was said")
        self._sink.write(bytes(_filled(size)))

    def close(self) -> None:
        """Write the end; the sink stays open."""
        if not self._names:
            raise UsageError(Failure.ARCHIVE, "an archive has at least one member")
        self._sink.write(bytes(END_LENGTH))


class MemberReader:
    """Reads one member of a streamed archive, and not beyond it."""

    def __init__(self, source: BinaryReader, size: int) -> None:
        """Stand at the first byte of a member of `size` bytes."""
        self._source = source
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes of the member, all that is left when it is negative, and none at its end.

        Raises:
            FileError: `archive`, when the source ends before.
        """
        wanted = self._left if size < 0 else min(size, self._left)
        piece = bytes(read_fully(self._source, wanted)) if wanted else b""
        if len(piece) != wanted:
            raise _refused("the archive is cut")
        self._left -= wanted
        return piece

    def drain(self) -> None:
        """Pass over what is left."""
        while self.read(_COPY):
            pass


def iter_archive(source: BinaryReader) -> Iterator[tuple[str, int, MemberReader]]:
    """Yield name, size and a reader of each member of a streamed archive, memory flat.

    What a reader has not read is passed over when the next member is asked for. The archive was well formed only when the
    iterator has ended without an error.

    Raises:
        FileError: `archive`: as `read_archive`, but up to `MAX_STREAMED_MEMBERS`, and with exactly 1,024 closing zeros.

    Source: crypto/spec/archive.md §5.
    """
    names: set[str] = set()
    while (block := bytes(read_fully(source, BLOCK))) != _ZERO_BLOCK:
        if len(block) != BLOCK:
            raise _refused("the archive is cut")
        name, size = _parse_header(block)
        if name in names or len(names) == MAX_STREAMED_MEMBERS:
            raise _refused(f"a name is there twice, or there are more than {MAX_STREAMED_MEMBERS} members")
        names.add(name)
        member = MemberReader(source, size)
        yield name, size, member
        member.drain()
        if bytes(read_fully(source, _filled(size))) != bytes(_filled(size)):
            raise _refused("a member is cut, or not filled with zeros")
    if not names or bytes(read_fully(source, END_LENGTH)) != bytes(END_LENGTH - BLOCK):
        raise _refused("the archive does not end in 1,024 zeros")
