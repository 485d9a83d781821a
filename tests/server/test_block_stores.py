# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every store of blocks owes, asked of each of them: files, and a bucket of a real S3 service on loopback."""

import asyncio
import errno
import os
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from corncrake_crypto.encoding import parse_day
from corncrake_crypto.errors import StoreError
from corncrake_server.ports.blocks import Blocks, StoredBlock
from corncrake_server.refusals import Conflict, NoRoom, NotHere
from corncrake_server.storage.file_blocks import FileBlocks
from tests.server.blocks import DAY, LARGE, SMALL, StoreKind, day_of_the_service, get, make_block, new_id, pieces_of, put
from tests.simulators.s3 import fresh_bucket, running_s3


@pytest.fixture
def store(store_kind: StoreKind, tmp_path: Path) -> Blocks:
    return store_kind.open(tmp_path)


async def all_stored(store: Blocks) -> list[StoredBlock]:
    return sorted([block async for block in store.stored()], key=lambda block: block.id)


def left_over(folder: Path) -> list[Path]:
    """Files that are no block."""
    return [path for path in folder.rglob("*") if path.is_file() and len(path.parent.name) != 2]


@pytest.mark.parametrize("length", [SMALL, LARGE])
def test_a_block_comes_back_byte_for_byte_and_so_does_every_part_of_it(store: Blocks, length: int) -> None:
    body, name = make_block(length), new_id()
    spans = [(0, length), (0, 1), (length - 1, length), (65_535, 65_537), (length - 261_000, length - 1)]

    async def act() -> None:
        assert await put(store, name, body)
        assert await store.size(name) == length
        for start, stop in spans:
            assert await get(store, name, start, stop) == body[start:stop]

    asyncio.run(act())


def test_the_same_block_again_is_no_new_one_and_another_one_is_a_conflict_that_changes_nothing(store: Blocks) -> None:
    first, name = make_block(seed=1), new_id()
    others = [make_block(seed=2), first[:-1] + b"\xff", make_block(LARGE, seed=1)]

    async def act() -> None:
        assert await put(store, name, first)
        assert not await put(store, name, first)
        for other in others:
            with pytest.raises(Conflict):
                await put(store, name, other)
        assert await get(store, name) == first
        assert [block.size for block in await all_stored(store)] == [SMALL]

    asyncio.run(act())


def test_a_block_that_is_not_there_is_not_there(store: Blocks) -> None:
    async def act() -> None:
        name = new_id()
        assert await store.size(name) is None
        with pytest.raises(NotHere):
            await store.read(name, 0, 1)
        await store.remove(name)
        assert await all_stored(store) == []

    asyncio.run(act())


def test_of_many_that_come_at_once_under_one_id_one_wins_and_is_kept_whole(store_kind: StoreKind, tmp_path: Path) -> None:
    stores = [store_kind.open(tmp_path) for _ in range(2)]
    bodies, name = [make_block(seed=at) for at in range(12)], new_id()

    async def send(at: int) -> bool:
        try:
            return await put(stores[at % 2], name, bodies[at])
        except Conflict:
            return False

    async def act() -> None:
        told = await asyncio.gather(*map(send, range(len(bodies))))
        assert sum(told) == 1
        assert await get(stores[0], name) == bodies[told.index(True)]

    asyncio.run(act())
    assert left_over(tmp_path) == []


def test_of_many_that_bring_the_same_at_once_all_are_told_that_it_is_there(store_kind: StoreKind, tmp_path: Path) -> None:
    stores = [store_kind.open(tmp_path) for _ in range(2)]
    body, name = make_block(), new_id()

    async def act() -> None:
        told = await asyncio.gather(*(put(stores[at % 2], name, body) for at in range(12)))
        assert sum(told) == 1

    asyncio.run(act())


