# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of the log: roots, proofs, and the compact range that a log or a follower goes on from.

Rules of this file: hashes are SHA-256, 32 bytes; leaves are prefixed with 0x00 and nodes with 0x01. Trees split at the largest
power of two below their size. Verifiers take only what they are given and trust nothing of it: not the index, not the sizes, not
the length of a path.

Source: crypto/spec/merkle.md; RFC 6962 §2.1; RFC 9162 §2.1.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from corncrake_crypto.errors import Failure, FileError, PeerError, UsageError

HASH_LENGTH: Final = 32
MAX_SIZE: Final = 2**53 - 1
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""The root of the tree without leaves."""

_SIZE_LENGTH: Final = 8


def _wrong(detail: str) -> PeerError:
    return PeerError(Failure.PROOF, detail)


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a log entry: SHA-256(0x00 ‖ entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """Return the largest power of two that is smaller than `size`, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1


class Frontier:
    """A tree as one appends to it: its size, and the roots of the perfect subtrees that it consists of.

    It takes 8 + 32·log₂(size) bytes, whatever the tree has grown to.

    Source: crypto/spec/merkle.md §3; RFC 9162 §2.1.2.
    """

    __slots__ = ("_nodes", "size")

    def __init__(self) -> None:
        """Begin with the empty tree."""
        self.size = 0
        self._nodes: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Append a leaf, given its 32-byte hash."""
        if len(leaf) != HASH_LENGTH or self.size == MAX_SIZE:
            raise UsageError(Failure.MISUSE, f"a leaf is appended by its hash of {HASH_LENGTH} bytes")
        node, size = leaf, self.size
        while size & 1:
            node = node_hash(self._nodes.pop(), node)
            size >>= 1
        self._nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the 32-byte root of the tree as it is now."""
        if not self._nodes:
            return EMPTY_ROOT
        root = self._nodes[-1]
        for node in reversed(self._nodes[:-1]):
            root = node_hash(node, root)
        return root

    def copy(self) -> "Frontier":
        """Return one that may grow another way."""
        return Frontier.decode(self.encode())

    def encode(self) -> bytes:
        """Return size (8 bytes, big endian) and the subtree roots, the largest first."""
        return self.size.to_bytes(_SIZE_LENGTH, "big") + b"".join(self._nodes)

    @classmethod
    def decode(cls, raw: bytes) -> "Frontier":
        """Return the tree of what `encode` made.

        Raises:
            FileError: `encoding`.

        Source: crypto/spec/merkle.md §3.
        """
        size = int.from_bytes(raw[:_SIZE_LENGTH], "big")
        if size > MAX_SIZE or len(raw) != _SIZE_LENGTH + HASH_LENGTH * size.bit_count():
            raise FileError(Failure.ENCODING, "this is not the frontier of a tree")
        frontier = cls()
        frontier.size = size
        frontier._nodes = [raw[at : at + HASH_LENGTH] for at in range(_SIZE_LENGTH, len(raw), HASH_LENGTH)]
        return frontier


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of the tree of these leaf hashes, each 32 bytes; of none, `EMPTY_ROOT`.

    Source: RFC 6962 §2.1.
    """
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


# -- proofs ----------------------------------------------------------------------------------------------------------------


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Return the ranges of leaves, start and end, whose subtree roots prove a leaf: its sibling first, the root's child last.

    Raises:
        UsageError: `misuse`, when there is no such leaf.

    Source: RFC 6962 §2.1.1.
    """
    if not 0 <= index < size:
        raise UsageError(Failure.MISUSE, "the tree has no such leaf")
    ranges: list[tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """Return the ranges of leaves whose subtree roots prove that a tree of `new` leaves continues its first `old`.

    Raises:
        UsageError: `misuse`, when `old` is larger than `new`.

    Source: RFC 6962 §2.1.2.
    """
    if not 0 <= old <= new:
        raise UsageError(Failure.MISUSE, "a tree continues smaller ones only")
    if old in (0, new):
        return []
    ranges: list[tuple[int, int]] = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        ranges.append((start, end))
    return ranges[::-1]


def inclusion_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree of these leaf hashes; see `inclusion_ranges`."""
    return [tree_root(leaves[start:end]) for start, end in inclusion_ranges(index, len(leaves))]


def consistency_path(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the proof that the tree of these leaf hashes continues the tree of the first `old`."""
    return [tree_root(leaves[start:end]) for start, end in consistency_ranges(old, len(leaves))]


def _check_path(path: Sequence[bytes], length: int) -> None:
    if len(path) != length or any(len(node) != HASH_LENGTH for node in path):
        raise _wrong("the proof has not the length that these numbers need")


def verify_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf stands at `index` in the tree of `size` leaves with this root.

    Args:
        index: from 0.
        size: leaves of the tree.
        leaf: the leaf's 32-byte hash.
        path: 32-byte hashes, sibling first.
        root: 32 bytes, trusted by the caller.

    Raises:
        PeerError: `proof`.

    Source: crypto/spec/merkle.md §2; RFC 9162 §2.1.3.2.
    """
    if not 0 <= index < size <= MAX_SIZE or len(leaf) != HASH_LENGTH:
        raise _wrong("the tree has no such leaf")
    ranges = inclusion_ranges(index, size)
    _check_path(path, len(ranges))
    found = leaf
    for (start, _), node in zip(ranges, path, strict=True):
        found = node_hash(node, found) if start < index else node_hash(found, node)
    if found != root:
        raise _wrong("the leaf is not in the tree")


def verify_consistency(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the tree of `new` leaves continues the tree of `old` leaves, both given by their roots.

    Raises:
        PeerError: `proof`.

    Source: crypto/spec/merkle.md §2; RFC 9162 §2.1.4.2.
    """
    if not 0 <= old <= new <= MAX_SIZE:
        raise _wrong("a tree continues smaller ones only")
    ranges = consistency_ranges(old, new)
    _check_path(path, len(ranges))
    if old == new:
        found_old = found_new = old_root if old else EMPTY_ROOT
    elif old == 0:
        found_old, found_new = EMPTY_ROOT, new_root
    else:
        found_old, found_new = _roots(old, ranges, path, old_root)
    if found_old != old_root or found_new != new_root:
        raise _wrong("the tree does not continue the older one")


def _roots(old: int, ranges: Sequence[tuple[int, int]], path: Sequence[bytes], old_root: bytes) -> tuple[bytes, bytes]:
    """Return the roots of both trees that a consistency path leads to."""
    steps = list(zip(ranges, path, strict=True))
    if ranges[0][0] == old:
        # The older tree is one perfect subtree of the newer: nobody needs to be told its root.
        found_old = found_new = old_root
    else:
        found_old = found_new = path[0]
        del steps[0]
    for (start, _), node in steps:
        if start < old:
            found_old = node_hash(node, found_old)
            found_new = node_hash(node, found_new)
        else:
            found_new = node_hash(found_new, node)
    return found_old, found_new
