# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports in SQL. See `ports.Reports` for what is promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from corncrake_server.ports import NewReport, Promise
from corncrake_server.storage.tables import REPORTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corncrake_server.storage.database import Database

PROMISE_COLUMNS = (REPORTS.c.id, REPORTS.c.desk, REPORTS.c.day, REPORTS.c.salt)


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
    """`ports.Reports` on a `Database`."""

    def __init__(self, database: Database) -> None:
        """Keep the database."""
        self._database = database

    async def store(self, reports: Sequence[NewReport], day: str) -> Mapping[str, Promise]:
        """Store a batch in one transaction; see `ports.Reports.store`."""
        if not reports:
            return {}
        # In the order of ids: two processes that store the same reports then wait for each other and do not deadlock.
        rows = [_row(report, day) for report in sorted({r.id: r for r in reports}.values(), key=lambda r: r.id)]
        statement = self._database.insert(REPORTS).on_conflict_do_nothing(index_elements=["id"])
        async with self._database.writing() as connection:
            await connection.execute(statement, rows)
            found = await connection.execute(sa.select(*PROMISE_COLUMNS).where(REPORTS.c.id.in_([row["id"] for row in rows])))
            return {row.id: Promise(row.id, row.desk, row.day, row.salt) for row in found}

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
        """Return reports without a leaf, in the order of their ids, which is random."""
        query = sa.select(*PROMISE_COLUMNS).where(REPORTS.c.leaf.is_(None)).order_by(REPORTS.c.id).limit(limit)
        async with self._database.reading() as connection:
            return [Promise(*row) for row in await connection.execute(query)]
