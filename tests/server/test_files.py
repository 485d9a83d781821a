# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks on the disk: written once, whoever writes at the same time, and without a time of the day."""

import asyncio
from pathlib import Path

import pytest

from corncrake_server.refusals import Conflict, NoRoom
from corncrake_server.storage.files import FileBlocks, write_private

BLOCK = "0123456789abcdef" * 2
DAY = "2026-11-25"


def test_of_many_blocks_written_at_once_under_one_id_exactly_one_is_kept(tmp_path: Path) -> None:
    stores = [FileBlocks(tmp_path, 0) for _ in range(2)]
    bodies = [bytes([n]) * 100_000 for n in range(16)]

    async def write(at: int) -> bool:
        try:
            return await stores[at % 2].put(BLOCK, bodies[at], DAY)
        except Conflict:
            return False

    async def all_at_once() -> list[bool]:
        return list(await asyncio.gather(*map(write, range(len(bodies)))))

    told = asyncio.run(all_at_once())
    assert sum(told) == 1
    assert (tmp_path / "01" / "23" / BLOCK).read_bytes() == bodies[told.index(True)]
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_block_file_carries_its_day_and_no_time(tmp_path: Path) -> None:
    asyncio.run(FileBlocks(tmp_path, 0).put(BLOCK, b"x", DAY))
    assert (tmp_path / "01" / "23" / BLOCK).stat().st_mtime % 86_400 == 0


def test_a_block_that_would_use_the_reserve_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    store = FileBlocks(tmp_path, 1 << 62)
    with pytest.raises(NoRoom):
        asyncio.run(store.put(BLOCK, b"x", DAY))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_crash_left_half_written_is_no_block_and_is_cleared(tmp_path: Path) -> None:
    store = FileBlocks(tmp_path, 0)
    (tmp_path / "incoming" / "left").write_bytes(b"half")
    assert not asyncio.run(store.has(BLOCK))
    store.clear_incoming()
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_private_file_is_replaced_whole_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_private(path, b"one")
    write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
