# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acknowledgements, legal holds and deletions in SQL. See `ports.retention.Retention` for what is promised.

Rules of this file: the newest acknowledgement of an identity counts alone, so what it no longer names goes at once; a day stays as long as the
naming has no break. What is held is worked out anew from the holders' newest notes whenever one of them changes. On PostgreSQL a
deletion takes the lock that a parcel takes, so that the one waits for the other, and then one that batches of reports share.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

import sqlalchemy as sa

from corncrake_crypto.deletion import LEAST, MAX_REPORTS, AcknowledgedIn, Deletion
from corncrake_crypto.encoding import canonical, decode_canonical
from corncrake_crypto.errors import Failure, PeerError
from corncrake_crypto.legal_hold import KIND, LegalHold
from corncrake_crypto.note import read_document, text_hash, unverified_text
from corncrake_server.ports.documents import Held, HoldNote
from corncrake_server.ports.retention import Acknowledged, Candidate
from corncrake_server.storage.reports import DELETING
from corncrake_server.storage.tables import ACKNOWLEDGED, ACKNOWLEDGEMENTS, DELETIONS, HELD_DESKS, HELD_REPORTS, HOLDS, REPORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from corncrake_server.ports.documents import AcknowledgementNote
    from corncrake_server.storage.database import Database

_SOME: Final = 1_000
"""Ids in one statement."""
_AT_A_TIME: Final = 100
"""Reports in one deletion: reporters wait for no more."""

_T = TypeVar("_T")


def _some(values: Iterable[_T], most: int) -> Iterator[list[_T]]:
    """Yield the values, at most so many at a time."""
    source = iter(values)
    while part := list(islice(source, most)):
        yield part


# -- what parcels bring ----------------------------------------------------------------------------------------------------


async def write_acknowledgement(connection: AsyncConnection, new: AcknowledgementNote) -> None:
    """Put an acknowledgement in the place of its identity's last one.

    Raises:
        PeerError: `repeated`: it is not newer than that.
    """
    notes, mine = ACKNOWLEDGEMENTS.c, ACKNOWLEDGED.c.identity == new.identity
    last = await connection.scalar(sa.select(sa.func.max(notes.number)).where(notes.reviewer == new.reviewer))
    if last is not None and last >= new.number:
        raise PeerError(Failure.REPEATED, "an acknowledgement of this number or a later one is here already")
    await connection.execute(sa.delete(ACKNOWLEDGEMENTS).where(notes.identity == new.identity, notes.evidence.is_(False)))
    row = {"reviewer": new.reviewer, "number": new.number, "note": new.note, "identity": new.identity}
    await connection.execute(sa.insert(ACKNOWLEDGEMENTS), row)
    named = dict.fromkeys(new.reports, True) | dict.fromkeys(new.aside, False)
    here = await _published(connection, named, new.size)
    before = set(await connection.scalars(sa.select(ACKNOWLEDGED.c.report).where(mine)))
    for some in _some(before - here, _SOME):
        await connection.execute(sa.delete(ACKNOWLEDGED).where(mine, ACKNOWLEDGED.c.report.in_(some)))
    for opened in (True, False):
        for some in _some([report for report in here & before if named[report] is opened], _SOME):
            values = {"number": new.number, "opened": opened}
            await connection.execute(sa.update(ACKNOWLEDGED).where(mine, ACKNOWLEDGED.c.report.in_(some)).values(values))
    same = {"identity": new.identity, "reviewer": new.reviewer, "number": new.number, "day": new.day}
    for some in _some(sorted(here - before), _SOME):
        await connection.execute(sa.insert(ACKNOWLEDGED), [same | {"report": report, "opened": named[report]} for report in some])


async def _published(connection: AsyncConnection, reports: Iterable[str], size: int) -> set[str]:
    """Return those of these reports whose commitments are among the first `size` leaves."""
    found: set[str] = set()
    for some in _some(reports, _SOME):
        found |= set(await connection.scalars(sa.select(REPORTS.c.id).where(REPORTS.c.id.in_(some), REPORTS.c.leaf < size)))
    return found


