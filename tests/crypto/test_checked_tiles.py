# SPDX-License-Identifier: AGPL-3.0-or-later
"""A log's files under a known head: whatever is wrong with them is found before it is believed."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corncrake_crypto.checked_tiles import CheckedTiles
from corncrake_crypto.errors import CorncrakeError
from corncrake_crypto.tiles import edge_paths, grow
from tests.crypto.independent import is_consistent, mth


def entry(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(8, "big")).digest()


def grown(sizes: list[int]) -> dict[str, bytes]:
    """All files of a log that was published at these sizes."""
    files: dict[str, bytes] = {}
    size = 0
    for following in sizes:
        edge = {path: files[path] for path in edge_paths(size)}
        files |= grow(size, [entry(number) for number in range(size, following)], edge)
        size = following
    return files


SIZES = st.lists(st.integers(1, 700), min_size=1, max_size=5, unique=True).map(sorted)


@settings(max_examples=40)
@given(sizes=SIZES, data=st.data())
def test_a_log_that_grew_in_any_steps_is_read_whole_and_its_proofs_satisfy_another_program(sizes: list[int], data: st.DataObject) -> None:
    files, size = grown(sizes), sizes[-1]
    every = [entry(number) for number in range(size)]
    tiles = CheckedTiles(size, mth(every), files.__getitem__)
    start = data.draw(st.integers(0, size))
    assert list(tiles.entries(start)) == every[start:]
    old = data.draw(st.integers(1, size))
    assert tiles.root_at(old) == mth(every[:old])
    if old < size:
        assert is_consistent(old, size, tiles.consistency(old), mth(every[:old]), mth(every))


@settings(max_examples=60)
@given(size=st.integers(1, 700), data=st.data())
def test_one_changed_byte_in_any_file_that_is_read_is_refused(size: int, data: st.DataObject) -> None:
    files = grown([size])
    every = [entry(number) for number in range(size)]
    path = data.draw(st.sampled_from(sorted(files)))
    raw = bytearray(files[path])
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    read: set[str] = set()

    def fetch(wanted: str) -> bytes:
        read.add(wanted)
        return bytes(raw) if wanted == path else files[wanted]

    try:
        found = list(CheckedTiles(size, mth(every), fetch).entries())
    except CorncrakeError:
        assert path in read
    else:
        assert path not in read
        assert found == every


def test_a_wrong_bundle_ends_the_reading_there() -> None:
    size = 256 * 40
    files = grown([size])
    root = mth([entry(number) for number in range(size)])
    asked: list[str] = []

    def fetch(wanted: str) -> bytes:
        asked.append(wanted)
        return files[wanted][:-1] + b"x" if wanted == "tile/entries/003" else files[wanted]

    seen: list[bytes] = []
    with pytest.raises(CorncrakeError):
        seen.extend(CheckedTiles(size, root, fetch).entries())
    assert sum(path.startswith("tile/entries/") for path in asked) == 4


def test_a_file_that_has_become_longer_meanwhile_is_cut() -> None:
    files = grown([300, 600])
    later = {"tile/entries/001.p/44": files["tile/entries/001"], "tile/0/001.p/44": files["tile/0/001"]}
    every = [entry(number) for number in range(300)]
    assert list(CheckedTiles(300, mth(every), (files | later).__getitem__).entries()) == every


@pytest.mark.parametrize("size", [65_536, 65_793])
def test_a_log_of_three_levels_is_read_from_anywhere(size: int) -> None:
    files = grown([65_530, size])
    every = [entry(number) for number in range(size)]
    tiles = CheckedTiles(size, mth(every), files.__getitem__)
    assert tiles.root_at(65_530) == mth(every[:65_530])
    assert list(tiles.entries(65_500)) == every[65_500:]
