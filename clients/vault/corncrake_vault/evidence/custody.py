# SPDX-License-Identifier: AGPL-3.0-or-later
"""Custody: the hash of each original, taken when all of it has come, with the day and the version that took it.

Rules of this file: a file is rebuilt by streaming and nothing of it is written: the original stays as it came, sealed. What is recorded is what was
found, also when it is not what the reporter signed; it is never taken back.

Source: crypto/spec/block.md §4; crypto/spec/report.md §5.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from corncrake_crypto.errors import Failure, FileError, PeerError
from corncrake_vault.inbox.promises import Fault
from corncrake_vault.threads.files import want_again
from corncrake_vault.threads.opening import FileOnShelf, file_text

if TYPE_CHECKING:
    from concurrent.futures import Future

    from corncrake_vault.store.database import Store
    from corncrake_vault.vault import Vault

RIGHT: Final = "right"
"""It is what the reporter signed."""
UNSIGNED: Final = "unsigned"
"""A recording that ended by its last block: nobody signed a hash."""
OTHER: Final = "other"
"""It is not what the reporter signed."""

_ARRIVED: Final = (
    "SELECT message, file FROM files f WHERE checked IS NULL AND blocks IS NOT NULL AND blocks = (SELECT count(*) FROM blocks b"
    " WHERE b.message = f.message AND b.file = f.file AND b.place < f.blocks AND b.state = 'here') ORDER BY message, file"
)


def check_arrived(vault: Vault) -> list[Fault]:
    """Take the hash of every file of which the last block has come since, and return what is not as it was signed."""
    found: list[Fault] = []
    for message, place in vault.store.rows(_ARRIVED):
        shelf = FileOnShelf(vault.store, int(message), int(place))
        try:
            sha256, size = rebuilt(shelf)
        except (FileError, PeerError):
            want_again(shelf)
            found.append(
                Fault(Failure.BLOCK, f"blocks of {file_text(vault.store, shelf.message, shelf.place)} were damaged here; they are asked for again")
            )
            continue
        checked = UNSIGNED if shelf.sha256 is None else RIGHT if (sha256, size) == (shelf.sha256, shelf.size) else OTHER
        with vault.store.transaction():
            vault.store.run(
                "UPDATE files SET checked = ?, checked_sha256 = ?, checked_size = ?, checked_day = ?, checked_by = ? WHERE message = ? AND file = ?",
                (checked, sha256, size, vault.today.isoformat(), f"corncrake-vault {version('corncrake-vault')}", message, place),
            )
        if checked == OTHER:
            found.append(_other(vault.store, shelf.message, shelf.place))
    return found


def rebuilt(shelf: FileOnShelf) -> tuple[str, int]:
    """Open all blocks of a file in their order; return the SHA-256 of what they hold together, hex, and its length in bytes.

    Raises:
        FileError, PeerError: a block is damaged or not the one that belongs there.
    """
    digest, size = hashlib.sha256(), 0
    # Hashing takes as long as opening: while one block is hashed, the next one is opened.
    with ThreadPoolExecutor(1) as beside:
        hashing: Future[None] | None = None
        for here in shelf.here():
            piece = shelf.data(here)
            if hashing is not None:
                hashing.result()
            hashing = beside.submit(digest.update, piece)
            size += len(piece)
    return digest.hexdigest(), size


def _other(store: Store, message: int, place: int) -> Fault:
    return Fault(Failure.BLOCK, f"{file_text(store, message, place)} has all its blocks, and not the hash or length that its reporter signed")


def custody_of(store: Store, message: int, place: int) -> dict[str, Any] | None:
    """Return what was found when all of a file had come: `found`, `sha256`, `size`, `day`, `by`; None before."""
    row = store.row(
        "SELECT checked, checked_sha256, checked_size, checked_day, checked_by FROM files WHERE message = ? AND file = ? AND checked IS NOT NULL",
        (message, place),
    )
    return None if row is None else dict(zip(("found", "sha256", "size", "day", "by"), row, strict=True))


def faults_of(store: Store, thread: int) -> list[Fault]:
    """Return the files of a thread that are not what their reporter signed."""
    rows = store.rows(
        "SELECT f.message, f.file FROM files f JOIN messages m ON m.number = f.message WHERE m.thread = ? AND f.checked = ?"
        " ORDER BY f.message, f.file",
        (thread, OTHER),
    )
    return [_other(store, int(message), int(place)) for message, place in rows]
