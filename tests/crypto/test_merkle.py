# SPDX-License-Identifier: AGPL-3.0-or-later
"""The Merkle tree, against the published test tree of Certificate Transparency and against the recursion of RFC 6962."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corncrake_crypto.errors import Failure, FileError, PeerError
from corncrake_crypto.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# The tree of the reference implementation of RFC 6962: its eight entries and the roots of its first n.
ENTRIES = [bytes.fromhex(entry) for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
# Proofs published for it: (index, size) and the path; (old, new) and the path.
INCLUSION = {
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
CONSISTENCY = {
    (1, 1): (),
    (1, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
SIZES = st.integers(0, 300)


def made(size: int) -> list[bytes]:
    """Return the hashes of `size` different leaves."""
    return [hashlib.sha256(str(i).encode()).digest() for i in range(size)]


def recursive_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root as RFC 6962 §2.1 writes it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY_ROOT
    middle = next(1 << k for k in reversed(range(20)) if 1 << k < len(leaves))
    return node_hash(recursive_root(leaves[:middle]), recursive_root(leaves[middle:]))


def recursive_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return PATH(m, D[n]) as RFC 6962 §2.1.1 writes it."""
    if len(leaves) == 1:
        return []
    middle = next(1 << k for k in reversed(range(20)) if 1 << k < len(leaves))
    if index < middle:
        return [*recursive_path(index, leaves[:middle]), recursive_root(leaves[middle:])]
    return [*recursive_path(index - middle, leaves[middle:]), recursive_root(leaves[:middle])]


def recursive_proof(old: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """Return SUBPROOF(m, D[n], b) as RFC 6962 §2.1.2 writes it."""
    if old == len(leaves):
        return [] if whole else [recursive_root(leaves)]
    middle = next(1 << k for k in reversed(range(20)) if 1 << k < len(leaves))
    if old <= middle:
        return [*recursive_proof(old, leaves[:middle], whole=whole), recursive_root(leaves[middle:])]
    return [*recursive_proof(old - middle, leaves[middle:], whole=False), recursive_root(leaves[:middle])]


def test_roots_are_those_of_the_published_tree() -> None:
    assert tuple(tree_root(LEAVES[:size]).hex() for size in range(9)) == ROOTS


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_are_those_of_the_published_tree(index: int, size: int) -> None:
    path = inclusion_path(index, LEAVES[:size])
    assert tuple(node.hex() for node in path) == INCLUSION[index, size]
    verify_inclusion(index, size, LEAVES[index], path, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_consistency_proofs_are_those_of_the_published_tree(old: int, new: int) -> None:
    path = consistency_path(old, LEAVES[:new])
    assert tuple(node.hex() for node in path) == CONSISTENCY[old, new]
    verify_consistency(old, new, path, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]))


@given(SIZES)
def test_a_root_is_that_of_the_recursion(size: int) -> None:
    assert tree_root(made(size)) == recursive_root(made(size))


@given(st.integers(1, 300), st.data())
def test_an_inclusion_proof_is_that_of_the_recursion_and_verifies(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = made(size)
    path = inclusion_path(index, leaves)
    assert path == recursive_path(index, leaves)
    verify_inclusion(index, size, leaves[index], path, recursive_root(leaves))


@given(st.integers(1, 300), st.data())
def test_a_consistency_proof_is_that_of_the_recursion_and_verifies(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    leaves = made(new)
    path = consistency_path(old, leaves)
    assert path == recursive_proof(old, leaves)
    verify_consistency(old, new, path, recursive_root(leaves[:old]), recursive_root(leaves))


@given(st.integers(2, 40), st.data())
def test_an_inclusion_proof_holds_for_one_leaf_at_one_place_in_one_tree_only(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda i: i != index))
    leaves = made(size)
    path, root = inclusion_path(index, leaves), tree_root(leaves)
    wrong = [
        (other, size, leaves[index], path, root),
        (index, size, leaves[other], path, root),
        (index, size, leaves[index], [*path, path[0]], root),
        (index, size, leaves[index], path[:-1], root),
        (index, size, leaves[index], [bytes(32), *path[1:]], root),
        (index, size, leaves[index], [path[0][:31], *path[1:]], root),
        (index, size, leaves[index], path, bytes(32)),
        (size, size, leaves[index], path, root),
        (-1, size, leaves[index], path, root),
        (index, 2**60, leaves[index], path, root),
    ]
    for case in wrong:
        with pytest.raises(PeerError) as caught:
            verify_inclusion(*case)
        assert caught.value.failure is Failure.PROOF


@given(st.integers(1, 40), st.integers(1, 40))
def test_a_consistency_proof_holds_for_no_other_trees(old: int, more: int) -> None:
    new = old + more
    leaves = made(new)
    path = consistency_path(old, leaves)
    old_root, new_root = tree_root(leaves[:old]), tree_root(leaves)
    forked = tree_root([bytes(32), *leaves[1:]])
    cases: list[tuple[int, int, list[bytes], bytes, bytes]] = [
        (old, new, path, old_root, forked),
        (old, new, path, bytes(32), new_root),
        (old, new, path[:-1], old_root, new_root),
        (old, new, [*path, bytes(32)], old_root, new_root),
        (new, old, path, new_root, old_root),
        (old, old, [], old_root, new_root),
        (0, new, [], new_root, new_root),
    ]
    for case in cases:
        with pytest.raises(PeerError) as caught:
            verify_consistency(*case)
        assert caught.value.failure is Failure.PROOF


def test_every_tree_continues_the_empty_one() -> None:
    verify_consistency(0, 5, [], EMPTY_ROOT, tree_root(LEAVES[:5]))
    verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)


@given(SIZES, SIZES)
def test_a_frontier_goes_on_where_it_was_written_down(before: int, more: int) -> None:
    leaves = made(before + more)
    frontier = Frontier()
    for leaf in leaves[:before]:
        frontier.append(leaf)
    again = Frontier.decode(frontier.encode())
    for leaf in leaves[before:]:
        again.append(leaf)
    assert (again.size, again.root()) == (before + more, tree_root(leaves))
    assert frontier.root() == tree_root(leaves[:before])


@given(st.binary(max_size=120))
def test_bytes_are_a_frontier_in_one_way_or_refused(raw: bytes) -> None:
    try:
        frontier = Frontier.decode(raw)
    except FileError as error:
        failure = error.failure
    else:
        failure = None
        assert frontier.encode() == raw
    assert failure in {None, Failure.ENCODING}
