# SPDX-License-Identifier: Apache-2.0
"""Blocks: a file in pieces, each sealed by itself; their names, their counts, and what is inside one.

Rules of this file: it knows ids and plaintexts and nothing that seals or opens, so that a server may load it. Names follow from
a block key that only the report holds; to whoever has it not they are random. How many blocks a file has is a tier, so that its
size shows to a tenth only; dummy blocks (`fill`) make up the rest.

Source: crypto/spec/block.md.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta

from corncrake_crypto.archive import BLOCK as TAR_BLOCK
from corncrake_crypto.archive import END_LENGTH, check_members, read_archive, write_archive
from corncrake_crypto.encoding import canonical, decode_canonical
from corncrake_crypto.errors import Failure, FileError, PeerError, UsageError
from corncrake_crypto.fields import Bytes16, Wire
from corncrake_crypto.padding import BLOCK_CLASS, LARGE_BLOCK_CLASS

BLOCK_KEY_LENGTH: Final = 32
BLOCK_ID_LENGTH: Final = 16
BLOCK_CLASSES: Final = (BLOCK_CLASS, LARGE_BLOCK_CLASS)
MAX_JSON: Final = TAR_BLOCK
"""Bytes of `block.json`, so that it fills one tar block and `data` has the same room in every block."""

_FRAME: Final = 3 * TAR_BLOCK + END_LENGTH
BLOCK_DATA: Final = BLOCK_CLASS - _FRAME
"""Bytes of a file in one block: 257,536."""
LARGE_BLOCK_DATA: Final = LARGE_BLOCK_CLASS - _FRAME
"""Bytes of a file in one large block: 4,187,648."""

TIERS_SMALL: Final = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56)
"""How many blocks of the small class a file may have."""
TIERS_LARGE: Final = (4, 5, 6, 7, 8, *(step << octave for octave in range(1, 12) for step in (5, 6, 7, 8)))
"""How many of the large class: four tiers to an octave, up to 16,384."""

MAX_FILE_SIZE: Final = TIERS_LARGE[-1] * LARGE_BLOCK_DATA
"""Bytes of the largest file: 16,384 large blocks, some 64 GiB."""
MAX_LIVE_BLOCKS: Final = 65_536
"""Blocks of a file that is sent while it is being recorded: three days of one every four seconds."""

MEMBERS: Final = ("block.json", "data")


class Block(Wire, frozen=True, kw_only=True):
    """What a block says of itself.

    Attributes:
        v: 1.
        file: the tag of the file identity; see `file_identity.file_tag`.
        index: its place, from 0.
        last: it ends the file's data.
        of: with `last`: how many blocks hold data.
        fill: a dummy: it holds none.
    """

    v: Literal[1]
    file: Bytes16
    index: Annotated[int, Meta(ge=0, lt=1 << 32)]
    last: Literal[True] | None = None
    of: Annotated[int, Meta(ge=1, le=1 << 32)] | None = None
    fill: Literal[True] | None = None


class OpenedBlock(NamedTuple):
    """A block and the bytes of the file in it."""

    block: Block
    data: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block belongs.

    Attributes:
        file: the tag of the file identity.
        index: its place.
        data_blocks: how many hold data; None for a recording that was not closed.
        block_class: as the report says.
        live: it was sent while it was being recorded, so that its blocks may be short.
    """

    file: str
    index: int
    data_blocks: int | None
    block_class: int
    live: bool = False


class Plan(NamedTuple):
    """How a file is cut: the class of its blocks, how many hold data, how many there are with the dummies."""

    block_class: int
    data_blocks: int
    total_blocks: int


def _refused(detail: str) -> PeerError:
    return PeerError(Failure.BLOCK, detail)


def block_id(block_key: bytes) -> str:
    """Return the name of the one block whose key this is, 32 hex characters.

    Source: crypto/spec/block.md §1.
    """
    return hmac.digest(block_key, b"id", "sha256")[:BLOCK_ID_LENGTH].hex()


def next_block_key(block_key: bytes) -> bytes:
    """Return the key of the block that follows; nobody can go back from it.

    Source: crypto/spec/block.md §1.
    """
    return hmac.digest(block_key, b"next", "sha256")


