# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opens SQLite or PostgreSQL so that a commit means: on the disk.

Rules of this file: SQLite runs in WAL with `synchronous=FULL`; its writer has one connection and begins IMMEDIATE, so that a
busy database waits at the beginning and not in the middle. PostgreSQL runs with `synchronous_commit=on`. Statements are never
logged, and errors never show parameters.
"""

from __future__ import annotations

import hashlib
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.event import listens_for
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from corncrake_crypto.errors import Failure, StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_BUSY_MS: Final = 30_000
QUICK_CHECK: Final = "PRAGMA quick_check(1)"


def check_sound(answer: object) -> None:
    """Check what SQLite answered to `QUICK_CHECK`.

    Raises:
        StoreError: `store`.
    """
    if answer != "ok":
        raise StoreError(Failure.STORE, "the database is damaged")


def _sqlite_engine(url: sa.URL, begin: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=60,
        poolclass=sa.pool.AsyncAdaptedQueuePool,
        skip_autocommit_rollback=False,
    )

    @listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:  # pyright: ignore[reportUnusedFunction]
        # The driver's own BEGIN is deferred and comes late; ours is in `on_begin`.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY_MS}", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @listens_for(engine.sync_engine, "begin")
    def on_begin(connection: sa.Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.exec_driver_sql(begin)

    return engine


class Database:
    """The engines of one process."""

    def __init__(self, url: str) -> None:
        """Make the engines; nothing is connected yet.

        Raises:
            UsageError: `misuse`: a URL of another database or driver.
        """
        parsed = make_url(url)
        self.is_sqlite: Final = parsed.drivername == "sqlite+aiosqlite"
        self.path: Final = Path(parsed.database or "") if self.is_sqlite else None
        if self.is_sqlite:
            self._writer = _sqlite_engine(parsed, "BEGIN IMMEDIATE", 1)
            self._reader = _sqlite_engine(parsed, "BEGIN", 4)
        elif parsed.drivername == "postgresql+asyncpg":
            self._writer = self._reader = create_async_engine(
                parsed,
                hide_parameters=True,
                pool_size=8,
                max_overflow=8,
                connect_args={"server_settings": {"synchronous_commit": "on", "timezone": "UTC"}},
            )
        else:
            raise UsageError(Failure.MISUSE, "the database is sqlite+aiosqlite or postgresql+asyncpg")

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncConnection]:
        """Give a connection in a transaction for reading.

        Raises:
            StoreError: `store`, when the database fails.
        """
        try:
            async with self._reader.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(Failure.STORE, "the database could not be read") from error

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncConnection]:
        """Give a connection in a transaction, committed durably when the block ends without an error.

        Raises:
            StoreError: `store`, when the database fails.
        """
        try:
            async with self._writer.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise StoreError(Failure.STORE, "the database could not be written") from error

    async def check_integrity(self) -> None:
        """Read a whole SQLite database, and check that it is one; PostgreSQL looks after itself.

        Raises:
            StoreError: `store`: it is not there, or damaged.
        """
        if self.path is None:
            return
        if not self.path.exists():
            raise StoreError(Failure.STORE, "there is no database")
        async with self.reading() as connection:
            check_sound((await connection.exec_driver_sql(QUICK_CHECK)).scalar())

    @asynccontextmanager
    async def exclusive(self, name: str) -> AsyncGenerator[None]:
        """Hold the lock `name` among all processes of a PostgreSQL database; SQLite has one process only."""
        if self.is_sqlite:
            yield
            return
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        async with self.reading() as connection:
            # Held by the transaction, so that it ends with the process, however that ends.
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
            yield

    def insert(self, table: sa.Table) -> Any:
        """Return an INSERT of this database's dialect, which knows ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    async def close(self) -> None:
        """Close all connections."""
        await self._writer.dispose()
        await self._reader.dispose()
