# SPDX-License-Identifier: Apache-2.0
"""The log as files: entries, their bundles, tiles of hashes, and the proofs that can be made from them.

Rules of this file: a tile has up to 256 hashes; only full ones have a hash in the level above. Paths and bytes are those of C2SP
tlog-tiles, and the paths begin with `tile/`. To publish n new leaves costs work for n leaves, whatever the size of the log. Bytes
that are fetched are checked for their length only: proofs made from wrong tiles do not verify, and that is where it shows.

Source: crypto/spec/tiles.md; C2SP tlog-tiles.md; RFC 6962 §2.1.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from corncrake_crypto.errors import Failure, FileError, UsageError
from corncrake_crypto.merkle import HASH_LENGTH, MAX_SIZE, consistency_ranges, inclusion_ranges, leaf_hash, node_hash, tree_root
from corncrake_crypto.note import text_hash

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
"""Hashes of a full tile, entries of a full bundle."""
MAX_ENTRY: Final = 65_535
"""Bytes of a log entry."""
LEAF_KINDS: Final = ("charter", "prekeys", "edition", "page-release", "tracker-release")
"""Kinds of documents that this version writes into the log in clear; a reader counts others too."""
COMMITMENT_LENGTH: Final = 32
_PUBLIC: Final = re.compile(rb"corncrake\.org/leaf/v1\n[a-z0-9-]{1,32}\n[0-9a-f]{64}\n")

MAX_ENTRIES: Final = 250_000
"""Entries that are read at once: those of a parcel."""
_LENGTH: Final = 2


def leaf_entry(kind: str, text: str) -> bytes:
    """Return the log entry of a public document: its kind and the hash of its note's text.

    Raises:
        UsageError: `kind`, when documents of this kind do not stand in the log.

    Source: crypto/spec/tiles.md §1.
    """
    if kind not in LEAF_KINDS:
        raise UsageError(Failure.KIND, "documents of this kind do not stand in the log")
    return f"corncrake.org/leaf/v1\n{kind}\n{text_hash(text)}\n".encode()


def is_public(entry: bytes) -> bool:
    """Say whether a log entry is a public document's, in clear, of a kind that is known here or not; else it is a commitment.

    Raises:
        FileError: `encoding`, when it is neither.

    Source: crypto/spec/tiles.md §1.
    """
    if len(entry) == COMMITMENT_LENGTH:
        return False
    if _PUBLIC.fullmatch(entry) is None:
        raise FileError(Failure.ENCODING, "a log entry is neither a commitment nor that of a public document")
    return True


# -- paths -----------------------------------------------------------------------------------------------------------------


def _number(index: int, width: int) -> str:
    if not 0 <= index <= MAX_SIZE or not 1 <= width <= WIDTH:
        raise UsageError(Failure.MISUSE, "there is no such tile")
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return path if width == WIDTH else f"{path}.p/{width}"


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Return the path of a tile, such as `tile/0/x001/x234/067.p/8`.

    Args:
        level: 0 for leaf hashes; each level above has the hashes of full tiles below.
        index: the tile's number within its level, from 0.
        width: its hashes, 1 to 256.

    Source: crypto/spec/tiles.md §2; C2SP tlog-tiles.md.
    """
    if not 0 <= level <= 63:  # noqa: PLR2004 - the limit of tlog-tiles
        raise UsageError(Failure.MISUSE, "there is no such tile")
    return f"tile/{level}/{_number(index, width)}"


def entries_path(index: int, width: int = WIDTH) -> str:
    """Return the path of a bundle of entries, such as `tile/entries/000.p/64`."""
    return f"tile/entries/{_number(index, width)}"


# -- bytes -----------------------------------------------------------------------------------------------------------------


def write_entries(entries: Iterable[bytes]) -> bytes:
    """Return entries as a bundle, each behind its length (2 bytes, big endian).

    Raises:
        UsageError: `size`, when one has more than `MAX_ENTRY` bytes.

    Source: crypto/spec/tiles.md §3; C2SP tlog-tiles.md.
    """
    out = bytearray()
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise UsageError(Failure.SIZE, f"a log entry has at most {MAX_ENTRY} bytes")
        out += len(entry).to_bytes(_LENGTH, "big")
        out += entry
    return bytes(out)


