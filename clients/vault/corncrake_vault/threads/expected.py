# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which blocks will come: rows for as many of each file's as are asked for next, and where a recording ends.

Rules of this file: a report of twelve kilobytes can claim millions of blocks, so rows are made as blocks come, never all at once: of a thread
about `AHEAD`, less when many threads wait, and never more than `MOST_ROWS`. Dummies are asked for like data: to ask for fewer would tell
the server how many hold data. Of a recording without an end nobody knows how many blocks there are: it is asked for `WINDOW` beyond the
last one that came, and for more the longer it is. What has no row yet is not asked for, and the server does not keep it for us.

Source: crypto/spec/block.md §4; crypto/spec/report.md §5.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from corncrake_crypto.block import MAX_LIVE_BLOCKS, block_ids, plan
from corncrake_crypto.encoding import decode_canonical, unb64url
from corncrake_crypto.file_identity import file_tag
from corncrake_crypto.identities import Identity
from corncrake_crypto.report import Closed, Report

if TYPE_CHECKING:
    from corncrake_crypto.report import File
    from corncrake_vault.store.database import Store

AHEAD: Final = 20_000
"""Rows of a thread for blocks that have not been looked for in vain often: a file of 64 GiB with its dummies fits."""
SHARED: Final = 100_000
"""What threads that nobody has marked share: the more of them wait, the fewer rows each gets."""
LEAST: Final = 1_000
"""But so many each of them gets."""
MOST_ROWS: Final = 100_000
"""Rows of a thread for blocks that are not here, however often it claims new files: as many as one export can name."""
WINDOW: Final = 4_096
"""Blocks beyond the last one that came of a recording without an end, the least: at 5 Mbit/s 28 minutes. As many as have come when these are more."""
CATCH_UP: Final = "files"
"""The fact that says that every message's files have their rows."""

IN_ORDER: Final = (
    "SELECT m.number, m.body FROM messages m LEFT JOIN expected e ON e.report = m.report WHERE m.thread = ?"
    " ORDER BY e.position IS NULL, e.position, m.number"
)


class NotClosing(NamedTuple):
    """An entry of `closed` that closes nothing: the row of its message, and why."""

    message: int
    why: str


