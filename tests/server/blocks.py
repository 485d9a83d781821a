# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks that cost nothing to make, and stores to put them into.

Rules of this file: a server looks at a block's header and length only, so that one sealed header before other bytes is a block to it.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from corncrake_crypto.identities import Identity
from corncrake_crypto.padding import BLOCK_CLASS, HEADER_FRAME, LARGE_BLOCK_CLASS, STANZA_LENGTH, wire_size
from corncrake_crypto.seal import seal
from corncrake_server.settings import Settings
from corncrake_server.storage.block_stores import open_blocks
from corncrake_server.storage.files import FileSpool
from tests.simulators.s3 import CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Mapping
    from pathlib import Path

    from corncrake_server.ports.blocks import Blocks

SMALL: Final = wire_size(1, BLOCK_CLASS)
LARGE: Final = wire_size(1, LARGE_BLOCK_CLASS)
DAY: Final = "2026-11-25"
LONGEST: Final = timedelta(minutes=2)
"""What a test that goes by the day of a service may take."""
_HEADER: Final = seal(b"", [Identity.generate().recipient])[: HEADER_FRAME + STANZA_LENGTH]


def make_block(length: int = SMALL, seed: int | None = None) -> bytes:
    """Bytes that a server takes for a block; different ones for each seed, or each time."""
    first = os.urandom(64) if seed is None else seed.to_bytes(64, "big")
    return (_HEADER + first).ljust(length, first[-1:])


def new_id() -> str:
    """An id that nothing has."""
    return os.urandom(16).hex()


def day_of_the_service() -> date:
    """The day that a service gives to what it stores from now on; before midnight it is waited for, so that no other day begins meanwhile."""
    while (datetime.now(UTC) + LONGEST).date() != (today := datetime.now(UTC).date()):
        time.sleep(1)
    return today


async def pieces_of(body: bytes, length: int = 65_536) -> AsyncIterator[bytes]:
    """A body as it comes over a line."""
    for at in range(0, len(body), length):
        yield body[at : at + length]


@dataclass(frozen=True)
class StoreKind:
    """A kind of store: what the settings say of it, and the environment."""

    name: str
    settings: Mapping[str, str]

    def open(self, folder: Path, reserve: int = 0) -> Blocks:
        """A store of this kind in a folder, as a server opens it; twice in one folder, it is as two processes on one store."""
        settings = msgspec.convert({"data_dir": str(folder), "disk_reserve": reserve, **self.settings}, Settings)
        with credentials():
            return open_blocks(settings, FileSpool(folder / "spool", reserve))


@contextmanager
def credentials() -> Generator[None]:
    """The environment in which a bucket can be opened."""
    before = {name: os.environ.get(name) for name in CREDENTIALS}
    os.environ.update(CREDENTIALS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


async def put(store: Blocks, block_id: str, body: bytes, day: str = DAY) -> bool:
    """Put a whole body."""
    return await store.put(block_id, len(body), pieces_of(body), day)


async def get(store: Blocks, block_id: str, start: int = 0, stop: int | None = None) -> bytes:
    """Read a whole block, or a part of it."""
    return b"".join([piece async for piece in await store.read(block_id, start, LARGE if stop is None else stop)])
