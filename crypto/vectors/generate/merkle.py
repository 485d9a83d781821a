# SPDX-License-Identifier: Apache-2.0
"""Cases of merkle.md: the recursions of RFC 6962 as they are written there, over its reference implementation's test tree."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from organisation import Case

ENTRIES = [bytes.fromhex(entry) for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
LEAVES = [hashlib.sha256(b"\0" + entry).digest() for entry in ENTRIES]
ZERO = bytes(32)


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node."""
    return hashlib.sha256(b"\1" + left + right).digest()


def split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return max(1 << k for k in range(40) if 1 << k < size)


def mth(leaves: Sequence[bytes]) -> bytes:
    """MTH(D[n])."""
    if len(leaves) < 2:  # noqa: PLR2004 - the recursion ends here
        return leaves[0] if leaves else hashlib.sha256().digest()
    k = split(len(leaves))
    return node(mth(leaves[:k]), mth(leaves[k:]))


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n])."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    return [*path(m, leaves[:k]), mth(leaves[k:])] if m < k else [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], *, known: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b)."""
    if m == len(leaves):
        return [] if known else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], known=known), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], known=False), mth(leaves[:k])]


def texts(hashes: Sequence[bytes]) -> list[str]:
    """Return hashes as hex."""
    return [found.hex() for found in hashes]


def inclusion(what: str, index: int, size: int, /, **changed: Any) -> dict[str, Any]:
    """Return a case of `verify_inclusion`."""
    case = {
        "what": what,
        "do": "verify_inclusion",
        "failure": "proof" if changed else None,
        "index": index,
        "size": size,
        "leaf_hex": LEAVES[index].hex(),
        "path_hex": texts(path(index, LEAVES[:size])),
        "root_hex": mth(LEAVES[:size]).hex(),
    }
    return case | changed


def consistency(what: str, old: int, new: int, /, **changed: Any) -> dict[str, Any]:
    """Return a case of `verify_consistency`."""
    case = {
        "what": what,
        "do": "verify_consistency",
        "failure": "proof" if changed else None,
        "old": old,
        "new": new,
        "path_hex": texts(subproof(old, LEAVES[:new]) if old else []),
        "old_root_hex": mth(LEAVES[:old]).hex(),
        "new_root_hex": mth(LEAVES[:new]).hex(),
    }
    return case | changed


def frontiers() -> Iterator[Case]:
    """What a frontier is written as, and what is none."""
    for size in (0, 1, 2, 3, 7, 8):
        parts: list[bytes] = []
        at = 0
        for bit in reversed(range(4)):
            if size >> bit & 1:
                parts.append(mth(LEAVES[at : at + (1 << bit)]))
                at += 1 << bit
        yield (
            f"frontier_{size}",
            {
                "what": f"the frontier of {size} leaves",
                "do": "frontier",
                "failure": None,
                "entries_hex": texts(ENTRIES[:size]),
                "expected_hex": (size.to_bytes(8, "big") + b"".join(parts)).hex(),
                "expected_root_hex": mth(LEAVES[:size]).hex(),
            },
        )
    for name, what, raw in (
        ("cut", "a hash is cut", (1).to_bytes(8, "big") + bytes(31)),
        ("more", "one hash too many", (2).to_bytes(8, "big") + bytes(64)),
        ("nothing", "no bytes", b""),
        ("too_large", "a size of 2^53", (2**53).to_bytes(8, "big") + bytes(32)),
    ):
        yield f"frontier_{name}", {"what": what, "do": "decode_frontier", "failure": "encoding", "frontier_hex": raw.hex()}


def cases() -> Iterator[Case]:
    """Yield all cases."""
    for size in range(9):
        yield (
            f"root_{size}",
            {
                "what": f"the published tree's first {size} entries",
                "do": "tree_root",
                "failure": None,
                "entries_hex": texts(ENTRIES[:size]),
                "expected_hex": mth(LEAVES[:size]).hex(),
            },
        )
    for index, size in ((0, 1), (0, 8), (5, 8), (2, 3), (1, 5), (6, 7)):
        yield f"inclusion_{index}_of_{size}", inclusion(f"leaf {index} of {size}", index, size)
    right = texts(path(5, LEAVES))
    yield "inclusion_other_index", inclusion("the path of another leaf", 5, 8, index=4)
    yield "inclusion_outside", inclusion("an index at the size", 5, 8, index=8)
    yield "inclusion_other_leaf", inclusion("another leaf", 5, 8, leaf_hex=LEAVES[4].hex())
    yield "inclusion_other_root", inclusion("another root", 5, 8, root_hex=ZERO.hex())
    yield "inclusion_longer", inclusion("a hash too many", 5, 8, path_hex=[*right, ZERO.hex()])
    yield "inclusion_shorter", inclusion("a hash too few", 5, 8, path_hex=right[:-1])
    yield "inclusion_swapped", inclusion("two hashes in another order", 5, 8, path_hex=[right[1], right[0], right[2]])
    yield "inclusion_short_hash", inclusion("a hash of 31 bytes", 5, 8, path_hex=[right[0][:62], *right[1:]])
    yield "inclusion_one_leaf_more", inclusion("a path in a tree of one leaf", 0, 1, path_hex=[ZERO.hex()])
    for old, new in ((0, 0), (0, 5), (1, 1), (1, 8), (6, 8), (2, 5), (4, 8), (7, 8), (8, 8)):
        yield f"consistency_{old}_{new}", consistency(f"{new} leaves continue {old}", old, new)
    right = texts(subproof(6, LEAVES))
    yield "consistency_other_old", consistency("another older root", 6, 8, old_root_hex=mth(LEAVES[1:7]).hex())
    yield "consistency_other_new", consistency("another newer root", 6, 8, new_root_hex=mth(LEAVES[:7]).hex())
    yield "consistency_shorter", consistency("a hash too few", 6, 8, path_hex=right[:-1])
    yield "consistency_longer", consistency("a hash too many", 6, 8, path_hex=[*right, ZERO.hex()])
    yield "consistency_shrunk", consistency("the newer tree is smaller", 6, 8, old=8, new=6)
    yield "consistency_same_size", consistency("the same size, another root", 8, 8, new_root_hex=ZERO.hex())
    yield "consistency_empty_root", consistency("a tree of no leaves with another root", 0, 5, old_root_hex=ZERO.hex())
    yield "consistency_empty_twice", consistency("two trees of no leaves, the newer with another root", 0, 0, new_root_hex=ZERO.hex())
    yield "consistency_empty_path", consistency("a path from the empty tree", 0, 5, path_hex=[ZERO.hex()])
    yield from frontiers()
