# SPDX-License-Identifier: AGPL-3.0-or-later
"""All that is kept of a block: this list fails when more appears. What no test can see is in SECURITY.md."""

import asyncio
import os
import stat
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import obstore
from obstore.store import S3Store

from corncrake_server.ports.blocks import StoredBlock
from corncrake_server.storage.tables import METADATA
from tests.server.blocks import DAY, LARGE, SMALL, StoreKind, credentials, get, make_block, put
from tests.server.running import PATIENCE_S
from tests.simulators.s3 import REGION, fresh_bucket

SERVICE: Final = {"x-amz-request-id", "x-amz-id-2", "x-amz-content-sha256", "x-amz-checksum-crc32", "x-amz-storage-class", "x-amz-version-id"}
MIDNIGHT = int(datetime.fromisoformat(DAY).replace(tzinfo=UTC).timestamp())
BLOCKS = {"0123456789abcdef" * 2: make_block(SMALL), "fedcba9876543210" * 2: make_block(LARGE)}


def store_all(kind: StoreKind, folder: Path) -> None:
    """Store the blocks, and do with them what is done with blocks."""
    store = kind.open(folder)

    async def act() -> None:
        for name, body in BLOCKS.items():
            await put(store, name, body)
            await put(store, name, body)
            assert await store.size(name) == len(body)
            assert await get(store, name) == body
        await store.check()
        assert {block.id async for block in store.stored()} == set(BLOCKS)

    asyncio.run(act())


def test_of_a_block_in_a_file_there_are_id_bytes_and_day(tmp_path: Path) -> None:
    store_all(StoreKind("files", {}), tmp_path)
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if not path.is_dir()}
    assert names == {f"blocks/{name[:2]}/{name[2:4]}/{name}" for name in BLOCKS}
    for name, body in BLOCKS.items():
        path = tmp_path / "blocks" / name[:2] / name[2:4] / name
        status = path.stat()
        assert (stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode)) == (stat.S_IFREG, 0o600)
        assert (status.st_mtime_ns, status.st_atime_ns) == (MIDNIGHT * 10**9, MIDNIGHT * 10**9)
        assert (status.st_size, status.st_nlink, status.st_uid) == (len(body), 1, os.geteuid())
        assert os.listxattr(path) == []
        assert path.read_bytes() == body
    for folder in (tmp_path / "blocks").rglob("*"):
        assert folder.is_file() or stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_of_a_block_in_a_bucket_there_are_id_and_bytes_and_what_the_service_adds_to_every_object(s3_endpoint: str, tmp_path: Path) -> None:
    bucket = fresh_bucket(s3_endpoint)
    store_all(StoreKind("s3", bucket.settings), tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    with credentials():
        opened = S3Store(bucket.name, config={"region": REGION, "endpoint": s3_endpoint}, client_options={"allow_http": True})
    keys = [found["path"] for some in obstore.list(opened) for found in some]  # pyright: ignore[reportUnknownMemberType]
    assert sorted(keys) == [f"blocks/{name}" for name in sorted(BLOCKS)]
    for name, body in BLOCKS.items():
        answer = httpx.get(obstore.sign(opened, "GET", f"blocks/{name}", timedelta(hours=1)), timeout=PATIENCE_S)
        assert answer.content == body
        # The service's own: a time of its clock, a checksum of the bytes, and the type that it gives to what has none.
        assert answer.headers["content-type"] == "binary/octet-stream"
        ours = {key for key in answer.headers if key.startswith("x-amz-")} - SERVICE
        assert ours == set()


def test_no_table_knows_of_blocks_but_that_of_what_reviewers_wait_for() -> None:
    holding = {table.name: set(table.columns.keys()) for table in METADATA.tables.values() if "block" in table.columns}
    assert holding == {"wanted": {"block", "reviewer"}}
    assert {field.name for field in fields(StoredBlock)} == {"id", "size", "day"}
