# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks as they come out of a parcel: opened in their place, kept as files, and counted.

Rules of this file: a block is kept only when it opens in its place: other bytes under its name must not keep the right ones out. What nobody
waits for is passed over. All of it happens inside the import's transaction.

Source: crypto/spec/block.md §4.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from corncrake_crypto.errors import Failure, FileError, PeerError
from corncrake_vault.inbox.promises import Fault
from corncrake_vault.inbox.reports import COVERS
from corncrake_vault.threads.blocks import TRIES, note_bad
from corncrake_vault.threads.expected import end_recording, make_rows
from corncrake_vault.threads.opening import FileOnShelf, check_block, file_text

if TYPE_CHECKING:
    from corncrake_vault.store.database import Store


def sweep_blocks(store: Store) -> None:
    """Remove what lies among the sealed blocks and belongs to nothing: left by an import that was cut off; inside a transaction."""
    known = "SELECT 1 FROM blocks WHERE id = ? AND state = 'here' UNION ALL SELECT 1 FROM derived_blocks WHERE id = ?"
    store.blocks.sweep(lambda block: store.row(known, (block, block)) is not None)


class Arriving:
    """Takes the blocks of one parcel.

    Attributes:
        taken: how many were wanted, and came.
        covers: how many of these hold nothing, and are not kept.
    """

    def __init__(self, store: Store) -> None:
        """Keep them in `store`."""
        self.taken = self.covers = 0
        self._store = store
        self._shelf: FileOnShelf | None = None
        self._has_rows = False
        self._altered: Counter[tuple[int, int]] = Counter()
        self._hopeful: set[tuple[int, int]] = set()

    def begin(self) -> None:
        """Make rows for what the reports of this parcel name, once, after its last report."""
        if not self._has_rows:
            make_rows(self._store, TRIES)
            self._has_rows = True

    def take(self, block: str, sealed: bytes) -> None:
        """Keep a block, if it is waited for and is what belongs there."""
        self.begin()
        row = self._store.row("SELECT message, file, place FROM blocks WHERE id = ? AND state <> 'here'", (block,))
        if row is None:
            return
        message, file, place = (int(value) for value in row)
        shelf = self._on_shelf(message, file)
        try:
            length, mark, ends = check_block(shelf, place, sealed)
        except (FileError, PeerError):
            note_bad(self._store, block)
            # Nobody is told of cover, and anybody could have it told.
            self._altered[message, file] += not self._is_cover(message)
            return
        if self._is_cover(message):
            self.covers += 1
        else:
            self._store.blocks.put(block, sealed)
        self._store.run("UPDATE blocks SET state = 'here', length = ?, mark = ? WHERE id = ?", (length, mark, block))
        self.taken += 1
        if shelf.live and shelf.blocks is None:
            self._recorded(shelf, ends)

    def _is_cover(self, message: int) -> bool:
        """Say whether a block covers others: it was waited for, and holds nothing."""
        return self._store.row("SELECT 1 FROM files WHERE message = ? AND checked = ?", (message, COVERS)) is not None

    def _recorded(self, shelf: FileOnShelf, ends: int | None) -> None:
        """Note that a block of a recording without an end came: more may exist, or this is its last."""
        where = (shelf.message, shelf.place)
        if ends is None and where in self._hopeful:
            return
        if ends is None:
            # Once for a recording and parcel: it looks at all of its rows.
            self._hopeful.add(where)
            self._store.run("UPDATE blocks SET tries = 0 WHERE message = ? AND file = ? AND tries > 0", where)
            return
        end_recording(self._store, *where, ends)
        self._store.run("UPDATE files SET ended = 'last' WHERE message = ? AND file = ?", where)
        self._shelf = None

    def _on_shelf(self, message: int, file: int) -> FileOnShelf:
        """Return a file; the last one is kept, since blocks of a file come together."""
        if self._shelf is None or (self._shelf.message, self._shelf.place) != (message, file):
            self._shelf = FileOnShelf(self._store, message, file)
        return self._shelf

    def faults(self) -> list[Fault]:
        """Return what came under the name of a block and was not that block."""
        return [
            Fault(
                Failure.BLOCK,
                f"{count} blocks of {file_text(self._store, message, file)} are not what its reporter sealed; they are asked for again",
            )
            for (message, file), count in sorted(self._altered.items())
            if count
        ]
