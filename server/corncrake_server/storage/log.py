# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tree in SQL. See `ports.log.Log` for what is promised.

A publication is two transactions with a note on disk between them: `plan` writes everything and leaves the head unsigned, then
the head is noted beside the key, then `finish` signs. Readers look no further than the newest signed head, so a plan that was
cut off is invisible until it is finished, and it is always finished, never made anew.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from corncrake_crypto.charter import KIND as CHARTER
from corncrake_crypto.checkpoint import parse_checkpoint_text
from corncrake_crypto.merkle import EMPTY_ROOT
from corncrake_crypto.note import unverified_text
from corncrake_crypto.tiles import leaf_entry
from corncrake_server.ports.log import Leaf, StoredHead, Waiting
from corncrake_server.ports.reports import Promise
from corncrake_server.storage import former_logs
from corncrake_server.storage.reports import PROMISE_COLUMNS
from corncrake_server.storage.tables import CHARTERS, COSIGNATURES, HEADS, LEAVES, PUBLIC_LEAVES, REPORTS, SERVED, TILES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.ext.asyncio import AsyncConnection

    from corncrake_crypto.charter import Log as CharterLog
    from corncrake_server.storage.database import Database

_RECENT: Final = 64
"""Charters that may wait for one publication."""

_MARK: Final = sa.update(REPORTS).where(REPORTS.c.id == sa.bindparam("taken")).values(leaf=sa.bindparam("at"), charter=sa.bindparam("by"))
# SQLite's rowids keep the order in which reports came. From its publication on, a report has one by its leaf, and the order of
# leaves was drawn. It is negative: a new report's is one more than the highest.
_MARK_SQLITE: Final = sa.text("UPDATE reports SET leaf = :at, charter = :by, rowid = -1 - :at WHERE id = :taken")


