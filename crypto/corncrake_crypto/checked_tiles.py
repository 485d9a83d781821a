# SPDX-License-Identifier: Apache-2.0
"""The log's files under a head that is known: every tile is checked before anything in it is believed.

Rules of this file: size and root come from a signed head; whoever serves the files may be hostile. The partial tiles at the right edge are read first
and must give the root; a full tile must give its hash in the tile above; a bundle of entries the hash of its tile. So the first wrong byte
ends the reading where it stands, whatever the size of the log. Memory is that of a few tiles.

Source: crypto/spec/tiles.md §5; RFC 6962 §2.1; C2SP tlog-tiles.md.
"""

from collections.abc import Iterator
from typing import Final

from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.merkle import EMPTY_ROOT, HASH_LENGTH, consistency_ranges, leaf_hash, tree_root
from corncrake_crypto.tiles import WIDTH, Fetch, entries_path, range_root, read_entries, read_tile, tile_path

_MOST_KEPT: Final = 64
"""Full tiles that are kept; the one needed next is nearly always among the last."""


def _wrong(what: str) -> PeerError:
    return PeerError(Failure.PROOF, f"{what} of the log is not what its signed head covers")


class CheckedTiles:
    """The files of the tree of `size` leaves with this root."""

    def __init__(self, size: int, root: bytes, fetch: Fetch) -> None:
        """Read the right edge, and check that it gives the root.

        Args:
            size: leaves of the tree.
            root: 32 bytes, of a head that the caller has verified.
            fetch: returns the file at a path; a longer file than the path says, since the log grew, is cut.

        Raises:
            FileError: `encoding`: a tile is shorter than it must be.   PeerError: `proof`.
        """
        self.size = size
        self._fetch = fetch
        self._edge: dict[tuple[int, int], list[bytes]] = {}
        self._kept: dict[tuple[int, int], list[bytes]] = {}
        level, hashes = 0, size
        while hashes:
            if width := hashes % WIDTH:
                self._edge[level, hashes // WIDTH] = self._read(level, hashes // WIDTH, width)
            level, hashes = level + 1, hashes // WIDTH
        if self.root_at(size) != root:
            raise _wrong("the right edge")

    def _read(self, level: int, index: int, width: int) -> list[bytes]:
        return read_tile(self._fetch(tile_path(level, index, width))[: width * HASH_LENGTH], width)

    def _tile(self, level: int, index: int) -> list[bytes]:
        tile = self._edge.get((level, index)) or self._kept.get((level, index))
        if tile is None:
            expected = self._tile(level + 1, index // WIDTH)[index % WIDTH]
            tile = self._read(level, index, WIDTH)
            if tree_root(tile) != expected:
                raise _wrong(f"tile {level}/{index}")
            while len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[level, index] = tile
        return tile

    def range_root(self, start: int, end: int) -> bytes:
        """Return the root over leaves `start` ≤ i < `end`, a range as `merkle.inclusion_ranges` and its like have it.

        Raises:
            UsageError: `misuse`: proofs of this tree have no such range.   PeerError: `proof`.
        """
        return range_root(start, end, self.size, self._tile)

    def root_at(self, size: int) -> bytes:
        """Return the root of the first `size` leaves.

        Raises:
            UsageError: `misuse`: there are fewer.   PeerError: `proof`.
        """
        return self.range_root(0, size) if size else EMPTY_ROOT

    def consistency(self, old: int) -> list[bytes]:
        """Return the proof that this tree continues the tree of its first `old` leaves; see `merkle.verify_consistency`.

        Raises:
            UsageError: `misuse`: there are fewer.   PeerError: `proof`.
        """
        return [self.range_root(start, end) for start, end in consistency_ranges(old, self.size)]

    def entries(self, start: int = 0) -> Iterator[bytes]:
        """Yield the entries from `start` on, each checked, a bundle at a time.

        Raises:
            FileError: `encoding`: a bundle is cut or short.   PeerError: `proof`.
        """
        for number in range(start // WIDTH, -(-self.size // WIDTH)):
            width = min(WIDTH, self.size - number * WIDTH)
            entries = read_entries(self._fetch(entries_path(number, width)))[:width]
            hashes = [leaf_hash(entry) for entry in entries]
            expected = self._edge[0, number] if width < WIDTH else None
            if len(entries) != width or (hashes != expected if expected else tree_root(hashes) != self._tile(1, number // WIDTH)[number % WIDTH]):
                raise _wrong(f"bundle {number}")
            yield from entries[max(0, start - number * WIDTH) :]
