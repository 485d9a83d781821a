# SPDX-License-Identifier: AGPL-3.0-or-later
"""Brings a database's tables up or down, and says where they stand."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from corncrake_crypto.errors import Failure, StoreError

if TYPE_CHECKING:
    from corncrake_server.storage.database import Database

_DOWN: Final = "base"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("corncrake_server") / "migrations").replace("%", "%%"))
    return config


async def migrate(database: Database, revision: str = "head") -> None:
    """Bring the tables to `revision`: `head` is the newest, `base` is none.

    Raises:
        StoreError: `store`.
    """

    def run(connection: sa.Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        current = MigrationContext.configure(connection).get_current_revision()
        known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
        older = current in known and revision in known and known.index(revision) > known.index(current)
        (command.downgrade if revision == _DOWN or older else command.upgrade)(config, revision)
        if revision == _DOWN:
            # Nothing is left, so that a backup can be brought back into this database.
            connection.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))

    async with database.writing() as connection:
        await connection.run_sync(run)


async def check_schema(database: Database) -> None:
    """Check that the tables are those of this program.

    Raises:
        StoreError: `store`: they are older, newer or missing.
    """
    wanted, found = _wanted(), await _found(database)
    if found != wanted:
        raise StoreError(Failure.STORE, f"the tables are at {found or 'nothing'}, not {wanted}: run `migrate up`")


async def is_current(database: Database) -> bool:
    """Say whether the tables are those of this program.

    Raises:
        StoreError: `store`: the database does not answer.
    """
    return await _found(database) == _wanted()


def _wanted() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


async def _found(database: Database) -> str | None:
    async with database.reading() as connection:
        return await connection.run_sync(lambda there: MigrationContext.configure(there).get_current_revision())
