# SPDX-License-Identifier: AGPL-3.0-or-later
"""Benchmarks of following the log: one proof, and many leaves, against the bare hashes that each needs."""

from __future__ import annotations

import hashlib
import os
import statistics
from typing import Final

from corncrake_crypto.checked_tiles import CheckedTiles
from corncrake_crypto.merkle import Frontier, leaf_hash, tree_root, verify_inclusion
from corncrake_crypto.tiles import grow, is_public
from tests.bench.measure import ROUNDS, Figure, rates, seconds

LEVELS: Final = 20
PROOFS: Final = 500
LEAVES: Final = 131_072


def _fold(index: int, leaf: bytes, path: list[bytes]) -> bytes:
    """The root that a path leads to in a perfect tree, by the standard library alone."""
    node = leaf
    for sibling in path:
        node = hashlib.sha256(b"\x01" + sibling + node if index & 1 else b"\x01" + node + sibling).digest()
        index >>= 1
    return node


def bench_proof_verify_us() -> Figure:
    """Verifying that a leaf is in a tree of 2^20."""
    proofs = [(number * 2_097 % (1 << LEVELS), os.urandom(32), [os.urandom(32) for _ in range(LEVELS)]) for number in range(PROOFS)]
    roots = [_fold(*proof) for proof in proofs]

    def ours() -> None:
        for (index, leaf, path), root in zip(proofs, roots, strict=True):
            verify_inclusion(index, 1 << LEVELS, leaf, path, root)

    def limit() -> None:
        for proof in proofs:
            _fold(*proof)

    pairs = [(seconds(ours) / PROOFS * 1e6, seconds(limit) / PROOFS * 1e6) for _ in range(ROUNDS)]
    ratios = [mine / best for mine, best in pairs]
    return Figure(
        value=statistics.median(mine for mine, _ in pairs),
        limit=statistics.median(best for _, best in pairs),
        ratio=statistics.median(ratios),
        unit="µs/proof",
        how=f"an inclusion proof in a tree of 2^{LEVELS} verified, against its {LEVELS} bare hashes",
        spread=(min(ratios), max(ratios)),
    )


def bench_monitor_catch_up() -> Figure:
    """What a monitor does with the leaves that a log has gained, its line and disk aside."""
    entries = [os.urandom(32) for _ in range(LEAVES)]
    files = grow(0, entries, {})
    root = tree_root([leaf_hash(entry) for entry in entries])

    def ours() -> None:
        frontier = Frontier()
        for entry in CheckedTiles(LEAVES, root, files.__getitem__).entries():
            frontier.append(leaf_hash(entry))
            is_public(entry)
        if frontier.root() != root:
            raise RuntimeError("the log is another")

    def limit() -> None:
        level = [hashlib.sha256(b"\x00" + entry).digest() for entry in entries]
        while len(level) > 1:
            level = [hashlib.sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level), 2)]

    how = f"{LEAVES} leaves from tiles in memory, each tile checked and each leaf taken into a frontier, against the bare hashes of the tree"
    return rates(ours, limit, LEAVES, "leaves/s", how)