async def write_holds(connection: AsyncConnection, new: Sequence[HoldNote]) -> None:
    """Put holds in the place of their holders' last ones, and work out anew what is held.

    Raises:
        PeerError: `repeated` or `equivocation`.
    """
    changed = False
    for hold in new:
        last = (await connection.execute(sa.select(HOLDS).where(HOLDS.c.holder == hold.holder))).first()
        if last is not None and last.number == hold.number and _hash(last.note) != _hash(hold.note):
            raise PeerError(Failure.EQUIVOCATION, "another hold of this number is here")
        if last is not None and last.number > hold.number and hold.holder:
            raise PeerError(Failure.REPEATED, "a later hold of this reviewer is here already")
        if last is None or last.number < hold.number:
            await connection.execute(sa.delete(HOLDS).where(HOLDS.c.holder == hold.holder))
            await connection.execute(sa.insert(HOLDS), {"holder": hold.holder, "number": hold.number, "note": hold.note})
            changed = True
    if changed:
        await _work_out(connection)


async def read_held(connection: AsyncConnection, holder: str) -> Held | None:
    """Return what a holder holds; see `ports.documents.Documents.held_by`."""
    last = (await connection.execute(sa.select(HOLDS).where(HOLDS.c.holder == holder))).first()
    if last is None:
        return None
    desks = await connection.scalars(sa.select(HELD_DESKS.c.desk).where(HELD_DESKS.c.holder == holder))
    reports = await connection.scalars(sa.select(HELD_REPORTS.c.report).where(HELD_REPORTS.c.holder == holder))
    return Held(HoldNote(holder, last.number, last.note), frozenset(desks), frozenset(reports))


def _hash(note: bytes) -> str:
    return text_hash(unverified_text(note))


async def _work_out(connection: AsyncConnection) -> None:
    notes = (await connection.execute(sa.select(HOLDS))).all()
    holds = {row.holder: read_document(unverified_text(row.note), KIND, LegalHold) for row in notes}
    overruled = {one.reviewer: one.number for one in (holds[""].overruled or ())} if "" in holds else dict[str, int]()
    counted = {holder: hold for holder, hold in holds.items() if hold.number > overruled.get(holder, 0)}
    await connection.execute(sa.delete(HELD_REPORTS))
    await connection.execute(sa.delete(HELD_DESKS))
    for holder, hold in counted.items():
        for some in _some(hold.reports, _SOME):
            await connection.execute(sa.insert(HELD_REPORTS), [{"report": report, "holder": holder} for report in some])
        if hold.desks:
            await connection.execute(sa.insert(HELD_DESKS), [{"desk": desk, "holder": holder} for desk in hold.desks])


# -- what is deleted -------------------------------------------------------------------------------------------------------


class SqlRetention:
    """`ports.retention.Retention` on a `Database`."""

    def __init__(self, database: Database) -> None:
        """Keep the database."""
        self._database = database

    async def delete(self, before: str, judge: Callable[[Candidate], Sequence[Acknowledged]], after: str) -> tuple[int, str | None]:
        """Delete some of what may be deleted; see `ports.retention.Retention.delete`."""
        async with self._database.writing() as connection:
            if not self._database.is_sqlite:
                await connection.execute(sa.text("LOCK TABLE inbox IN EXCLUSIVE MODE"))
            await self._database.lock(connection, DELETING)
            looked = await _old_enough(connection, before, after)
            judged = [replace(one, by=judge(one)) for one in await _candidates(connection, looked, before)]
            doomed = [one for one in judged if one.by]
            if doomed:
                await _delete(connection, doomed)
        return len(doomed), looked[-1] if len(looked) == _AT_A_TIME else None

    async def charters(self) -> Sequence[int]:
        """Return the sequences of the sealing charters of all reports that somebody has acknowledged."""
        acknowledged = sa.select(REPORTS.c.charter).join(ACKNOWLEDGED, ACKNOWLEDGED.c.report == REPORTS.c.id)
        query = acknowledged.where(REPORTS.c.charter.is_not(None)).distinct()
        async with self._database.reading() as connection:
            return list(await connection.scalars(query))

    async def is_desk_held(self) -> bool:
        """Say whether a whole desk is held."""
        async with self._database.reading() as connection:
            return (await connection.execute(sa.select(HELD_DESKS.c.desk).limit(1))).first() is not None

    async def scrub(self) -> None:
        """Have the database let go of what deleted rows have left behind."""
        await self._database.scrub(REPORTS.name)

    async def deletions(self, start: int) -> Sequence[Deletion]:
        """Return the next deletions from number `start` on, of at most `MAX_REPORTS` reports, and on which grounds."""
        at = DELETIONS.c
        query = sa.select(DELETIONS).where(at.number >= start, at.number < start + MAX_REPORTS).order_by(at.number)
        grounds: dict[tuple[int, str], list[str]] = {}
        async with self._database.reading() as connection:
            for row in await connection.execute(query):
                grounds.setdefault((row.charter, row.acknowledgements), []).append(row.report)
        return [
            Deletion(charter=charter, acknowledgements=decode_canonical(by.encode(), tuple[AcknowledgedIn, ...]), reports=tuple(reports))
            for (charter, by), reports in grounds.items()
        ]

    async def acknowledgement(self, reviewer: str, number: int) -> bytes | None:
        """Return an acknowledgement that is a reviewer's newest, or on which a deletion rests."""
        at = ACKNOWLEDGEMENTS.c
        async with self._database.reading() as connection:
            return await connection.scalar(sa.select(at.note).where(at.reviewer == reviewer, at.number == number))


