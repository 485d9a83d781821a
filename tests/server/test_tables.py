# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables go up and down, and are those of the program."""

import asyncio

import pytest

from corncrake_crypto.errors import StoreError
from corncrake_server.storage.database import Database
from corncrake_server.storage.schema import check_schema, migrate


def test_tables_go_up_and_down_and_up(database_url: str) -> None:
    database = Database(database_url)

    async def work() -> None:
        try:
            with pytest.raises(StoreError):
                await check_schema(database)
            for revision in ("head", "base", "head"):
                await migrate(database, revision)
            await check_schema(database)
            await migrate(database, "head")
        finally:
            await database.close()

    asyncio.run(work())


def test_the_migrations_make_the_tables_that_the_program_has(database_url: str) -> None:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415
    from alembic.migration import MigrationContext  # noqa: PLC0415

    from corncrake_server.storage.tables import METADATA  # noqa: PLC0415

    database = Database(database_url)

    async def work() -> None:
        try:
            await migrate(database)
            async with database.reading() as connection:
                found = await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), METADATA))
            assert found == []
        finally:
            await database.close()

    asyncio.run(work())


def test_what_a_url_says_in_numbers_reaches_the_driver_as_such(postgres_url: str) -> None:
    database = Database(f"{postgres_url}&timeout=10&command_timeout=10&statement_cache_size=0&max_cached_statement_lifetime=0")

    async def work() -> None:
        try:
            await migrate(database)
        finally:
            await database.close()

    asyncio.run(work())
