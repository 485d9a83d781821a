# SPDX-License-Identifier: AGPL-3.0-or-later
"""The store: one SQLCipher file, opened with a 32-byte key, and beside it a folder of sealed blocks.

Rules of this file: every change happens inside `transaction`, whole or not at all, synced before it returns. What is deleted
is overwritten (`secure_delete`), and no plain temporary file is written. Nothing here knows what the tables mean.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Self, cast

from sqlcipher3 import dbapi2

from corncrake_crypto.errors import Failure, StoreError, UsageError
from corncrake_vault.store.block_files import BLOCKS_FOLDER, BlockFiles
from corncrake_vault.store.schema import STEPS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

DATABASE_FILE: Final = "vault.db"

Row = tuple[Any, ...]
"""One row; the caller names the types of its columns where it unpacks them."""


class InUseError(StoreError):
    """Another command has the store for itself just now."""


class Store:
    """An open store. Close it, or use it in a `with` statement.

    Attributes:
        blocks: the sealed blocks; what is put there inside a transaction is there when it is committed, and not when it is not.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        """Open or create the file at `path` (0600) under the 32-byte `key`, and bring its tables up to date.

        Raises:
            InUseError: `store`: another command has it for itself.
            StoreError: `store`: it is damaged, the key is another one's, or it was written by a newer version.
        """
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self.blocks = BlockFiles(path.parent / BLOCKS_FOLDER)
        self._connection = cast("Any", dbapi2.connect(str(path), isolation_level=None, timeout=5))
        try:
            self._connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
            for setting in (
                "cipher_memory_security = ON",
                "foreign_keys = ON",
                "secure_delete = ON",
                "temp_store = MEMORY",
                "journal_mode = DELETE",
                "synchronous = EXTRA",
            ):
                self._connection.execute(f"PRAGMA {setting}").fetchall()
            self._migrate()
        except dbapi2.Error as error:
            self._connection.close()
            if _is_busy(error):
                raise InUseError(Failure.STORE, "the vault is in use by another command: wait until it is done") from error
            raise StoreError(Failure.STORE, "the store cannot be opened: another command has just changed its key, or it is damaged") from error

    def _steps_done(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _migrate(self) -> None:
        done = self._steps_done()
        if done > len(STEPS):
            raise StoreError(Failure.STORE, "the store was written by a newer version; use that one")
        for number in range(done, len(STEPS)):
            with self.transaction():
                if self._steps_done() > number:
                    # Another command that began at the same time was first.
                    continue
                for statement in STEPS[number]:
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {number + 1}")

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Do what the block does whole, or, when it raises, not at all.

        Raises:
            StoreError: `store`: the disk is full or refuses; nothing was changed.
        """
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.blocks.sync()
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                    self.blocks.take_back()
                raise
            finally:
                self.blocks.keep()
        except dbapi2.Error as error:
            raise StoreError(Failure.STORE, f"the store refused, and nothing was changed: {error}") from error

    @contextmanager
    def attempt(self) -> Generator[None]:
        """Within a transaction: undo what the block did when it raises, and leave the rest of the transaction as it is."""
        self._connection.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO attempt")
            raise
        finally:
            self._connection.execute("RELEASE attempt")

    def run(self, statement: str, values: Sequence[object] = ()) -> None:
        """Run one statement that changes something; only inside `transaction`."""
        self._connection.execute(statement, tuple(values))

    def insert(self, statement: str, values: Sequence[object]) -> int:
        """Run one INSERT and return the number of the new row."""
        return int(self._connection.execute(statement, tuple(values)).lastrowid)

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """Return all rows of a query.

        Raises:
            StoreError: `store`: another command has the store for itself, or has given it another key; so do `row`, `each` and `fact`.
            UsageError: `misuse`: a value is none that a store can hold.
        """
        with _reading():
            return cast("list[Row]", self._connection.execute(statement, tuple(values)).fetchall())

    def row(self, statement: str, values: Sequence[object] = ()) -> Row | None:
        """Return the first row of a query, or None."""
        with _reading():
            return cast("Row | None", self._connection.execute(statement, tuple(values)).fetchone())

    def each(self, statement: str, values: Sequence[object] = ()) -> Iterator[Row]:
        """Yield the rows of a query one by one."""
        with _reading():
            yield from cast("Iterator[Row]", self._connection.execute(statement, tuple(values)))

    def fact(self, name: str) -> bytes | None:
        """Return the single value with this name, or None."""
        row = self.row("SELECT value FROM facts WHERE name = ?", (name,))
        return None if row is None else bytes(row[0])

    def set_fact(self, name: str, value: bytes) -> None:
        """Set the single value with this name; only inside `transaction`."""
        self.run("INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value))

    def next_number(self, name: str) -> int:
        """Count up the counter with this name and return it, from 1; only inside `transaction`."""
        number = int(self.fact(name) or b"0") + 1
        self.set_fact(name, b"%d" % number)
        return number

    def raise_number(self, name: str, least: int) -> None:
        """Make the counter with this name at least `least`; only inside `transaction`."""
        if int(self.fact(name) or b"0") < least:
            self.set_fact(name, b"%d" % least)

    @contextmanager
    def alone(self) -> Generator[None]:
        """Keep every other command out while the block runs; not inside a transaction.

        Raises:
            StoreError: `store`: another command is reading or writing, or has given the store another key; nothing was changed.
        """
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
            # From here on the end of a transaction does not let go of the lock; nor would it remove the journal, which has pages under the old key.
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
            self._connection.execute("COMMIT")
            self._connection.execute("PRAGMA journal_mode = TRUNCATE").fetchall()
        except dbapi2.Error as error:
            raise StoreError(Failure.STORE, "the vault is in use by another command, or another one has changed it; nothing was changed") from error
        try:
            yield
        finally:
            # When the disk refuses even this, the lock goes when the store is closed.
            with suppress(dbapi2.Error):
                self._connection.execute("PRAGMA locking_mode = NORMAL").fetchall()
                self._connection.execute("PRAGMA journal_mode = DELETE").fetchall()
                self._connection.execute("SELECT 1 FROM facts LIMIT 1").fetchall()

    def change_key(self, key: bytes) -> None:
        """Write the whole store anew under another 32-byte key, whole or not at all; only inside `alone`.

        Raises:
            StoreError: `store`: the disk is full or refuses; the old key opens it.
        """
        try:
            self._connection.execute(f"PRAGMA rekey = \"x'{key.hex()}'\"").fetchall()
        except dbapi2.Error as error:
            raise StoreError(Failure.STORE, f"the store refused, and the old passphrase still opens it: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()


def _is_busy(error: dbapi2.Error) -> bool:
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) == dbapi2.SQLITE_BUSY


@contextmanager
def _reading() -> Generator[None]:
    try:
        yield
    except (OverflowError, UnicodeEncodeError) as error:
        raise UsageError(Failure.MISUSE, "nothing here has such a number or name; nothing was changed") from error
    except dbapi2.Error as error:
        said = f"the store cannot be read ({error}): another command is using it or has changed its key, or it is damaged"
        raise StoreError(Failure.STORE, said) from error
