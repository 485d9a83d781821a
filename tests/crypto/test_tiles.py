# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log as files: what is written when it grows is what C2SP tlog-tiles says, and every proof can be made from it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corncrake_crypto.errors import Failure, FileError, UsageError
from corncrake_crypto.merkle import leaf_hash, tree_root, verify_consistency, verify_inclusion
from corncrake_crypto.tiles import (
    TileReader,
    consistency_proof,
    edge_paths,
    entries_path,
    grow,
    inclusion_proof,
    leaf_entry,
    read_entries,
    read_tile,
    tile_path,
    write_entries,
)
from tests.crypto.independent import is_consistent, is_included, mth

if TYPE_CHECKING:
    from collections.abc import Sequence


def made(start: int, end: int) -> list[bytes]:
    """Return entries of different lengths."""
    return [b"%d" % i * (i % 5) for i in range(start, end)]


def published(sizes: Sequence[int]) -> dict[str, bytes]:
    """Return all files of a log that was published at these sizes, one after the other."""
    files: dict[str, bytes] = {}
    size = 0
    for new in sizes:
        edge = {path: files[path] for path in edge_paths(size)}
        files |= grow(size, made(size, new), edge)
        size = new
    return files


def expected(size: int) -> dict[str, bytes]:
    """Return the files of a tree of `size` leaves, level by level, by the formula of tlog-tiles."""
    entries = made(0, size)
    files: dict[str, bytes] = {}
    for n in range(-(-size // 256)):
        bundle = entries[n * 256 : (n + 1) * 256]
        files[entries_path(n, len(bundle))] = b"".join(len(e).to_bytes(2, "big") + e for e in bundle)
    level, hashes = 0, [leaf_hash(entry) for entry in entries]
    while hashes:
        for n in range(-(-len(hashes) // 256)):
            tile = hashes[n * 256 : (n + 1) * 256]
            files[tile_path(level, n, len(tile))] = b"".join(tile)
        span = 256 ** (level + 1)
        leaves = [leaf_hash(entry) for entry in entries]
        hashes = [tree_root(leaves[n * span : (n + 1) * span]) for n in range(size // span)]
        level += 1
    return files


def test_paths_are_those_of_the_specification() -> None:
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tile_path(1, 0, 17) == "tile/1/000.p/17"
    assert tile_path(2, 999) == "tile/2/999"
    assert tile_path(2, 1_000, 1) == "tile/2/x001/000.p/1"
    assert entries_path(273, 112) == "tile/entries/273.p/112"


@pytest.mark.parametrize(("level", "index", "width"), [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
def test_a_tile_that_cannot_be_has_no_path(level: int, index: int, width: int) -> None:
    with pytest.raises(UsageError):
        tile_path(level, index, width)


def test_the_edge_of_a_tree_of_70000_is_that_of_the_specification() -> None:
    assert edge_paths(70_000) == ["tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
    assert edge_paths(256) == ["tile/1/000.p/1"]
    assert edge_paths(0) == []


@pytest.mark.parametrize("sizes", [[1], [64], [255, 256], [256, 257], [64, 128, 320, 512, 640], [700], [1, 2, 3, 300, 1000]])
def test_a_log_that_grew_has_the_files_of_one_that_was_written_at_once(sizes: list[int]) -> None:
    files = published(sizes)
    whole = expected(sizes[-1])
    assert {path: files[path] for path in whole} == whole
    partial = {path for size in sizes for path in expected(size)}
    assert set(files) == partial


def test_a_tree_of_65536_leaves_has_three_levels() -> None:
    entries = [b"x"] * 65_600
    files = grow(0, entries, {})
    assert len(files["tile/1/000"]) == 8_192
    assert files["tile/2/000.p/1"] == tree_root(read_tile(files["tile/1/000"], 256))
    reader = TileReader(65_600, files.__getitem__)
    leaves = [leaf_hash(b"x")] * 65_600
    assert reader.root() == tree_root(leaves)
    verify_inclusion(65_599, 65_600, leaf_hash(b"x"), inclusion_proof(65_599, 65_600, files.__getitem__), reader.root())


def test_publishing_writes_no_more_files_than_the_new_leaves_need() -> None:
    files = grow(0, made(0, 5_000), {})
    edge = {path: files[path] for path in edge_paths(5_000)}
    assert sorted(grow(5_000, made(5_000, 5_064), edge)) == ["tile/0/019.p/200", "tile/entries/019.p/200"]


@settings(max_examples=40)
@given(st.integers(1, 700), st.data())
def test_every_proof_can_be_made_from_the_files(size: int, data: st.DataObject) -> None:
    files = published([size])
    leaves = [leaf_hash(entry) for entry in made(0, size)]
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    root = tree_root(leaves)
    assert TileReader(size, files.__getitem__).root() == root
    assert TileReader(size, files.__getitem__).leaf(index) == leaves[index]
    verify_inclusion(index, size, leaves[index], inclusion_proof(index, size, files.__getitem__), root)
    verify_consistency(old, size, consistency_proof(old, size, files.__getitem__), tree_root(leaves[:old]), root)


@settings(max_examples=40)
@given(st.integers(2, 700), st.data())
def test_proofs_that_were_made_from_the_files_satisfy_another_program(size: int, data: st.DataObject) -> None:
    files, entries = published([size]), made(0, size)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    path = inclusion_proof(index, size, files.__getitem__)
    assert is_included(index, size, entries[index], path, mth(entries))
    assert not is_included(index, size, b"another", path, mth(entries))
    proof = consistency_proof(old, size, files.__getitem__)
    assert is_consistent(old, size, proof, mth(entries[:old]), mth(entries))
    assert not is_consistent(old, size, proof, mth([*entries[: old - 1], b"another"]), mth(entries))


@pytest.mark.parametrize("size", [65_536, 65_793])
def test_so_do_proofs_of_a_tree_of_three_levels(size: int) -> None:
    entries = [index.to_bytes(3, "big") for index in range(size)]
    files, root = grow(0, entries, {}), mth(entries)
    for index in (0, 255, 256, 65_535, size - 1):
        assert is_included(index, size, entries[index], inclusion_proof(index, size, files.__getitem__), root)
    for old in (1, 256, 65_279, 65_535):
        assert is_consistent(old, size, consistency_proof(old, size, files.__getitem__), mth(entries[:old]), root)


def test_an_edge_of_another_length_is_refused() -> None:
    files = grow(0, made(0, 10), {})
    edge = files | {"tile/0/000.p/10": files["tile/0/000.p/10"][:-32]}
    with pytest.raises(FileError) as caught:
        grow(10, [b"x"], edge)
    assert caught.value.failure is Failure.ENCODING
    with pytest.raises(UsageError):
        grow(10, [b"x"], {})


@given(st.binary(max_size=40))
def test_bytes_are_a_bundle_in_one_way_or_refused(raw: bytes) -> None:
    try:
        entries = read_entries(raw)
    except FileError as error:
        failure = error.failure
    else:
        failure = None
        assert write_entries(entries) == raw
    assert failure in {None, Failure.ENCODING}


def test_a_bundle_with_another_number_of_entries_is_refused() -> None:
    with pytest.raises(FileError):
        read_entries(write_entries([b"a", b"b"]), 3)
    with pytest.raises(UsageError):
        write_entries([bytes(65_536)])


def test_a_document_stands_in_the_log_by_the_hash_of_its_text() -> None:
    digest = hashlib.sha256(b"corncrake.org/charter/v1\n{}\n").hexdigest()
    assert leaf_entry("charter", "corncrake.org/charter/v1\n{}\n") == f"corncrake.org/leaf/v1\ncharter\n{digest}\n".encode()
    with pytest.raises(UsageError):
        leaf_entry("report", "x\n")
