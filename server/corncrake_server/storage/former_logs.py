# SPDX-License-Identifier: AGPL-3.0-or-later
"""From one log to the next: the former one is put away as it was last signed, and what the server has is to be published again.

Rules of this file: all of it happens in the transaction that takes the charter, so that the tree is always that of the log which the newest
charter names. Nothing of a report is changed but where it stands: its commitment, day and salt stay, so that its receipt can be looked for
in the new log. What acknowledgements said of the former log counts no more.

Source: crypto/spec/checkpoint.md §3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from corncrake_crypto.charter import KIND as CHARTER
from corncrake_crypto.charter import Charter
from corncrake_crypto.edition import KIND as EDITION
from corncrake_crypto.edition import MAX_HEAD
from corncrake_crypto.note import MAX_NOTE, read_document, unverified_text
from corncrake_crypto.page_release import KIND as PAGE_RELEASE
from corncrake_crypto.page_release import MAX_RELEASE
from corncrake_crypto.prekeys import KIND as PREKEYS_KIND
from corncrake_crypto.tiles import leaf_entry
from corncrake_server.storage.tables import (
    ACKNOWLEDGED,
    COSIGNATURES,
    DELETIONS,
    EDITIONS,
    FORMER_LOGS,
    FORMER_TILES,
    HEADS,
    LEAVES,
    PAGE_RELEASES,
    PREKEYS,
    PUBLIC_LEAVES,
    REPORTS,
    TILES,
)

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from corncrake_crypto.charter import Log
    from corncrake_server.storage.database import Database

# A report that is published gets a negative rowid by its leaf in SQLite (`storage/log.py`). Until then it has a positive one here, those
# that wait already too: what waits could stand in the place of another's leaf in the new log. As far as this none meets another on its way.
_MOVE_SQLITE: Final = sa.text("UPDATE reports SET rowid = rowid + (SELECT MAX(0, MAX(rowid)) - MIN(0, MIN(rowid)) + 1 FROM reports)")


def log_of(note: bytes) -> Log:
    """Return the log that a stored charter names."""
    return read_document(unverified_text(note), CHARTER, Charter).log


async def begin_log(connection: AsyncConnection, database: Database, former: str) -> None:
    """Put the log of this origin line away, and begin one without leaves, for which all that is here waits."""
    newest = (await connection.execute(sa.select(HEADS).where(HEADS.c.note.is_not(None)).order_by(HEADS.c.size.desc()).limit(1))).first()
    if newest is not None:
        query = sa.select(COSIGNATURES.c.line).where(COSIGNATURES.c.size == newest.size).order_by(COSIGNATURES.c.witness)
        lines = (await connection.scalars(query)).all()
        await connection.execute(sa.insert(FORMER_LOGS), {"origin": former, "checkpoint": newest.note + b"".join(lines)})
        tiles = sa.select(sa.literal(former), TILES.c.path, TILES.c.body)
        await connection.execute(sa.insert(FORMER_TILES).from_select(["origin", "path", "body"], tiles))
    for table in (TILES, LEAVES, HEADS, COSIGNATURES, ACKNOWLEDGED, PUBLIC_LEAVES):
        await connection.execute(sa.delete(table))
    if database.is_sqlite:
        await connection.execute(_MOVE_SQLITE)
    stood = sa.update(REPORTS).where(REPORTS.c.leaf.is_not(None))
    await connection.execute(stood.values(former=REPORTS.c.leaf, leaf=None, charter=None))
    await connection.execute(sa.update(DELETIONS).where(DELETIONS.c.leaf >= 0).values(leaf=-1 - DELETIONS.c.leaf))
    await _publish_again(connection)


async def _publish_again(connection: AsyncConnection) -> None:
    """Let the public documents that are in force wait for the new log; the charter comes by itself."""
    for table, kind, most in ((PREKEYS, PREKEYS_KIND, MAX_NOTE), (EDITIONS, EDITION, MAX_HEAD)):
        notes = (await connection.scalars(sa.select(table.c.note))).all()
        entries = [{"entry": leaf_entry(kind, unverified_text(note, limit=most))} for note in notes]
        if entries:
            await connection.execute(sa.insert(PUBLIC_LEAVES), entries)
    release = await connection.scalar(sa.select(PAGE_RELEASES.c.note).order_by(PAGE_RELEASES.c.number.desc()).limit(1))
    if release is not None:
        await connection.execute(sa.insert(PUBLIC_LEAVES), {"entry": leaf_entry(PAGE_RELEASE, unverified_text(release, limit=MAX_RELEASE))})


async def former_checkpoint(connection: AsyncConnection, origin: str) -> bytes | None:
    """Return the last head of a former log, cosignatures included; None when there is no such log."""
    return await connection.scalar(sa.select(FORMER_LOGS.c.checkpoint).where(FORMER_LOGS.c.origin == origin))


async def former_tile(connection: AsyncConnection, origin: str, path: str) -> bytes | None:
    """Return a tile of a former log."""
    at = FORMER_TILES.c
    return await connection.scalar(sa.select(at.body).where(at.origin == origin, at.path == path))
