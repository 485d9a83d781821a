# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks that are not here: which are waited for, in which order they are asked for, and when they are given up.

Rules of this file: `waiting` has not been asked for, or came as something else; `asked` stands in an export; `missing` was looked for on
the server and was not there. Nobody's report may stand in the way of other people's files: exports ask in turns by thread, first for
threads that a reviewer has marked as theirs, and after three times in vain for a block no more, until a person or the reporter asks
again.

Source: crypto/spec/parcel.md §5; crypto/spec/block.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corncrake_vault.store.database import Store

MAX_WANTED: Final = 8_000
"""Blocks that one export asks for: 2 GiB, which a stick holds."""
MAX_PER_THREAD: Final = 1_000
"""Of one thread."""
TRIES: Final = 3
"""How often a block is asked for in vain."""

_FAIR: Final = (
    "SELECT id FROM (SELECT b.id AS id, t.number AS thread, t.state IN ('open', 'verified', 'referred') AS marked, b.tries AS tries,"
    " row_number() OVER (PARTITION BY t.number ORDER BY b.tries, m.number DESC, b.file, b.place) AS turn"
    " FROM blocks b JOIN messages m ON m.number = b.message JOIN threads t ON t.number = m.thread WHERE b.sealed IS NULL AND b.tries < ?)"
    " WHERE turn <= ? ORDER BY marked DESC, turn, tries, thread DESC LIMIT ?"
)
_OF_THREAD: Final = "message IN (SELECT number FROM messages WHERE thread = ?)"


def wish_list(store: Store) -> list[str]:
    """Return the ids of the blocks to ask for now, the first the most wished for."""
    return [str(row[0]) for row in store.rows(_FAIR, (TRIES, MAX_PER_THREAD, MAX_WANTED))]


def note_asked(store: Store, blocks: Iterable[str], number: int) -> None:
    """Remember that export `number` asks for these blocks and no others; inside a transaction.

    What the export before asked for too is looked for when a courier has looked on behalf of either.
    """
    for block in blocks:
        store.run(
            "UPDATE blocks SET asked_in = CASE state WHEN 'asked' THEN asked_in ELSE ? END, state = 'asking' WHERE id = ? AND sealed IS NULL",
            (number, block),
        )
    store.run("UPDATE blocks SET state = 'waiting' WHERE state = 'asked' AND sealed IS NULL")
    store.run("UPDATE blocks SET state = 'asked' WHERE state = 'asking'")


def note_looked(store: Store, number: int) -> None:
    """Give as missing what exports up to `number` asked for and did not come; inside a transaction, after the blocks that came."""
    store.run(
        "UPDATE blocks SET state = 'missing', tries = tries + 1 WHERE state = 'asked' AND sealed IS NULL AND asked_in <= ?",
        (number,),
    )


def note_bad(store: Store, block: str) -> None:
    """Forget what came under the name of a block, and want the right one; inside a transaction. It counts as asked for in vain."""
    store.run("UPDATE blocks SET sealed = NULL, state = 'waiting', tries = tries + 1 WHERE id = ?", (block,))


def ask_again(store: Store, thread: int) -> int:
    """Want all blocks of a thread that are not here, also those that were given up; inside a transaction. Return how many these are."""
    row = store.row(f"SELECT count(*) FROM blocks WHERE sealed IS NULL AND tries >= ? AND {_OF_THREAD}", (TRIES, thread))  # noqa: S608 - a constant
    store.run(f"UPDATE blocks SET tries = 0 WHERE sealed IS NULL AND {_OF_THREAD}", (thread,))  # noqa: S608 - the same
    return 0 if row is None else int(row[0])


def missing_of(store: Store, thread: int, most: int) -> tuple[str, ...]:
    """Return ids of blocks of a thread that were looked for in vain: what its reporter is told."""
    rows = store.rows(
        f"SELECT id FROM blocks WHERE sealed IS NULL AND tries > 0 AND {_OF_THREAD} ORDER BY id LIMIT ?",  # noqa: S608 - a constant
        (thread, most),
    )
    return tuple(str(row[0]) for row in rows)


def not_here(store: Store, thread: int) -> tuple[int, int]:
    """Return how many blocks of a thread are still asked for, and how many were given up."""
    row = store.row(
        f"SELECT count(*), coalesce(sum(tries >= ?), 0) FROM blocks WHERE sealed IS NULL AND {_OF_THREAD}",  # noqa: S608 - a constant
        (TRIES, thread),
    ) or (0, 0)
    return int(row[0]) - int(row[1]), int(row[1])