def block_ids(block_key: bytes, count: int | None = None) -> Iterator[str]:
    """Yield the ids of a file's blocks, 32 hex characters each, in order; without end when `count` is None.

    Each key is forgotten when the next is made: whoever stops here cannot go back.

    Raises:
        UsageError: `misuse`, when the block key has not 32 bytes.

    Source: crypto/spec/block.md §1.
    """
    if len(block_key) != BLOCK_KEY_LENGTH:
        raise UsageError(Failure.MISUSE, f"a block key has {BLOCK_KEY_LENGTH} bytes")
    key, index = block_key, 0
    while count is None or index < count:
        yield block_id(key)
        key, index = next_block_key(key), index + 1


def data_room(block_class: int) -> int:
    """Return how many bytes of a file one block of this class holds."""
    return block_class - _FRAME


def plan(size: int) -> Plan:
    """Return how a file of `size` bytes is cut.

    Raises:
        UsageError: `size`, above what 16,384 large blocks hold.

    Source: crypto/spec/block.md §2.
    """
    for block_class, tiers in ((BLOCK_CLASS, TIERS_SMALL), (LARGE_BLOCK_CLASS, TIERS_LARGE)):
        needed = max(1, -(-size // data_room(block_class)))
        for tier in tiers:
            if needed <= tier:
                return Plan(block_class, needed, tier)
    raise UsageError(Failure.SIZE, "this file is larger than what one report can carry")


def _check_consistency(block: Block, data: bytes) -> None:
    if block.fill and (block.last or data):
        raise _refused("a dummy holds data")
    if block.of is not None and (not block.last or block.of != block.index + 1):
        raise _refused("a block that is not the last says how many there are, or the last says another number")


def write_block(block: Block, data: bytes, block_class: int = BLOCK_CLASS) -> bytes:
    """Return the plaintext of a block: an archive of exactly `block_class` bytes.

    Raises:
        UsageError: `misuse` for another class; `size`, when the data do not fit.
        PeerError: `block`, when the block contradicts itself.

    Source: crypto/spec/block.md §3.
    """
    if block_class not in BLOCK_CLASSES:
        raise UsageError(Failure.MISUSE, "there is no such class of blocks")
    if len(data) > data_room(block_class):
        raise UsageError(Failure.SIZE, f"a block of this class holds {data_room(block_class)} bytes")
    _check_consistency(block, data)
    return write_archive([("block.json", canonical(block)), ("data", data)], block_class)


def read_block(plaintext: bytes) -> OpenedBlock:
    """Return a block and its data.

    Raises:
        FileError: `size` for a length that is no class, or a `block.json` above 512 bytes; `kind`, when it is another object;
            `archive`, `json`, `not-canonical`.
        PeerError: `block`, when it contradicts itself.

    Source: crypto/spec/block.md §3.
    """
    if len(plaintext) not in BLOCK_CLASSES:
        raise FileError(Failure.SIZE, "this length is no class of blocks")
    members = read_archive(plaintext)
    if members[0].name != MEMBERS[0]:
        raise FileError(Failure.KIND, "this is no block")
    check_members(members, MEMBERS)
    head, data = members
    if len(head.data) > MAX_JSON:
        raise FileError(Failure.SIZE, f"what a block says of itself has at most {MAX_JSON} bytes")
    block = decode_canonical(head.data, Block)
    _check_consistency(block, data.data)
    return OpenedBlock(block, data.data)


def check_place(opened: OpenedBlock, place: Place) -> None:
    """Check that a block is the one that belongs here.

    Raises:
        PeerError: `block`.

    Source: crypto/spec/block.md §4.
    """
    block, data = opened
    if (block.file, block.index) != (place.file, place.index):
        raise _refused("this block is of another file, or of another place in it")
    if place.data_blocks is None:
        return
    expected = (place.index >= place.data_blocks or None, place.index == place.data_blocks - 1 or None)
    if (block.fill, block.last) != expected or (block.last and block.of not in (None, place.data_blocks)):
        raise _refused("this block says that the file ends elsewhere")
    if not place.live and place.index < place.data_blocks - 1 and len(data) != data_room(place.block_class):
        raise _refused("a block that is not the last is not full")
