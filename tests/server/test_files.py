# SPDX-License-Identifier: AGPL-3.0-or-later
"""Small files that are replaced whole, and the spool."""

import asyncio
import threading
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from corncrake_crypto.errors import StoreError
from corncrake_server.refusals import NoRoom
from corncrake_server.storage.files import FileSpool, write_private


def test_a_private_file_is_replaced_whole_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_private(path, b"one")
    write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_spooled_never_reaches_the_reserve_however_much_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool, written = FileSpool(tmp_path, 1_000), list[int]()

    def free_bytes(_: Path) -> int:
        return 10_000 - sum(written)

    monkeypatch.setattr("corncrake_server.storage.files.free_bytes", free_bytes)

    async def act() -> None:
        with spool.open(4_000) as one, spool.open(4_000) as other:
            for at in range(20):
                await spool.write((one, other)[at % 2], bytes(1_000))
                written.append(1_000)

    with pytest.raises(NoRoom):
        asyncio.run(act())
    assert sum(written) == 9_000


def test_a_disk_that_is_full_is_an_error_of_the_store(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path, 0)
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(StoreError):
        asyncio.run(spool.write(cast("BinaryIO", full), b"piece"))


def test_who_is_cancelled_leaves_when_nothing_writes_any_more(tmp_path: Path) -> None:
    spool, begun, go_on, ended = FileSpool(tmp_path, 0), threading.Event(), threading.Event(), threading.Event()

    class SlowFile:
        def write(self, piece: memoryview) -> int:
            begun.set()
            go_on.wait(60)
            ended.set()
            return len(piece)

    async def act() -> None:
        writing = asyncio.create_task(spool.write(cast("BinaryIO", SlowFile()), b"piece"))
        await asyncio.to_thread(begun.wait, 60)
        writing.cancel()
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.wait([writing])
        assert writing.cancelled()
        assert ended.is_set()

    asyncio.run(act())
