# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports in SQL. See `ports.reports.Reports` for what is promised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from corncrake_server.ports.reports import NewReport, Promise
from corncrake_server.storage.tables import DELETIONS, HEADS, LEAVES, REPORTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corncrake_server.storage.database import Database

DELETING: Final = "corncrake.org/deletion"
"""The lock that a deletion has alone, and that batches share: what is taken cannot be deleted while it is, nor come again while it goes."""
PROMISE_COLUMNS = (REPORTS.c.id, REPORTS.c.desk, REPORTS.c.day, REPORTS.c.salt)
# What was deleted in a former log has no leaf in this one.
_DELETED = sa.select(DELETIONS.c.report, LEAVES.c.desk, LEAVES.c.day, LEAVES.c.salt).outerjoin(LEAVES, LEAVES.c.leaf == DELETIONS.c.leaf)


def _row(report: NewReport, day: str) -> dict[str, object]:
    # Written out: `asdict` walks into every value, and this is done for each report.
    return {
        "id": report.id,
        "desk": report.desk,
        "day": day,
        "salt": report.salt,
        "epoch": report.epoch,
        "leaf": None,
        "body": report.body,
    }


class SqlReports:
    """`ports.reports.Reports` on a `Database`."""

    def __init__(self, database: Database) -> None:
        """Keep the database."""
        self._database = database

    async def store(self, reports: Sequence[NewReport], day: str) -> Mapping[str, Promise]:
        """Store a batch in one transaction; see `ports.reports.Reports.store`."""
        if not reports:
            return {}
        # In the order of ids: two processes that store the same reports then wait for each other and do not deadlock.
        rows = [_row(report, day) for report in sorted({r.id: r for r in reports}.values(), key=lambda r: r.id)]
        ids = [row["id"] for row in rows]
        statement = self._database.insert(REPORTS).on_conflict_do_nothing(index_elements=["id"])
        async with self._database.writing() as connection:
            await self._database.lock(connection, DELETING, shared=True)
            # Bytes that were here and were deleted keep their first receipt: a second one would look like a lie.
            deleted = {row.report: row for row in await connection.execute(_DELETED.where(DELETIONS.c.report.in_(ids)))}
            if new := [row for row in rows if row["id"] not in deleted]:
                await connection.execute(statement, new)
            found = await connection.execute(sa.select(*PROMISE_COLUMNS).where(REPORTS.c.id.in_(ids)))
            promises = {name: Promise(*row) for name, row in deleted.items() if row.salt is not None}
            return promises | {row.id: Promise(row.id, row.desk, row.day, row.salt) for row in found}

    async def body(self, report_id: str) -> bytes | None:
        """Return a stored report."""
        async with self._database.reading() as connection:
            return await connection.scalar(sa.select(REPORTS.c.body).where(REPORTS.c.id == report_id))

    async def promise(self, report_id: str) -> Promise | None:
        """Return what is promised of a stored report."""
        async with self._database.reading() as connection:
            row = (await connection.execute(sa.select(*PROMISE_COLUMNS).where(REPORTS.c.id == report_id))).first()
        return None if row is None else Promise(*row)

    async def unpublished(self, limit: int) -> Sequence[Promise]:
        """Return reports without a leaf in the signed tree, in the order of their ids, which is random."""
        # Those of a publication that was planned and is not finished have a leaf that nobody sees yet. Each of the two has its index.
        signed = sa.select(sa.func.coalesce(sa.func.max(HEADS.c.size), 0)).where(HEADS.c.note.is_not(None)).scalar_subquery()
        query = sa.select(*PROMISE_COLUMNS).order_by(REPORTS.c.id).limit(limit)
        async with self._database.reading() as connection:
            # In this order: what is planned between the two questions is then in one of the answers at least.
            found = {row.id: row for row in await connection.execute(query.where(REPORTS.c.leaf.is_(None)))}
            found |= {row.id: row for row in await connection.execute(query.where(REPORTS.c.leaf >= signed))}
        return [Promise(*found[name]) for name in sorted(found)[:limit]]
