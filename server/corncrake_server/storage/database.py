# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opens SQLite or PostgreSQL so that a commit means: on the disk.

Rules of this file: SQLite runs in WAL with `synchronous=FULL`; its writer has one connection and begins IMMEDIATE, so that a
busy database waits at the beginning and not in the middle. PostgreSQL runs with `synchronous_commit=on`. Statements are never
logged, and errors never show parameters.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections import defaultdict
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.event import listens_for
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from corncrake_crypto.errors import Failure, StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_BUSY_MS: Final = 30_000
_EMPTYING_MS: Final = 500
"""Until who reads is let read: nothing is written meanwhile, and reporters wait."""
_WORDS: Final = frozenset(
    {"host", "port", "user", "password", "passfile", "service", "servicefile", "database", "ssl", "direct_tls", "target_session_attrs"}
    | {"krbsrvname", "gsslib", "prepared_statement_cache_size"}
)
"""What may stand behind the question mark of a URL of PostgreSQL as it is: the driver's own words, which are not those of psql."""
_NUMBERS: Final = frozenset(
    {"timeout", "command_timeout", "statement_cache_size", "max_cached_statement_lifetime", "max_cacheable_statement_size"},
)
"""What else may, and the driver takes as a number only."""
QUICK_CHECK: Final = "PRAGMA quick_check(1)"


def check_sound(answer: object) -> None:
    """Check what SQLite answered to `QUICK_CHECK`.

    Raises:
        StoreError: `store`.
    """
    if answer != "ok":
        raise StoreError(Failure.STORE, "the database is damaged")


def _parsed(url: str) -> sa.URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UsageError(Failure.MISUSE, "database_url is no SQLAlchemy URL, such as postgresql+asyncpg://NAME@/NAME?host=/run/postgresql") from error
    if parsed.drivername == "postgresql+asyncpg" and (unknown := sorted(parsed.query.keys() - _WORDS - _NUMBERS)):
        raise UsageError(Failure.MISUSE, f"asyncpg does not know what database_url says: {', '.join(unknown)}; for TLS it has ssl=require")
    return parsed


def _postgresql_engine(url: sa.URL) -> AsyncEngine:
    try:
        numbers = {name: int(str(value)) for name, value in url.query.items() if name in _NUMBERS}
        return create_async_engine(
            url,
            hide_parameters=True,
            pool_size=8,
            max_overflow=8,
            connect_args={"server_settings": {"synchronous_commit": "on", "timezone": "UTC"}} | numbers,
        )
    except (ArgumentError, ValueError) as error:
        raise UsageError(Failure.MISUSE, "database_url has something else where asyncpg needs a number, or several hosts without ports") from error


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


async def _empty_log(driver: Any) -> bool:
    """Move all of SQLite's write-ahead log into the database and empty it; say whether somebody who reads kept it from that."""
    await driver.execute(f"PRAGMA busy_timeout={_EMPTYING_MS}")
    try:
        async with driver.execute("PRAGMA wal_checkpoint(TRUNCATE)") as answer:
            return bool((await answer.fetchone())[0])
    finally:
        await driver.execute(f"PRAGMA busy_timeout={_BUSY_MS}")


def _lock_key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


class Database:
    """The engines of one process."""

    def __init__(self, url: str) -> None:
        """Make the engines; nothing is connected yet.

        Raises:
            UsageError: `misuse`: no URL, one of another database or driver, or one that says what the driver does not know.
        """
        parsed = _parsed(url)
        self._locks = defaultdict[str, asyncio.Lock](asyncio.Lock)
        self.is_sqlite: Final = parsed.drivername == "sqlite+aiosqlite"
        self.path: Final = Path(parsed.database or "") if self.is_sqlite else None
        if self.is_sqlite:
            self._writer = _sqlite_engine(parsed, "BEGIN IMMEDIATE", 1)
            self._reader = _sqlite_engine(parsed, "BEGIN", 4)
        elif parsed.drivername == "postgresql+asyncpg":
            self._writer = self._reader = _postgresql_engine(parsed)
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

    async def scrub(self, table: str) -> None:
        """Have what deleted rows have left behind overwritten or given free, as far as a database does that.

        SQLite has overwritten them in its file (`secure_delete`); what its write-ahead log still has of them goes with it. PostgreSQL gives their
        places free for others, and keeps what its own log and copies of it have.

        Raises:
            StoreError: `store`; in SQLite also while another program reads the database, which nobody waits for longer than a moment.
        """
        busy = False
        try:
            async with (self._writer if self.is_sqlite else self._writer.execution_options(isolation_level="AUTOCOMMIT")).connect() as connection:
                if self.is_sqlite:
                    # Beside SQLAlchemy, which would begin a transaction, and in one nothing can be done to the log.
                    busy = await _empty_log((await connection.get_raw_connection()).driver_connection)
                else:
                    await connection.exec_driver_sql(f"VACUUM {table}")
        except (SQLAlchemyError, OSError, sqlite3.Error) as error:
            raise StoreError(Failure.STORE, "what was deleted could not be given free in the database") from error
        if busy:
            raise StoreError(
                Failure.STORE,
                "the write-ahead log may still have what was deleted: a backup or another program reads it; the next publication tries again",
            )

    @asynccontextmanager
    async def exclusive(self, name: str) -> AsyncGenerator[None]:
        """Hold the lock `name` among all processes of a PostgreSQL database; SQLite has one process only, and it is one of that."""
        if self.is_sqlite:
            async with self._locks[name]:
                yield
            return
        async with self.reading() as connection:
            # Held by the transaction, so that it ends with the process, however that ends.
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_lock_key(name))))
            yield

    async def lock(self, connection: AsyncConnection, name: str, *, shared: bool = False) -> None:
        """Hold the lock `name`, alone or with all who share it, to the end of a transaction that writes; in SQLite each is alone as it is."""
        if not self.is_sqlite:
            take = sa.func.pg_advisory_xact_lock_shared if shared else sa.func.pg_advisory_xact_lock
            await connection.execute(sa.select(take(_lock_key(name))))

    def insert(self, table: sa.Table) -> Any:
        """Return an INSERT of this database's dialect, which knows ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    async def close(self) -> None:
        """Close all connections."""
        await self._writer.dispose()
        await self._reader.dispose()