@pytest.mark.parametrize("sent", [0, 1, 100_000])
def test_a_block_that_breaks_off_or_is_refused_on_the_way_leaves_nothing(store: Blocks, tmp_path: Path, sent: int) -> None:
    body, name = make_block(), new_id()

    async def broken() -> AsyncIterator[bytes]:
        async for piece in pieces_of(body[:sent]):
            yield piece
        raise ConnectionResetError

    async def act() -> None:
        with pytest.raises((ConnectionResetError, StoreError)):
            await store.put(name, SMALL, broken(), DAY)
        assert await store.size(name) is None
        assert await all_stored(store) == []
        assert await put(store, name, body)

    asyncio.run(act())
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("pause", [0.0, 0.001, 0.01, 0.03])
def test_a_block_whose_taker_is_cancelled_is_whole_or_not_there(store: Blocks, tmp_path: Path, pause: float) -> None:
    body, name = make_block(LARGE), new_id()

    async def act() -> None:
        for _ in range(5):
            taking = asyncio.create_task(put(store, name, body))
            await asyncio.sleep(pause)
            taking.cancel()
            await asyncio.wait([taking])
            assert await store.size(name) in {None, LARGE}
        await put(store, name, body)
        assert await get(store, name) == body

    asyncio.run(act())
    assert left_over(tmp_path) == []


def test_blocks_are_listed_with_their_day_and_gone_when_they_are_removed(store: Blocks, store_kind: StoreKind) -> None:
    bodies = {new_id(): make_block(length) for length in (SMALL, SMALL, LARGE)}
    day = parse_day(DAY) if store_kind.name == "files" else day_of_the_service()

    async def act() -> None:
        for name, body in bodies.items():
            await put(store, name, body)
        assert await all_stored(store) == [StoredBlock(name, len(body), day) for name, body in sorted(bodies.items())]
        assert await store.day_now(parse_day(DAY)) == day
        gone, *kept = sorted(bodies)
        await store.remove(gone)
        await store.remove(gone)
        assert [block.id for block in await all_stored(store)] == kept
        assert await store.size(gone) is None
        assert await put(store, gone, bodies[gone])

    asyncio.run(act())


def test_a_block_that_is_being_read_comes_whole_though_it_is_removed(store: Blocks) -> None:
    body, name = make_block(SMALL), new_id()

    async def act() -> None:
        await put(store, name, body)
        pieces = await store.read(name, 0, SMALL)
        await store.remove(name)
        assert b"".join([piece async for piece in pieces]) == body

    asyncio.run(act())


def test_a_block_that_would_use_the_reserve_is_refused_and_leaves_nothing(store_kind: StoreKind, tmp_path: Path) -> None:
    store = store_kind.open(tmp_path, reserve=1 << 60)

    async def act() -> None:
        with pytest.raises(NoRoom):
            await put(store, new_id(), make_block())
        with pytest.raises(NoRoom):
            await store.check()
        assert await all_stored(store) == []

    asyncio.run(act())
    assert left_over(tmp_path) == []