class SqlLog:
    """`ports.log.Log` on a `Database`."""

    def __init__(self, database: Database) -> None:
        """Keep the database."""
        self._database = database

    def publishing(self) -> AbstractAsyncContextManager[None]:
        """Hold the one right to publish."""
        return self._database.exclusive("corncrake.org/publication")

    async def named(self) -> CharterLog | None:
        """Return the log that the newest charter names, None before the first."""
        query = sa.select(CHARTERS.c.note).order_by(CHARTERS.c.sequence.desc()).limit(1)
        async with self._database.reading() as connection:
            note = await connection.scalar(query)
        return None if note is None else former_logs.log_of(note)

    async def _newest(self, condition: sa.ColumnElement[bool]) -> StoredHead | None:
        query = sa.select(HEADS).where(condition).order_by(HEADS.c.size.desc()).limit(1)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else StoredHead(row.size, bytes.fromhex(row.root), row.day, row.frontier, row.note)

    async def head(self) -> StoredHead | None:
        """Return the newest signed head."""
        return await self._newest(HEADS.c.note.is_not(None))

    async def signed_heads(self, limit: int) -> Sequence[StoredHead]:
        """Return the newest signed heads, the newest first."""
        query = sa.select(HEADS).where(HEADS.c.note.is_not(None)).order_by(HEADS.c.size.desc()).limit(limit)
        async with self._database.reading() as connection:
            return [StoredHead(row.size, bytes.fromhex(row.root), row.day, row.frontier, row.note) for row in await connection.execute(query)]

    async def cosignatures(self, size: int) -> Mapping[str, bytes]:
        """Return the cosignatures of the head of `size` leaves, by the names of witnesses."""
        query = sa.select(COSIGNATURES).where(COSIGNATURES.c.size == size).order_by(COSIGNATURES.c.witness)
        async with self._database.reading() as connection:
            return {row.witness: row.line for row in await connection.execute(query)}

    async def keep_cosignature(self, head: StoredHead, witness: str, line: bytes) -> None:
        """Keep a verified cosignature; the first of a witness stays. Of a head that is no more, nothing is kept."""
        once = self._database.insert(COSIGNATURES).on_conflict_do_nothing(index_elements=["size", "witness"])
        async with self._database.writing() as connection:
            # Another log may have begun while the witness was asked.
            if await connection.scalar(sa.select(HEADS.c.note).where(HEADS.c.size == head.size)) == head.note:
                await connection.execute(once, {"size": head.size, "witness": witness, "line": line})

    async def note_served(self, head: StoredHead) -> int:
        """Note that a signed head is about to be served; return the size of the largest of its log that ever was."""
        origin, size = parse_checkpoint_text(unverified_text(head.note or b"")).origin, head.size
        query = sa.select(SERVED.c.size).where(SERVED.c.origin == origin)
        async with self._database.reading() as connection:
            largest = await connection.scalar(query)
        if largest is not None and largest >= size:
            return int(largest)
        insert = self._database.insert(SERVED)
        new = insert.excluded.size
        raised = insert.on_conflict_do_update(index_elements=["origin"], set_={"size": new}, where=SERVED.c.size < new)
        async with self._database.writing() as connection:
            await connection.execute(raised, {"origin": origin, "size": size})
            return int(await connection.scalar(query) or size)

    async def signed_root(self, size: int) -> bytes | None:
        """Return the root of the signed head of `size` leaves, that of the empty tree for 0; None when no such head was signed."""
        if size == 0:
            return EMPTY_ROOT
        head = await self._newest((HEADS.c.size == size) & HEADS.c.note.is_not(None))
        return None if head is None else head.root

    async def planned(self) -> StoredHead | None:
        """Return the head of a publication that was planned and not finished."""
        return await self._newest(HEADS.c.note.is_(None))

    async def waiting(self) -> Waiting:
        """Return what waits for publication."""
        entries = sa.select(PUBLIC_LEAVES.c.place, PUBLIC_LEAVES.c.entry).order_by(PUBLIC_LEAVES.c.place)
        reports = sa.select(*PROMISE_COLUMNS).where(REPORTS.c.leaf.is_(None))
        again = reports.where(REPORTS.c.former.is_not(None)).order_by(REPORTS.c.former)
        async with self._database.reading() as connection:
            return Waiting(
                [(row.place, row.entry) for row in await connection.execute(entries)],
                [Promise(*row) for row in await connection.execute(reports.where(REPORTS.c.former.is_(None)))],
                [Promise(*row) for row in await connection.execute(again)],
            )

    async def plan(self, head: StoredHead, leaves: Sequence[Leaf], tiles: Mapping[str, bytes], places: Sequence[int]) -> None:
        """Write all of a publication but its signature."""
        rows = [asdict(leaf) for leaf in leaves]
        for row in rows:
            row["leaf"] = row.pop("index")
        mark = _MARK_SQLITE if self._database.is_sqlite else _MARK
        new_tiles = self._database.insert(TILES).on_conflict_do_nothing(index_elements=["path"])
        async with self._database.writing() as connection:
            await connection.execute(sa.insert(LEAVES), rows)
            await connection.execute(new_tiles, [{"path": path, "body": body} for path, body in tiles.items()])
            if places:
                gone = sa.delete(PUBLIC_LEAVES).where(PUBLIC_LEAVES.c.place == sa.bindparam("gone"))
                await connection.execute(gone, [{"gone": place} for place in places])
            by = await _published_charter(connection)
            taken = [{"taken": leaf.report, "at": leaf.index, "by": by} for leaf in leaves if leaf.report is not None]
            if taken:
                await connection.execute(mark, taken)
            unsigned = {"size": head.size, "day": head.day, "root": head.root.hex(), "frontier": head.frontier, "note": None}
            await connection.execute(sa.insert(HEADS), unsigned)

    async def finish(self, size: int, note: bytes) -> None:
        """Make the planned head of `size` the newest."""
        async with self._database.writing() as connection:
            await connection.execute(sa.update(HEADS).where(HEADS.c.size == size, HEADS.c.note.is_(None)).values(note=note))

    async def tile(self, path: str) -> bytes | None:
        """Return a log tile."""
        async with self._database.reading() as connection:
            return await connection.scalar(sa.select(TILES.c.body).where(TILES.c.path == path))

    async def former_checkpoint(self, origin: str) -> bytes | None:
        """Return the last head of a log that another has followed."""
        async with self._database.reading() as connection:
            return await former_logs.former_checkpoint(connection, origin)

    async def former_tile(self, origin: str, path: str) -> bytes | None:
        """Return a tile of a log that another has followed."""
        async with self._database.reading() as connection:
            return await former_logs.former_tile(connection, origin, path)

    async def leaves(self, start: int, end: int) -> Sequence[Leaf]:
        """Return the leaves start ≤ index < end that a signed head includes."""
        signed = sa.select(sa.func.max(HEADS.c.size)).where(HEADS.c.note.is_not(None)).scalar_subquery()
        at = LEAVES.c
        query = sa.select(LEAVES).where(at.leaf >= start, at.leaf < end, at.leaf < signed).order_by(at.leaf)
        async with self._database.reading() as connection:
            found = await connection.execute(query)
            return [Leaf(r.leaf, r.entry, r.day, r.salt, r.desk, r.report) for r in found]


async def _published_charter(connection: AsyncConnection) -> int | None:
    """Return the sequence of the newest charter that does not wait for publication any more."""
    # The charters first: one that comes between the two questions is then in neither answer.
    charters = (await connection.execute(sa.select(CHARTERS.c.sequence, CHARTERS.c.note).order_by(CHARTERS.c.sequence.desc()).limit(_RECENT))).all()
    waiting = set(await connection.scalars(sa.select(PUBLIC_LEAVES.c.entry)))
    return next((row.sequence for row in charters if leaf_entry(CHARTER, unverified_text(row.note)) not in waiting), None)
