# SPDX-License-Identifier: Apache-2.0
"""Parcels: everything that travels between a server and a vault, in one strict archive that can be read as a stream.

Rules of this file: `parcel.json` comes first and lists every other member with its size and hash, in order; what is not as it is
listed is refused, and bytes of a member that is read whole are never handed on before they are checked. Parcels to a server are
signed by a reviewer; those to a vault are not, since the log is what they are checked against. Memory stays flat, whatever a
parcel claims about itself.

Source: crypto/spec/parcel.md; crypto/spec/archive.md.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from corncrake_crypto.age_format import BinaryReader
from corncrake_crypto.archive import MAX_MEMBER_SIZE, MemberReader, StreamingArchiveWriter, content_length, is_name, iter_archive
from corncrake_crypto.encoding import canonical, decode_canonical
from corncrake_crypto.errors import CorncrakeError, Failure, FileError, PeerError, UsageError
from corncrake_crypto.fields import Bytes64, Hash, Id, Natural, Positive, Root, Wire, Yes
from corncrake_crypto.receipt import DayText, check_day_text
from corncrake_crypto.signatures import SigningKey, sign_statement, verify_statement
from corncrake_crypto.stream import BinaryWriter

KIND: Final = "parcel"
HEADER: Final = "parcel.json"
MAX_HEADER: Final = 16 << 20
"""Bytes of `parcel.json`."""
MAX_MEMBERS: Final = 99_999
MAX_LEAVES: Final = 16_384
"""Entries of one `leaves-NNNNN.bin`; a parcel may have many of those."""
MAX_LEAVES_BYTES: Final = 2 << 20
"""Bytes of one: entries have 120 at most, and 2 for their length."""
MAX_PUSHED: Final = 1_024


class Listed(Wire, frozen=True, kw_only=True):
    """A member: its name, size in bytes, and SHA-256."""

    name: Annotated[str, Meta(min_length=1, max_length=99)]
    size: Annotated[int, Meta(ge=0, le=MAX_MEMBER_SIZE)]
    sha256: Hash


class Ranges(Wire, frozen=True, kw_only=True):
    """Which leaves of the log it holds, or knows of: `log_from` ≤ i < `log_to`."""

    log_from: Natural
    log_to: Natural


class Pushed(Wire, frozen=True, kw_only=True):
    """The last export of a reviewer that this courier has brought to the server.

    Attributes:
        reviewer: whose.
        number: of the outbound parcel.
        looked: this parcel, and those of this courier before it, hold all blocks that it asks for and the server has.
    """

    reviewer: Id
    number: Positive
    looked: Yes | None = None


class Parcel(Wire, frozen=True, kw_only=True):
    """What stands in `parcel.json`.

    Attributes:
        v: 1.
        kind: inbound, to a vault, or outbound, to a server.
        from_id: the courier of an inbound parcel, the reviewer of an outbound one; `from` in JSON.
        number: counts the parcels of one sender, from 1.
        root: of the organisation.
        ranges: of the log.
        members: all others, in their order.
        day: when it was made, `YYYY-MM-DD`.
        more: inbound only: reports or blocks that this courier knows of did not fit, and come in its next parcels.
        pushed: inbound only, one per reviewer at most.
        signature: the reviewer's, in outbound parcels.
    """

    v: Literal[1]
    kind: Literal["inbound", "outbound"]
    from_id: Id = msgspec.field(name="from")
    number: Positive
    root: Root
    ranges: Ranges
    members: Annotated[tuple[Listed, ...], Meta(max_length=MAX_MEMBERS)]
    day: DayText
    more: Yes | None = None
    pushed: Annotated[tuple[Pushed, ...], Meta(min_length=1, max_length=MAX_PUSHED)] | None = None
    signature: Bytes64 | None = None

    def __post_init__(self) -> None:
        """Check what the fields say about each other."""
        if self.kind == "outbound" and (self.more or self.pushed):
            raise ValueError("only a courier says what is to come, and what it has pushed")
        if len({said.reviewer for said in self.pushed or ()}) != len(self.pushed or ()):
            raise ValueError("a reviewer is there twice")
        check_day_text(self.day)
        names = {member.name for member in self.members}
        if len(names) != len(self.members) or HEADER in names or not all(map(is_name, names)):
            raise ValueError("a member has a name that is not allowed, or one is there twice")
        if self.ranges.log_from > self.ranges.log_to:
            raise ValueError("a range ends before it begins")


OnMember = Callable[[Parcel, str, int, MemberReader], None]
"""Takes a member: the parcel, the member's name and size, and a reader that raises when the member is not as it is listed."""