async def _old_enough(connection: AsyncConnection, before: str, after: str) -> Sequence[str]:
    """Return the next reports that two reviewers or more have had since before that day, some at a time."""
    at = ACKNOWLEDGED.c
    query = sa.select(at.report).where(at.day < before, at.report > after).group_by(at.report).having(sa.func.count() >= LEAST)
    return list(await connection.scalars(query.order_by(at.report).limit(_AT_A_TIME)))


async def _candidates(connection: AsyncConnection, reports: Sequence[str], before: str) -> Sequence[Candidate]:
    """Return those that are not held, with who has had them since before that day."""
    by: dict[str, list[Acknowledged]] = {}
    at = ACKNOWLEDGED.c
    for row in await connection.execute(sa.select(ACKNOWLEDGED).where(at.report.in_(reports), at.day < before).order_by(at.reviewer)):
        by.setdefault(row.report, []).append(Acknowledged(row.reviewer, row.identity, row.number, row.opened))
    held = sa.select(HELD_REPORTS.c.report).where(HELD_REPORTS.c.report == REPORTS.c.id).exists()
    desk_held = sa.select(HELD_DESKS.c.desk).where(HELD_DESKS.c.desk == REPORTS.c.desk).exists()
    of = REPORTS.c
    query = sa.select(of.id, of.desk, of.leaf, of.charter).where(of.id.in_(reports), of.charter.is_not(None), ~held, ~desk_held).order_by(of.id)
    return [Candidate(row.id, row.desk, row.leaf, row.charter, by[row.id]) for row in await connection.execute(query)]


async def _delete(connection: AsyncConnection, doomed: Sequence[Candidate]) -> None:
    ids = [candidate.report for candidate in doomed]
    first = (await connection.scalar(sa.select(sa.func.max(DELETIONS.c.number))) or 0) + 1
    rows = [
        {"report": one.report, "number": number, "leaf": one.leaf, "charter": one.charter, "acknowledgements": _grounds(one.by)}
        for number, one in enumerate(doomed, first)
    ]
    await connection.execute(sa.insert(DELETIONS), rows)
    await connection.execute(sa.delete(ACKNOWLEDGED).where(ACKNOWLEDGED.c.report.in_(ids)))
    await connection.execute(sa.delete(REPORTS).where(REPORTS.c.id.in_(ids)))
    at = ACKNOWLEDGEMENTS.c
    for reviewer, number in {(ack.reviewer, ack.number) for one in doomed for ack in one.by}:
        await connection.execute(sa.update(ACKNOWLEDGEMENTS).where(at.reviewer == reviewer, at.number == number).values(evidence=True))


def _grounds(by: Sequence[Acknowledged]) -> str:
    listed: list[Mapping[str, object]] = [{"number": one.number, "reviewer": one.reviewer} for one in by]
    return canonical(listed).decode()