def expect_file(store: Store, message: int, place: int, file: File) -> None:
    """Note a file of a report; inside a transaction. No block is asked for before `make_rows`."""
    if file.live:
        tag = file_tag(Identity.from_text(file.identity).recipient)
        values = (message, place, tag, file.class_, None, None, None, None)
    else:
        cut = plan(file.size or 0)
        values = (message, place, None, cut.block_class, cut.total_blocks, cut.data_blocks, file.size, file.sha256)
    store.run("INSERT OR IGNORE INTO files (message, file, tag, class, total, blocks, size, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)


def catch_up(store: Store) -> None:
    """Note the files of messages that came before files had rows, once; inside a transaction."""
    if store.fact(CATCH_UP) is not None:
        return
    for number, body in store.rows("SELECT number, body FROM messages"):
        for place, file in enumerate(decode_canonical(bytes(body), Report).files):
            expect_file(store, int(number), place, file)
    store.run("UPDATE files SET made = (SELECT count(*) FROM blocks b WHERE b.message = files.message AND b.file = files.file)")
    store.set_fact(CATCH_UP, b"1")


def make_rows(store: Store, tries: int) -> None:
    """Make rows for the blocks that are asked for next, of all threads; inside a transaction.

    Args:
        store: of the vault.
        tries: blocks asked for so often in vain stand in the way of no others of their thread.
    """
    wanting = store.rows(
        "SELECT DISTINCT t.number, t.state IN ('open', 'verified', 'referred') FROM files f JOIN messages m ON m.number = f.message"
        " JOIN threads t ON t.number = m.thread WHERE f.made < coalesce(f.total, ?) ORDER BY t.number",
        (MAX_LIVE_BLOCKS,),
    )
    unmarked = sum(not marked for _, marked in wanting)
    share = min(AHEAD, max(LEAST, SHARED // max(1, unmarked)))
    for thread, marked in wanting:
        _make_rows_of(store, int(thread), tries, AHEAD if marked else share)


def _make_rows_of(store: Store, thread: int, tries: int, room: int) -> None:
    files = store.rows(
        "SELECT f.message, f.file, f.total, f.made, count(b.id), coalesce(sum(b.tries < ?), 0) FROM files f JOIN messages m ON m.number = f.message"
        " LEFT JOIN blocks b ON b.message = f.message AND b.file = f.file AND b.state <> 'here' WHERE m.thread = ?"
        " GROUP BY f.message, f.file ORDER BY f.message DESC, f.file",
        (tries, thread),
    )
    spare = MOST_ROWS - sum(int(waiting) for *_, waiting, _ in files)
    # The newest message comes first: what older ones claim and never came does not keep its files waiting.
    for message, place, total, made, _, fresh in files:
        room -= int(fresh)
        upto = int(total) if total is not None else _window_end(store, int(message), int(place))
        more = min(upto - int(made), room, spare)
        if more > 0:
            _add_rows(store, int(message), int(place), int(made), int(made) + more)
            room, spare = room - more, spare - more


def _window_end(store: Store, message: int, place: int) -> int:
    """Return up to which block a recording without an end is asked for, this one excluded."""
    came = last_here(store, message, place) + 1
    return min(MAX_LIVE_BLOCKS, came + max(WINDOW, came))


def _add_rows(store: Store, message: int, place: int, made: int, upto: int) -> None:
    row = store.row("SELECT body FROM messages WHERE number = ?", (message,))
    file = decode_canonical(bytes(row[0]) if row else b"", Report).files[place]
    for index, block in enumerate(islice(block_ids(unb64url(file.block_key, 32), upto), made, None), made):
        store.run("INSERT OR IGNORE INTO blocks (id, message, file, place, state) VALUES (?, ?, ?, ?, 'waiting')", (block, message, place, index))
    store.run("UPDATE files SET made = ? WHERE message = ? AND file = ?", (upto, message, place))


def last_here(store: Store, message: int, place: int) -> int:
    """Return the place of the last block of a file that is here, -1 when none is."""
    row = store.row("SELECT max(place) FROM blocks WHERE message = ? AND file = ? AND state = 'here'", (message, place))
    return -1 if row is None or row[0] is None else int(row[0])


def end_recording(store: Store, message: int, place: int, blocks: int) -> None:
    """Note that a recording has so many blocks, and want anew those that are here and contradict it; inside a transaction."""
    of_file = "message = ? AND file = ?"
    store.run(f"UPDATE files SET total = ?, blocks = ? WHERE {of_file}", (blocks, blocks, message, place))  # noqa: S608 - a constant
    store.run(f"UPDATE files SET made = min(made, ?) WHERE {of_file}", (blocks, message, place))  # noqa: S608 - the same
    store.run(f"DELETE FROM blocks WHERE {of_file} AND place >= ?", (message, place, blocks))  # noqa: S608 - the same
    store.run(
        f"UPDATE blocks SET state = 'waiting', length = NULL, tries = tries + 1 WHERE {of_file} AND state = 'here'"  # noqa: S608 - the same
        " AND mark <> CASE place WHEN ? THEN 'last' ELSE '' END",
        (message, place, blocks - 1),
    )


def close_recordings(store: Store, thread: int) -> None:
    """Take what the messages of a thread say of the ends of its recordings, the first for each; inside a transaction."""
    for message, place, closed in _closings(store, thread)[0]:
        row = store.row("SELECT ended FROM files WHERE message = ? AND file = ?", (message, place))
        if row is not None and row[0] != "closed":
            end_recording(store, message, place, closed.blocks)
            store.run(
                "UPDATE files SET ended = 'closed', size = ?, sha256 = ?, checked = NULL WHERE message = ? AND file = ?",
                (closed.size, closed.sha256, message, place),
            )


def not_closing(store: Store, thread: int) -> list[NotClosing]:
    """Return what the messages of a thread say of the ends of recordings that is not so."""
    return _closings(store, thread)[1]


def _closings(store: Store, thread: int) -> tuple[list[tuple[int, int, Closed]], list[NotClosing]]:
    rows = store.rows(
        "SELECT f.tag, f.message, f.file FROM files f JOIN messages m ON m.number = f.message WHERE m.thread = ? AND f.tag IS NOT NULL", (thread,)
    )
    live = {str(tag): (int(message), int(place)) for tag, message, place in rows}
    good: list[tuple[int, int, Closed]] = []
    bad: list[NotClosing] = []
    seen: set[str] = set()
    for number, body in store.rows(IN_ORDER, (thread,)):
        report = decode_canonical(bytes(body), Report)
        for closed in report.closed or ():
            if report.kind != "follow_up" or closed.file not in live:
                bad.append(NotClosing(int(number), "it closes a recording that this thread has not"))
            elif closed.file in seen:
                bad.append(NotClosing(int(number), "it closes a recording that was closed before; the first one counts"))
            else:
                seen.add(closed.file)
                good.append((*live[closed.file], closed))
    return good, bad