def _altered(detail: str) -> PeerError:
    return PeerError(Failure.ALTERED, detail)


def _shortened(detail: str) -> PeerError:
    return PeerError(Failure.SHORTENED, detail)


# -- writing ---------------------------------------------------------------------------------------------------------------


def _checked(listed: Listed, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Pass chunks on and, at their end, compare them with what was listed."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != listed.sha256:
        raise UsageError(Failure.ALTERED, f"{listed.name} has changed while the parcel was written")


def write_parcel(
    header: Parcel,
    members: Iterable[tuple[str, int, str, Iterable[bytes]]],
    sink: BinaryWriter,
    *,
    key: SigningKey | None = None,
) -> Parcel:
    """Write a parcel into `sink`, memory flat.

    Args:
        header: all but `members` and `signature`, which are taken from the other arguments.
        members: name, size in bytes, SHA-256 (lower-case hex) and chunks of each; chunks are asked for when their turn comes.
        sink: the caller syncs and closes it, and drops it when this raises.
        key: the reviewer's, for an outbound parcel; None for an inbound one.

    Returns:
        What stands in `parcel.json`.

    Raises:
        UsageError: `archive`, a name is not allowed; `size`, too much is listed, or a member has another size than it says;
            `altered`, it has other bytes; `misuse`, a key for an inbound parcel or none for an outbound one.

    Source: crypto/spec/parcel.md §3.
    """
    if (key is not None) != (header.kind == "outbound"):
        raise UsageError(Failure.MISUSE, "outbound parcels are signed, and only they are")
    sources = list(members)
    if len(sources) > MAX_MEMBERS:
        raise UsageError(Failure.SIZE, f"a parcel has at most {MAX_MEMBERS} members")
    listed = tuple(Listed(name=name, size=size, sha256=sha256) for name, size, sha256, _ in sources)
    try:
        parcel = msgspec.structs.replace(header, members=listed, signature=None)
    except ValueError as error:
        raise UsageError(Failure.ARCHIVE, str(error)) from error
    if key is not None:
        parcel = msgspec.structs.replace(parcel, signature=sign_statement(key, KIND, parcel))
    raw = canonical(parcel)
    if len(raw) > MAX_HEADER:
        raise UsageError(Failure.SIZE, f"{HEADER} has at most {MAX_HEADER} bytes")
    writer = StreamingArchiveWriter(sink)
    writer.add(HEADER, len(raw), [raw])
    for member, (_, _, _, chunks) in zip(listed, sources, strict=True):
        writer.add(member.name, member.size, _checked(member, chunks))
    writer.close()
    return parcel


# -- reading ---------------------------------------------------------------------------------------------------------------


class _Source:
    """Counts what is read, so that an archive that ended early can be told from one that is wrong."""

    def __init__(self, source: BinaryReader) -> None:
        self._source = source
        self._read = 0
        self._ended = False
        self.length: int | None = None

    def read(self, size: int, /) -> bytes:
        """Pass on."""
        piece = self._source.read(size)
        self._read += len(piece)
        self._ended = self._ended or (size > 0 and not piece)
        return piece

    def is_short(self) -> bool:
        """Say whether the source ended before what the parcel lists."""
        return self._ended and (self.length is None or self._read < self.length)


class ListedReader(MemberReader):
    """Reads one member, and refuses its last byte when the member is not as it is listed."""

    def __init__(self, source: MemberReader, listed: Listed) -> None:
        """Stand at the first byte."""
        super().__init__(source, listed.size)
        self._listed = listed
        self._digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, all that is left when it is negative, and none at the end.

        Raises:
            PeerError: `shortened`, when the parcel ends before; `altered`, when the member has another hash.
        """
        try:
            piece = super().read(size)
        except FileError as error:
            raise _shortened(f"the parcel ends within {self._listed.name}") from error
        self._digest.update(piece)
        if not self._left and self._digest.hexdigest() != self._listed.sha256:
            raise _altered(f"{self._listed.name} is not as it is listed")
        return piece


def _next(archive: Iterator[tuple[str, int, MemberReader]], source: _Source) -> tuple[str, int, MemberReader] | None:
    try:
        return next(archive, None)
    except CorncrakeError as error:
        if source.is_short():
            raise _shortened("the parcel ends early") from error
        raise


def _read_header(archive: Iterator[tuple[str, int, MemberReader]], source: _Source) -> Parcel:
    first = _next(archive, source)
    if first is None or first[0] != HEADER:
        raise FileError(Failure.ARCHIVE, f"the first member of a parcel is {HEADER}")
    _, size, reader = first
    if size > MAX_HEADER:
        raise FileError(Failure.SIZE, f"{HEADER} has at most {MAX_HEADER} bytes")
    try:
        raw = reader.read()
    except FileError as error:
        raise _shortened(f"the parcel ends within {HEADER}") from error
    parcel = decode_canonical(raw, Parcel)
    source.length = content_length([size, *(member.size for member in parcel.members)])
    return parcel


def _check_sender(parcel: Parcel, keys: Mapping[str, bytes] | None) -> None:
    if parcel.kind != ("inbound" if keys is None else "outbound"):
        raise PeerError(Failure.KIND, f"this parcel is {parcel.kind}: it goes the other way")
    if keys is None:
        if parcel.signature is not None:
            raise PeerError(Failure.SIGNATURE, "inbound parcels are not signed")
        return
    if parcel.from_id not in keys or parcel.signature is None:
        raise PeerError(Failure.SIGNATURE, "nobody who may send a parcel has signed this one")
    verify_statement(keys[parcel.from_id], KIND, parcel, parcel.signature)


def read_header(source: BinaryReader) -> Parcel:
    """Return what stands in `parcel.json`, nothing of it verified; the source then stands somewhere behind it.

    Raises:
        FileError: `archive`, `size`, `json`, `not-canonical`.   PeerError: `shortened`.

    Source: crypto/spec/parcel.md §4.
    """
    counted = _Source(source)
    return _read_header(iter_archive(counted), counted)


def read_parcel(source: BinaryReader, on_member: OnMember, keys: Mapping[str, bytes] | None = None) -> Parcel:
    """Read a parcel as a stream, checking each member, and return what stands in `parcel.json`.

    Nothing that `on_member` did may last when this raises: only a parcel read to its end is one.

    Args:
        source: the parcel.
        on_member: is called with each member in order. What it leaves unread is read and checked for it. It bounds what it reads
            into memory by the size that it is given.
        keys: when an outbound parcel is expected, the reviewers who may have sent it and their 32-byte keys; None expects an
            inbound one.

    Raises:
        FileError: `archive`, the form of an archive or a name there twice; `size`, `json`, `not-canonical`: its header.
        PeerError: `kind`, it goes the other way; `signature`; `altered`, a member is not as it is listed, or is not listed;
            `shortened`, it ends early or lacks a member.

    Source: crypto/spec/parcel.md §4.
    """
    counted = _Source(source)
    archive = iter_archive(counted)
    parcel = _read_header(archive, counted)
    _check_sender(parcel, keys)
    expected = iter(parcel.members)
    names = {member.name for member in parcel.members}
    while (entry := _next(archive, counted)) is not None:
        name, size, member = entry
        if name not in names:
            raise _altered("the parcel has a member that is not listed")
        listed = next(expected, None)
        if listed is None or listed.name != name:
            raise _shortened(f"a member is missing before {name}")
        if listed.size != size:
            raise _altered(f"{name} is not as it is listed")
        reader = ListedReader(member, listed)
        on_member(parcel, name, size, reader)
        reader.drain()
    missing = next(expected, None)
    if missing is not None:
        raise _shortened(f"the parcel lacks {missing.name}")
    return parcel