def read_entries(raw: bytes, count: int | None = None) -> list[bytes]:
    """Return the entries of a bundle; exactly `count` of them when it is given.

    Raises:
        FileError: `encoding`; `size`, when there are more than `MAX_ENTRIES`.

    Source: crypto/spec/tiles.md §3; C2SP tlog-tiles.md.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(raw):
        start = at + _LENGTH
        at = start + int.from_bytes(raw[start - _LENGTH : start], "big")
        if start > len(raw) or at > len(raw):
            raise FileError(Failure.ENCODING, "a bundle of entries is cut")
        entries.append(raw[start:at])
        if len(entries) > MAX_ENTRIES:
            raise FileError(Failure.SIZE, f"{MAX_ENTRIES} entries are read at once, and no more")
    if count is not None and len(entries) != count:
        raise FileError(Failure.ENCODING, f"{count} entries expected, {len(entries)} found")
    return entries


def read_tile(raw: bytes, width: int) -> list[bytes]:
    """Return the `width` hashes of a tile.

    Raises:
        FileError: `encoding`, when it has another length.

    Source: crypto/spec/tiles.md §3; C2SP tlog-tiles.md.
    """
    if len(raw) != width * HASH_LENGTH:
        raise FileError(Failure.ENCODING, f"a tile of {width} hashes expected")
    return [raw[at : at + HASH_LENGTH] for at in range(0, len(raw), HASH_LENGTH)]


# -- growing ---------------------------------------------------------------------------------------------------------------


def edge_paths(size: int) -> list[str]:
    """Return the paths of the partial tiles, and bundle, at the right edge of a tree: what `grow` must be given."""
    paths: list[str] = []
    if size % WIDTH:
        paths.append(entries_path(size // WIDTH, size % WIDTH))
    level = 0
    while size:
        if size % WIDTH:
            paths.append(tile_path(level, size // WIDTH, size % WIDTH))
        size //= WIDTH
        level += 1
    return paths


def grow(size: int, entries: Sequence[bytes], edge: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return all files, by path, that a tree of `size` leaves needs more when `entries` are appended.

    Args:
        size: leaves before.
        entries: what is appended.
        edge: the files that `edge_paths(size)` names; others may be among them.

    Raises:
        FileError: `encoding`, when a file of the edge has not the length that it must have.
        UsageError: `misuse`, when one is not there.

    Source: crypto/spec/tiles.md §4.
    """
    files: dict[str, bytes] = {}
    if not entries:
        return files
    start = size - size % WIDTH
    pending = [*read_entries(_of(edge, entries_path(size // WIDTH, size % WIDTH)), size % WIDTH), *entries] if size % WIDTH else list(entries)
    for at in range(0, len(pending), WIDTH):
        bundle = pending[at : at + WIDTH]
        files[entries_path((start + at) // WIDTH, len(bundle))] = write_entries(bundle)
    level, hashes = 0, [leaf_hash(entry) for entry in entries]
    while hashes:
        width = size % WIDTH
        before = read_tile(_of(edge, tile_path(level, size // WIDTH, width)), width) if width else []
        hashes = _grow_level(files, level, size - width, before + hashes)
        size //= WIDTH
        level += 1
    return files


def _of(edge: Mapping[str, bytes], path: str) -> bytes:
    if path not in edge:
        raise UsageError(Failure.MISUSE, f"the tree's edge lacks {path}")
    return edge[path]


def _grow_level(files: dict[str, bytes], level: int, start: int, hashes: Sequence[bytes]) -> list[bytes]:
    """Write the tiles of one level from hash `start` on, and return what full ones mean for the level above."""
    above: list[bytes] = []
    for at in range(0, len(hashes), WIDTH):
        tile = hashes[at : at + WIDTH]
        files[tile_path(level, (start + at) // WIDTH, len(tile))] = b"".join(tile)
        if len(tile) == WIDTH:
            above.append(tree_root(tile))
    return above


# -- reading ---------------------------------------------------------------------------------------------------------------

Fetch = Callable[[str], bytes]
"""Returns the file at a path; raises what it likes when it cannot."""


def range_root(start: int, end: int, size: int, tile: Callable[[int, int], Sequence[bytes]]) -> bytes:
    """Return the root over leaves `start` ≤ i < `end` of a tree, a range as `merkle.inclusion_ranges` and its like have it.

    Args:
        start: of the range.
        end: of the range.
        size: leaves of the tree.
        tile: returns the hashes of a tile, by its level and index.

    Raises:
        UsageError: `misuse`: proofs of this tree have no such range.   As `tile` does.
    """
    length = end - start
    if not 0 <= start < end <= size or start % (1 << (length - 1).bit_length()):
        raise UsageError(Failure.MISUSE, "proofs of this tree have no such range")
    if length & (length - 1):
        middle = start + (1 << length.bit_length() - 1)
        return node_hash(range_root(start, middle, size, tile), range_root(middle, end, size, tile))
    level = (length.bit_length() - 1) // HEIGHT
    first, count = start >> HEIGHT * level, length >> HEIGHT * level
    place = first % WIDTH
    return tree_root(tile(level, first // WIDTH)[place : place + count])


class TileReader:
    """Reads hashes of a tree of `size` leaves from its tiles, each fetched once.

    Source: crypto/spec/tiles.md §5; C2SP tlog-tiles.md.
    """

    def __init__(self, size: int, fetch: Fetch) -> None:
        """Read by `fetch`."""
        self.size = size
        self._fetch = fetch
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def _tile(self, level: int, index: int) -> list[bytes]:
        tile = self._tiles.get((level, index))
        if tile is None:
            width = min(WIDTH, (self.size >> HEIGHT * level) - index * WIDTH)
            tile = read_tile(self._fetch(tile_path(level, index, width)), width)
            self._tiles[level, index] = tile
        return tile

    def range_root(self, start: int, end: int) -> bytes:
        """Return the root over leaves `start` ≤ i < `end`, a range as `merkle.inclusion_ranges` and its like have it."""
        return range_root(start, end, self.size, self._tile)

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        return self.range_root(0, self.size) if self.size else tree_root([])

    def leaf(self, index: int) -> bytes:
        """Return the hash of one leaf."""
        return self.range_root(index, index + 1)


def inclusion_proof(index: int, size: int, fetch: Fetch) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree of `size` leaves; see `merkle.verify_inclusion`.

    Raises:
        FileError: `encoding`, when a tile has not the length that it must have.
        UsageError: `misuse`, when there is no such leaf.

    Source: crypto/spec/tiles.md §5; RFC 6962 §2.1.1.
    """
    reader = TileReader(size, fetch)
    return [reader.range_root(start, end) for start, end in inclusion_ranges(index, size)]


def consistency_proof(old: int, new: int, fetch: Fetch) -> list[bytes]:
    """Return the proof that the tree of `new` leaves continues that of `old`; see `merkle.verify_consistency`.

    Raises:
        FileError: `encoding`, when a tile has not the length that it must have.
        UsageError: `misuse`, when `old` is larger than `new`.

    Source: crypto/spec/tiles.md §5; RFC 6962 §2.1.2.
    """
    reader = TileReader(new, fetch)
    return [reader.range_root(start, end) for start, end in consistency_ranges(old, new)]