def test_a_disk_that_fills_while_a_block_comes_is_not_filled_into_the_reserve(
    store_kind: StoreKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_kind.open(tmp_path, reserve=1_000)
    free = [10_000_000]

    def free_bytes(_: Path) -> int:
        return free[0]

    for module in ("files", "file_blocks"):
        monkeypatch.setattr(f"corncrake_server.storage.{module}.free_bytes", free_bytes)

    async def filling() -> AsyncIterator[bytes]:
        async for piece in pieces_of(make_block()):
            yield piece
            free[0] = 60_000

    async def act() -> None:
        with pytest.raises(NoRoom):
            await store.put(new_id(), SMALL, filling(), DAY)

    asyncio.run(act())
    assert left_over(tmp_path) == []


def test_a_disk_that_takes_less_than_it_is_given_at_once_gets_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, body, name = FileBlocks(tmp_path, 0), make_block(LARGE), new_id()

    def short(descriptor: int, pieces: list[bytes]) -> int:
        return os.write(descriptor, b"".join(pieces)[:70_001])

    monkeypatch.setattr(os, "writev", short)

    async def act() -> None:
        assert await put(store, name, body)
        assert await get(store, name) == body

    asyncio.run(act())


def test_a_check_leaves_nothing(store: Blocks, tmp_path: Path) -> None:
    async def act() -> None:
        await store.check()
        assert await all_stored(store) == []

    asyncio.run(act())
    assert left_over(tmp_path) == []


def test_two_hundred_blocks_in_any_order_many_at_once(store: Blocks) -> None:
    bodies = {new_id(): make_block() for _ in range(200)}
    order = [*bodies, *bodies]
    random.Random(7).shuffle(order)  # noqa: S311 - an order is no secret

    async def act() -> None:
        told = await asyncio.gather(*(put(store, name, bodies[name]) for name in order))
        assert sum(told) == len(bodies)
        for name, body in bodies.items():
            assert await get(store, name) == body

    asyncio.run(act())


def test_what_a_crash_left_half_written_is_no_block_and_is_cleared(tmp_path: Path) -> None:
    store = FileBlocks(tmp_path, 0)
    new, old = (tmp_path / "incoming" / name for name in ("new", "old"))
    for left in (new, old):
        left.write_bytes(b"half")
    before = datetime.now(UTC) - timedelta(days=3)
    os.utime(old, (before.timestamp(), before.timestamp()))

    async def act() -> None:
        assert await all_stored(store) == []
        await store.clear(alone=False)
        assert not old.exists()
        # Another process may be writing it.
        assert new.exists()
        await store.clear(alone=True)
        assert not new.exists()

    asyncio.run(act())


def test_an_error_of_the_bucket_says_what_went_wrong_and_neither_block_nor_credentials(store_kind: StoreKind, tmp_path: Path) -> None:
    if store_kind.name == "files":
        tmp_path.joinpath("blocks").mkdir()
        tmp_path.joinpath("blocks", "incoming").write_bytes(b"in the way")
        with pytest.raises(StoreError):
            asyncio.run(store_kind.open(tmp_path).check())
        return
    store, name = StoreKind("s3", {**store_kind.settings, "s3_bucket": "no-such-bucket"}).open(tmp_path), new_id()

    async def act() -> None:
        with pytest.raises(StoreError) as caught:
            await put(store, name, make_block())
        assert "NoSuchBucket" in str(caught.value)
        assert caught.value.__suppress_context__
        assert name not in str(caught.value)
        with pytest.raises(StoreError, match="NoSuchBucket"):
            await store.check()

    asyncio.run(act())


def test_a_bucket_that_writes_over_objects_gets_no_block(tmp_path: Path) -> None:
    with running_s3(careless=True) as endpoint:
        kind = StoreKind("s3", fresh_bucket(endpoint).settings)
        store = kind.open(tmp_path)

        async def act() -> None:
            for _ in range(2):
                with pytest.raises(StoreError, match="writes over objects"):
                    await store.check()
                with pytest.raises(StoreError, match="writes over objects"):
                    await put(store, new_id(), make_block())
            assert await all_stored(store) == []

        asyncio.run(act())


def test_a_disk_without_hard_links_is_found_by_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileBlocks(tmp_path, 0)

    def link(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(StoreError, match="hard links"):
        asyncio.run(store.check())
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("verb", ["stored", "clear", "read", "remove", "put", "check"])
def test_an_error_of_the_disk_is_one_of_the_store(tmp_path: Path, verb: str) -> None:
    store, name = FileBlocks(tmp_path, 0), "ab" * 16
    # A file where a folder must be: what a damaged disk, or a person, may leave.
    (tmp_path / "incoming").rmdir()
    for in_the_way in ("incoming", "ab"):
        (tmp_path / in_the_way).touch()

    async def act() -> None:
        acts = {
            "stored": lambda: all_stored(store),
            "clear": lambda: store.clear(alone=True),
            "read": lambda: get(store, name),
            "remove": lambda: store.remove(name),
            "put": lambda: put(store, name, make_block()),
            "check": store.check,
        }
        with pytest.raises(StoreError):
            await acts[verb]()

    asyncio.run(act())


def test_who_asks_again_whether_a_block_is_there_costs_no_sync_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, again, name, synced = FileBlocks(tmp_path, 0), FileBlocks(tmp_path, 0), new_id(), list[Path]()
    monkeypatch.setattr("corncrake_server.storage.file_blocks.sync_folder", synced.append)

    async def act() -> None:
        await put(store, name, make_block())
        for asked in (store, again):
            synced.clear()
            for _ in range(5):
                assert await asked.size(name) == SMALL
            assert synced == [tmp_path / name[:2] / name[2:4]]
        # Removed and put again, its name may not be on the disk again.
        synced.clear()
        await again.remove(name)
        await again.size(new_id())
        await put(again, name, make_block())
        synced.clear()
        await store.size(name)
        assert len(synced) == 1

    asyncio.run(act())
