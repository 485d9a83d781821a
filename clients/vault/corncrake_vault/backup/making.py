# SPDX-License-Identifier: AGPL-3.0-or-later
"""A backup: a vault of its own, under its own passphrase, with the cases and without any secret that is to be destroyed.

Rules of this file: secrets of weekly and recovery keys, and the organisation's key, are never written into it, not even to be deleted again. It is
whole or it is an empty vault. It knows that it is a backup, and until which day it knows anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from corncrake_crypto.errors import Failure, StoreError, UsageError
from corncrake_vault.backup.returning import note_made
from corncrake_vault.keys.passphrase import create_key_file
from corncrake_vault.store.database import DATABASE_FILE, Store

if TYPE_CHECKING:
    from pathlib import Path

    from corncrake_vault.vault import Vault

LEFT_OUT: Final = frozenset({"prekey_secrets", "recovery_secrets"})
"""Tables of secrets that have an end: a backup would outlive it."""
_KEYS_ON_PAPER: Final = frozenset({"organisation", "successor"})
_BLOCKS: Final = "SELECT id FROM blocks WHERE state = 'here' UNION ALL SELECT id FROM derived_blocks"


def make_backup(vault: Vault, folder: Path, passphrase: str) -> int:
    """Write a backup into a new folder (0700); return how many sealed blocks are in it.

    Raises:
        UsageError: `misuse`: the passphrase is too short.
        StoreError: `store`: the folder is there already, the disk is full or refuses; the vault itself was not changed.
    """
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise StoreError(Failure.STORE, f"the folder {folder.name} cannot be made new: {error.strerror}; nothing was written") from error
    try:
        key = create_key_file(folder, passphrase)
    except UsageError:
        # Nothing lies in it yet, and the next try is to find its place free.
        folder.rmdir()
        raise
    with Store(folder / DATABASE_FILE, key) as copy, copy.transaction():
        copy.run("PRAGMA defer_foreign_keys = ON")
        # Other commands wait: the end of the log from before an import, and its leaves from after it, would fit no log.
        with vault.store.transaction():
            for (table,) in vault.store.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid"):
                if table not in LEFT_OUT:
                    _copy_rows(vault.store, copy, str(table))
        count = 0
        for (block,) in copy.each(_BLOCKS):
            if sealed := vault.store.blocks.read(str(block)):
                copy.blocks.put(str(block), sealed)
                count += 1
        note_made(copy, vault.today)
    return count


def _copy_rows(source: Store, copy: Store, table: str) -> None:
    columns = len(source.rows(f"PRAGMA table_info({table})"))
    places = ", ".join("?" * columns)
    for row in source.each(f"SELECT * FROM {table}"):  # noqa: S608 - the name stands in the schema
        if table != "facts" or row[0] not in _KEYS_ON_PAPER:
            copy.run(f"INSERT INTO {table} VALUES ({places})", row)  # noqa: S608 - the same
