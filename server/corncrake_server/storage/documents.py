# SPDX-License-Identifier: AGPL-3.0-or-later
"""Charters, forms, prekeys, editions and parcels in SQL. See `ports.documents.Documents` for what is promised."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from corncrake_crypto.errors import Failure, PeerError, StoreError
from corncrake_server.ports.documents import CharterNote, EditionNote, PrekeyNote, ReleaseNote
from corncrake_server.refusals import Conflict
from corncrake_server.storage.former_logs import begin_log, log_of
from corncrake_server.storage.retention import read_held, write_acknowledgement, write_holds
from corncrake_server.storage.tables import (
    CHARTERS,
    EDITION_TILES,
    EDITIONS,
    FORMS,
    INBOX,
    NONCES,
    PAGE_RELEASES,
    PREKEYS,
    PUBLIC_LEAVES,
    REPORTS,
    WANTED,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from corncrake_server.ports.documents import Changes, EditionTile, Held
    from corncrake_server.storage.database import Database

_SOME_BYTES = 4 << 20
_SOME_ROWS = 10_000


class SqlDocuments:
    """`ports.documents.Documents` on a `Database`."""

    def __init__(self, database: Database) -> None:
        """Keep the database."""
        self._database = database

    async def charter(self) -> CharterNote | None:
        """Return the charter with the highest sequence."""
        query = sa.select(CHARTERS).order_by(CHARTERS.c.sequence.desc()).limit(1)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else CharterNote(row.sequence, row.sha256, row.note)

    async def charter_of(self, sequence: int) -> CharterNote | None:
        """Return the charter with this sequence, also when newer ones are here."""
        async with self._database.reading() as connection:
            row = (await connection.execute(sa.select(CHARTERS).where(CHARTERS.c.sequence == sequence))).first()
        return None if row is None else CharterNote(row.sequence, row.sha256, row.note)

    async def charter_before(self, sequence: int) -> CharterNote | None:
        """Return the charter with the highest sequence below this one."""
        query = sa.select(CHARTERS).where(CHARTERS.c.sequence < sequence).order_by(CHARTERS.c.sequence.desc()).limit(1)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else CharterNote(row.sequence, row.sha256, row.note)

    async def release(self) -> ReleaseNote | None:
        """Return the page release with the highest number."""
        query = sa.select(PAGE_RELEASES).order_by(PAGE_RELEASES.c.number.desc()).limit(1)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else ReleaseNote(row.number, row.sha256, row.note)

    async def form(self, sha256: str) -> bytes | None:
        """Return a form by its hash."""
        async with self._database.reading() as connection:
            return await connection.scalar(sa.select(FORMS.c.body).where(FORMS.c.sha256 == sha256))

    async def prekeys(self, epoch: int) -> Sequence[PrekeyNote]:
        """Return the newest prekey of each reviewer for `epoch`."""
        query = sa.select(PREKEYS).where(PREKEYS.c.epoch == epoch).order_by(PREKEYS.c.reviewer)
        async with self._database.reading() as connection:
            return [PrekeyNote(r.reviewer, r.epoch, r.number, r.sha256, r.note) for r in await connection.execute(query)]

    async def heads(self, desk: str) -> Sequence[EditionNote]:
        """Return the newest head of each reviewer of `desk`."""
        query = sa.select(EDITIONS).where(EDITIONS.c.desk == desk).order_by(EDITIONS.c.reviewer)
        async with self._database.reading() as connection:
            return [EditionNote(r.desk, r.reviewer, r.number, r.sha256, r.note) for r in await connection.execute(query)]

    async def edition_tile(self, desk: str, reviewer: str, number: int, bucket: int) -> bytes | None:
        """Return one tile of a newest edition."""
        at = EDITION_TILES.c
        query = sa.select(at.body).where(at.desk == desk, at.reviewer == reviewer, at.number == number, at.bucket == bucket)
        async with self._database.reading() as connection:
            return await connection.scalar(query)

    async def last_parcel(self, reviewer: str, number: int) -> tuple[int, str | None]:
        """Return the highest number applied of a reviewer, and the hash applied under `number`."""
        async with self._database.reading() as connection:
            return await _last_parcel(connection, reviewer, number)

    async def apply(self, changes: Changes) -> None:
        """Apply all of `changes` in one transaction."""
        async with self._database.writing() as connection:
            if not self._database.is_sqlite:
                # Parcels are few; one at a time spares every question of what overtakes what.
                await connection.execute(sa.text("LOCK TABLE inbox IN EXCLUSIVE MODE"))
            await _check_by(connection, changes.by)
            await self._note_parcel(connection, changes)
            await self._write_documents(connection, changes)
            await self._write_release(connection, changes)
            await self._write_editions(connection, changes)
            if changes.entries:
                await connection.execute(sa.insert(PUBLIC_LEAVES), [{"entry": entry} for entry in changes.entries])

    async def _note_parcel(self, connection: AsyncConnection, changes: Changes) -> None:
        if changes.parcel is None:
            return
        reviewer, number, sha256 = changes.parcel
        last, there = await _last_parcel(connection, reviewer, number)
        if there is not None or number <= last:
            raise PeerError(Failure.REPEATED, f"parcel {number} of this reviewer, or a later one, was applied already")
        await connection.execute(sa.insert(INBOX), {"reviewer": reviewer, "number": number, "sha256": sha256})
        if changes.acknowledgement is not None:
            await write_acknowledgement(connection, changes.acknowledgement)
        await write_holds(connection, changes.holds)
        if changes.wanted is not None:
            await connection.execute(sa.delete(WANTED).where(WANTED.c.reviewer == reviewer))
            rows = [{"block": block, "reviewer": reviewer} for block in changes.wanted]
            for at in range(0, len(rows), _SOME_ROWS):
                await connection.execute(sa.insert(WANTED), rows[at : at + _SOME_ROWS])

    async def _write_documents(self, connection: AsyncConnection, changes: Changes) -> None:
        insert = self._database.insert
        if changes.charter is not None:
            newest = (await connection.execute(sa.select(CHARTERS).order_by(CHARTERS.c.sequence.desc()).limit(1))).first()
            if newest is not None and newest.sequence >= changes.charter.sequence:
                raise Conflict(Failure.ROLLBACK, "a charter with this sequence or a later one is here already")
            if newest is not None and (former := log_of(newest.note)) != log_of(changes.charter.note):
                await begin_log(connection, self._database, former.origin)
            await connection.execute(sa.insert(CHARTERS), asdict(changes.charter))
        if changes.forms:
            rows = [{"sha256": sha256, "body": body} for sha256, body in changes.forms.items()]
            await connection.execute(insert(FORMS).on_conflict_do_nothing(index_elements=["sha256"]), rows)
        if changes.prekeys:
            statement = insert(PREKEYS)
            new = statement.excluded
            statement = statement.on_conflict_do_update(
                index_elements=["reviewer", "epoch"],
                set_={"number": new.number, "sha256": new.sha256, "note": new.note},
                where=PREKEYS.c.number < new.number,
            )
            await connection.execute(statement, [asdict(prekey) for prekey in changes.prekeys])

    async def _write_release(self, connection: AsyncConnection, changes: Changes) -> None:
        if changes.release is None:
            return
        at, release = PAGE_RELEASES.c, changes.release
        newest = (await connection.execute(sa.select(at.number, at.sha256).order_by(at.number.desc()).limit(1))).first()
        if newest is None or newest.number < release.number:
            await connection.execute(sa.insert(PAGE_RELEASES), asdict(release))
        elif (newest.number, newest.sha256) == (release.number, release.sha256):
            await connection.execute(sa.update(PAGE_RELEASES).where(at.number == release.number).values(note=release.note))
        else:
            raise Conflict(Failure.ROLLBACK, "a release with this number or a later one is here already")

    async def _write_editions(self, connection: AsyncConnection, changes: Changes) -> None:
        for head in changes.editions:
            here = (EDITIONS.c.desk == head.desk) & (EDITIONS.c.reviewer == head.reviewer)
            number = await connection.scalar(sa.select(EDITIONS.c.number).where(here))
            if number is not None and number >= head.number:
                raise Conflict(Failure.EDITION, "an edition with this number or a later one is here already")
            tiles = (EDITION_TILES.c.desk == head.desk) & (EDITION_TILES.c.reviewer == head.reviewer)
            await connection.execute(sa.delete(EDITION_TILES).where(tiles))
            await connection.execute(sa.delete(EDITIONS).where(here))
            await connection.execute(sa.insert(EDITIONS), asdict(head))
        some: list[EditionTile] = []
        for tile in changes.tiles or ():
            some.append(tile)
            if sum(len(t.body) for t in some) >= _SOME_BYTES:
                await connection.execute(sa.insert(EDITION_TILES), [asdict(t) for t in some])
                some.clear()
        if some:
            await connection.execute(sa.insert(EDITION_TILES), [asdict(t) for t in some])

    async def wanted(self, blocks: Collection[str], reviewers: Collection[str]) -> Sequence[str]:
        """Return those of `blocks` that one of `reviewers` waits for."""
        query = sa.select(WANTED.c.block).distinct().where(WANTED.c.block.in_(list(blocks)), WANTED.c.reviewer.in_(list(reviewers)))
        async with self._database.reading() as connection:
            return list(await connection.scalars(query))

    async def desks_of(self, reports: Collection[str]) -> set[str]:
        """Return the desks of those of these reports that are here."""
        ids, found = list(reports), set[str]()
        async with self._database.reading() as connection:
            for at in range(0, len(ids), _SOME_ROWS):
                found |= set(await connection.scalars(sa.select(REPORTS.c.desk).distinct().where(REPORTS.c.id.in_(ids[at : at + _SOME_ROWS]))))
        return found

    async def held_by(self, holder: str) -> Held | None:
        """Return what a holder holds; see `ports.documents.Documents.held_by`."""
        async with self._database.reading() as connection:
            return await read_held(connection, holder)

    async def use_nonce(self, courier: str, nonce: str, day: str, forget_before: str) -> bool:
        """Note a nonce; False when it was noted before."""
        statement = self._database.insert(NONCES).on_conflict_do_nothing(index_elements=["courier", "nonce"])
        async with self._database.writing() as connection:
            await connection.execute(sa.delete(NONCES).where(NONCES.c.day < forget_before))
            result = await connection.execute(statement, {"courier": courier, "nonce": nonce, "day": day})
            return result.rowcount == 1


async def _check_by(connection: AsyncConnection, by: int | None) -> None:
    """Check that the charter in force is the one by which all was checked: what came in between says otherwise who may do what."""
    if by is not None and by != (await connection.scalar(sa.select(sa.func.max(CHARTERS.c.sequence))) or 0):
        raise StoreError(Failure.STORE, "another charter came while this was looked at, and nothing was changed: bring it again")


async def _last_parcel(connection: AsyncConnection, reviewer: str, number: int) -> tuple[int, str | None]:
    at = INBOX.c
    last = await connection.scalar(sa.select(sa.func.max(at.number)).where(at.reviewer == reviewer))
    there = await connection.scalar(sa.select(at.sha256).where(at.reviewer == reviewer, at.number == number))
    return last or 0, there
