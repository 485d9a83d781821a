# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks that are not here: which are waited for, in which order they are asked for, and when they are given up.

Rules of this file: `waiting` has not been asked for, or came as something else; `asked` stands in an export; `missing` was looked for on
the server and was not there. An export names every block that has a row and is not here, because the server removes what no reviewer's
newest export names: a block looked for in vain moves to the back of its thread, and is never dropped. Nobody's report may stand in the
way of other people's files: exports ask in turns by thread, counted in bytes, first for threads that a reviewer has marked as theirs.
How much is carried at a time is the courier's.

Source: crypto/spec/parcel.md §5; crypto/spec/block.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from corncrake_vault.threads.expected import last_here

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corncrake_vault.store.database import Store

MAX_WANTED: Final = 100_000
"""Blocks that one export asks for: what a server takes. Beyond these the threads have the ends of their turns cut, marked ones last."""
TRIES: Final = 3
"""How often a block is looked for in vain before people are told that it is missing, and no room is held for it."""

_FAIR: Final = (
    "SELECT id FROM (SELECT b.id AS id, t.number AS thread, t.state IN ('open', 'verified', 'referred') AS marked,"
    " b.tries AS tries, sum(f.class) OVER inside AS upto"
    " FROM blocks b JOIN files f ON f.message = b.message AND f.file = b.file"
    " JOIN messages m ON m.number = b.message JOIN threads t ON t.number = m.thread WHERE b.state <> 'here'"
    " WINDOW inside AS (PARTITION BY t.number ORDER BY b.tries, m.number DESC, b.file, b.place))"
    " ORDER BY marked DESC, upto, tries, thread DESC LIMIT ?"
)
# Of a recording without an end nobody knows whether a block beyond the last one that came exists; and a dummy that is lost is no loss.
_MATTERS: Final = (
    "b.state <> 'here' AND b.place < coalesce(f.blocks, (SELECT max(h.place) FROM blocks h"
    " WHERE h.message = b.message AND h.file = b.file AND h.state = 'here'), 0)"
)
_OF_THREAD: Final = "message IN (SELECT number FROM messages WHERE thread = ?)"


def wish_list(store: Store) -> list[str]:
    """Return the ids of the blocks to ask for now, the first the most wished for: threads take turns by bytes."""
    return [str(block) for (block,) in store.rows(_FAIR, (MAX_WANTED,))]


def note_asked(store: Store, blocks: Iterable[str], number: int) -> None:
    """Remember that export `number` asks for these blocks and no others; inside a transaction.

    What the export before asked for too is looked for when a courier has looked on behalf of either.
    """
    for block in blocks:
        store.run(
            "UPDATE blocks SET asked_in = CASE state WHEN 'asked' THEN asked_in ELSE ? END, state = 'asking' WHERE id = ? AND state <> 'here'",
            (number, block),
        )
    store.run("UPDATE blocks SET state = 'waiting' WHERE state = 'asked' AND state <> 'here'")
    store.run("UPDATE blocks SET state = 'asked' WHERE state = 'asking'")


def note_looked(store: Store, number: int) -> None:
    """Give as missing what exports up to `number` asked for and did not come; inside a transaction, after the blocks that came."""
    store.run(
        "UPDATE blocks SET state = 'missing', tries = tries + 1 WHERE state = 'asked' AND state <> 'here' AND asked_in <= ?",
        (number,),
    )


def note_bad(store: Store, block: str) -> None:
    """Forget what came under the name of a block, and want the right one; inside a transaction. It counts as asked for in vain."""
    store.run("UPDATE blocks SET state = 'waiting', length = NULL, mark = '', tries = tries + 1 WHERE id = ?", (block,))


def ask_again(store: Store, thread: int) -> int:
    """Put the blocks of a thread that were looked for in vain back among the first; inside a transaction.

    Returns:
        How many of them had been given up as missing.
    """
    row = store.row(f"SELECT count(*) FROM blocks WHERE state <> 'here' AND tries >= ? AND {_OF_THREAD}", (TRIES, thread))  # noqa: S608 - a constant
    store.run(f"UPDATE blocks SET tries = 0 WHERE state <> 'here' AND {_OF_THREAD}", (thread,))  # noqa: S608 - the same
    return 0 if row is None else int(row[0])


def missing_of(store: Store, thread: int, most: int) -> tuple[str, ...]:
    """Return ids of blocks with data of a thread that were looked for in vain, the first ones of each file: what its reporter is told."""
    rows = store.rows(
        "SELECT b.id FROM blocks b JOIN files f ON f.message = b.message AND f.file = b.file JOIN messages m ON m.number = b.message"  # noqa: S608 - a constant
        f" WHERE m.thread = ? AND b.tries > 0 AND {_MATTERS} ORDER BY b.place, b.message, b.file LIMIT ?",
        (thread, most),
    )
    return tuple(sorted(str(row[0]) for row in rows))


def not_here(store: Store, thread: int) -> tuple[int, int]:
    """Return how many blocks with data of a thread are still to come, and how many were given up."""
    given_up = store.row(
        "SELECT count(*) FROM blocks b JOIN files f ON f.message = b.message AND f.file = b.file JOIN messages m ON m.number = b.message"  # noqa: S608 - a constant
        f" WHERE m.thread = ? AND b.tries >= ? AND {_MATTERS}",
        (thread, TRIES),
    )
    rows = store.rows(
        "SELECT f.blocks, count(b.id), max(b.place) FROM files f LEFT JOIN blocks b ON b.message = f.message AND b.file = f.file"
        " AND b.state = 'here' AND b.place < coalesce(f.blocks, b.place + 1) WHERE f.message IN (SELECT number FROM messages WHERE thread = ?)"
        " GROUP BY f.message, f.file",
        (thread,),
    )
    missing = sum((int(blocks) if blocks is not None else (-1 if last is None else int(last)) + 1) - int(count) for blocks, count, last in rows)
    gone = int(given_up[0]) if given_up else 0
    return max(0, missing) - gone, gone


def block_states(store: Store, message: int, file: int) -> dict[str, int]:
    """Return how many blocks of a file are here, waiting, asked for, missing; of a recording without an end up to the last one that came."""
    row = store.row("SELECT total, made FROM files WHERE message = ? AND file = ?", (message, file))
    total, made = row or (0, 0)
    upto = int(made) if total is not None else last_here(store, message, file) + 1
    rows = store.rows("SELECT state, count(*) FROM blocks WHERE message = ? AND file = ? AND place < ? GROUP BY state", (message, file, upto))
    states = {str(state): int(count) for state, count in rows}
    if total is not None and total > made:
        states["waiting"] = states.get("waiting", 0) + int(total) - int(made)
    return states
