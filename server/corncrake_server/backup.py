# SPDX-License-Identifier: AGPL-3.0-or-later
"""Backup and restore: everything but the log key and the note of its last head, which stay where they are.

Rules of this file: the database is copied first and the blocks after it, since a block is never changed, and one that is removed
meanwhile, for its age, is nobody's. Blocks in a bucket are not copied. A backup is complete when its file `complete` is there. A
restored database that is older than the last head the log key signed is refused by the server: to go on from it would be to sign
two histories.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING, Final

from sqlalchemy.engine import make_url

from corncrake_crypto.errors import Failure, StoreError
from corncrake_server.storage.database import QUICK_CHECK, Database, check_sound
from corncrake_server.storage.files import sync_folder, write_private
from corncrake_server.storage.log import SqlLog
from corncrake_server.storage.process_lock import ProcessLock
from corncrake_server.storage.schema import is_current

if TYPE_CHECKING:
    from pathlib import Path

    from corncrake_server.settings import Settings

_SQLITE: Final = "database.sqlite3"
_POSTGRES: Final = "database.dump"
_BLOCKS: Final = "blocks"
_COMPLETE: Final = "complete"
_NAMES: Final = {
    "PGHOST": "host",
    "PGPORT": "port",
    "PGUSER": "user",
    "PGPASSWORD": "password",
    "PGPASSFILE": "passfile",
    "PGSERVICE": "service",
    "PGSERVICEFILE": "servicefile",
    "PGSSLMODE": "ssl",
}
"""How PostgreSQL's programs call what a URL says for the driver."""


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy an SQLite database as of one moment, also while a server writes to it."""
    if not source.exists():
        raise StoreError(Failure.STORE, "there is no database to copy")
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")


def _postgres(program: str, url: str, *words: str) -> None:
    """Run pg_dump or pg_restore on a database; how it is reached goes by the environment, not by its arguments."""
    parsed = make_url(url)
    # What stands behind the question mark counts for the server too.
    said = {"host": parsed.host, "port": parsed.port, "user": parsed.username, "password": parsed.password} | dict(parsed.query)
    named = {variable: said.get(name) for variable, name in _NAMES.items()}
    environment = os.environ | {name: str(value) for name, value in named.items() if value}
    command = [program, "--dbname", parsed.database or "", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - a list, not a shell's
    if done.returncode:
        raise StoreError(Failure.STORE, f"{program} has failed: {done.stderr.strip()[-300:]}")


def _copy_blocks(source: Path, target: Path) -> int:
    """Copy the blocks that `target` has not; return how many there are then."""
    target.mkdir(mode=0o700, exist_ok=True)
    count = 0
    for block in source.glob("??/??/*"):
        copy = target / block.relative_to(source)
        if copy.exists():
            count += 1
            continue
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = copy.with_name(f".{copy.name}")
        try:
            shutil.copy2(block, part)
        except FileNotFoundError:  # expired meanwhile
            part.unlink(missing_ok=True)
            continue
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(copy)
        sync_folder(copy.parent)
        sync_folder(copy.parent.parent)
        count += 1
    sync_folder(target)
    return count


def _back_up(settings: Settings, folder: Path) -> str:
    folder.mkdir(mode=0o700, parents=True)
    path = Database(settings.url).path
    if path is not None:
        _copy_sqlite(path, folder / _SQLITE)
        with (folder / _SQLITE).open("rb") as file:
            os.fsync(file.fileno())
    else:
        _postgres("pg_dump", settings.url, "--format=custom", "--no-owner", f"--file={folder / _POSTGRES}")
    if settings.block_store != "files":
        write_private(folder / _COMPLETE, b"")
        return "copied the database; the blocks are in the bucket, and what keeps that is to keep them"
    count = _copy_blocks(settings.data / _BLOCKS, folder / _BLOCKS)
    write_private(folder / _COMPLETE, b"")
    return f"copied the database and {count} blocks"


def _restore_sqlite(copy: Path, path: Path) -> None:
    """Put a copied database into its place, which must be empty."""
    # The write-ahead log of another database would be played into this one, and leave neither.
    there = [left for left in (path.with_name(path.name + ending) for ending in ("", "-wal", "-shm", "-journal")) if left.exists()]
    if there:
        raise StoreError(Failure.STORE, f"move these away first, all together: {', '.join(map(str, there))}")
    part = path.with_name(f".{path.name}.restore")
    shutil.copyfile(copy, part)
    part.chmod(0o600)
    _check_copy(part)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.rename(path)
    sync_folder(path.parent)


def _check_copy(path: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as database:
            check_sound(database.execute(QUICK_CHECK).fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise StoreError(Failure.STORE, "the database in this backup is damaged") from error


def _restore(settings: Settings, folder: Path) -> str:
    if not (folder / _COMPLETE).exists():
        raise StoreError(Failure.STORE, "this is no complete backup")
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = ProcessLock(settings.data)
    try:
        path = Database(settings.url).path
        if path is not None:
            _restore_sqlite(folder / _SQLITE, path)
        else:
            _postgres("pg_restore", settings.url, "--no-owner", "--single-transaction", "--exit-on-error", str(folder / _POSTGRES))
        count = _copy_blocks(folder / _BLOCKS, settings.data / _BLOCKS)
    finally:
        lock.close()
    return f"restored the database and {count} blocks; now run `corncrake-server check`"


async def back_up(settings: Settings, folder: Path) -> str:
    """Copy database and blocks into a new folder, also while the server runs; return what to say.

    Raises:
        StoreError: `store`.
    """
    return await asyncio.to_thread(_back_up, settings, folder)


async def _note_served(settings: Settings) -> None:
    """Note the newest head as served: it may have been, after the backup, which still waits for its cosignatures."""
    database = Database(settings.url)
    try:
        # Tables of an older program have no place for it.
        if await is_current(database) and (head := await SqlLog(database).head()) is not None:
            await SqlLog(database).note_served(head)
    finally:
        await database.close()


async def restore(settings: Settings, folder: Path) -> str:
    """Bring a backup back into an empty data folder and database, the server not running; return what to say.

    Raises:
        StoreError: `store`: the backup is not complete or damaged, or there is a database already, or what one has left.
    """
    said = await asyncio.to_thread(_restore, settings, folder)
    await _note_served(settings)
    return said
