# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables, one definition for SQLite and PostgreSQL.

Rules of this file: days are text `YYYY-MM-DD`, and there is no column of a finer time anywhere; ids and hashes are lower-case
hex; notes are the bytes that came. No column says who sent a report. A change here needs a migration.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData()
_HASH: Final = sa.String(64)
_ID: Final = sa.String(32)
_DAY: Final = sa.String(10)
_IDENTITY: Final = sa.String(43)

CHARTERS: Final = sa.Table(
    "charters",
    METADATA,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("sha256", _HASH, nullable=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
)

FORMS: Final = sa.Table(
    "forms",
    METADATA,
    sa.Column("sha256", _HASH, primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

PAGE_RELEASES: Final = sa.Table(
    "page_releases",
    METADATA,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("sha256", _HASH, nullable=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
)

PREKEYS: Final = sa.Table(
    "prekeys",
    METADATA,
    sa.Column("reviewer", _ID, primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("sha256", _HASH, nullable=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
)

EDITIONS: Final = sa.Table(
    "editions",
    METADATA,
    sa.Column("desk", _ID, primary_key=True),
    sa.Column("reviewer", _ID, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("sha256", _HASH, nullable=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
)

EDITION_TILES: Final = sa.Table(
    "edition_tiles",
    METADATA,
    sa.Column("desk", _ID, primary_key=True),
    sa.Column("reviewer", _ID, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("bucket", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

ACKNOWLEDGEMENTS: Final = sa.Table(
    "acknowledgements",
    METADATA,
    sa.Column("reviewer", _ID, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
    # By which key it is signed, base64url.
    sa.Column("identity", _IDENTITY, nullable=False, server_default=""),
    # A deletion rests on it: it stays when a newer one comes.
    sa.Column("evidence", sa.Boolean, nullable=False, server_default=sa.false()),
)

# What the newest acknowledgements say of published reports, and the day of the head since when they have said it without a break.
ACKNOWLEDGED: Final = sa.Table(
    "acknowledged",
    METADATA,
    sa.Column("report", _HASH, primary_key=True),
    sa.Column("identity", _IDENTITY, primary_key=True),
    sa.Column("reviewer", _ID, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("opened", sa.Boolean, nullable=False),
    sa.Column("day", _DAY, nullable=False),
)
sa.Index("acknowledged_by_identity", ACKNOWLEDGED.c.identity)

# Reports that are no more: what a courier is told in their stead. Their leaves stay.
DELETIONS: Final = sa.Table(
    "deletions",
    METADATA,
    sa.Column("report", _HASH, primary_key=True),
    # From 1, without a gap, in the order in which they were deleted: a courier goes on where it ended.
    sa.Column("number", sa.BigInteger, nullable=False),
    # Negative: in a former log.
    sa.Column("leaf", sa.BigInteger, nullable=False),
    sa.Column("charter", sa.BigInteger, nullable=False),
    # Canonical JSON: reviewer and number of each that it rests on.
    sa.Column("acknowledgements", sa.Text, nullable=False),
)
sa.Index("deletions_by_number", DELETIONS.c.number, unique=True)

# The newest legal hold of each holder; the organisation's has the holder "".
HOLDS: Final = sa.Table(
    "holds",
    METADATA,
    sa.Column("holder", _ID, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
)

# What those hold that are not overruled.
HELD_REPORTS: Final = sa.Table(
    "held_reports",
    METADATA,
    sa.Column("report", _HASH, primary_key=True),
    sa.Column("holder", _ID, primary_key=True),
)
HELD_DESKS: Final = sa.Table(
    "held_desks",
    METADATA,
    sa.Column("desk", _ID, primary_key=True),
    sa.Column("holder", _ID, primary_key=True),
)

INBOX: Final = sa.Table(
    "inbox",
    METADATA,
    sa.Column("reviewer", _ID, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("sha256", _HASH, nullable=False),
)

# The blocks that a reviewer waits for, by its newest parcel: they are not removed for their age.
WANTED: Final = sa.Table(
    "wanted",
    METADATA,
    sa.Column("block", sa.String(32), primary_key=True),
    sa.Column("reviewer", _ID, primary_key=True),
)

NONCES: Final = sa.Table(
    "nonces",
    METADATA,
    sa.Column("courier", _ID, primary_key=True),
    sa.Column("nonce", sa.String(128), primary_key=True),
    sa.Column("day", _DAY, nullable=False),
)

REPORTS: Final = sa.Table(
    "reports",
    METADATA,
    sa.Column("id", _HASH, primary_key=True),
    sa.Column("desk", _ID, nullable=False),
    sa.Column("day", _DAY, nullable=False),
    sa.Column("salt", _HASH, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    # Where its commitment stands in the log; null until a publication takes it.
    sa.Column("leaf", sa.BigInteger, nullable=True),
    # The sequence of its sealing charter, the newest one before it in the log: known when it has a leaf.
    sa.Column("charter", sa.BigInteger, nullable=True),
    # Where it stood in the log before this one; null when it came after that.
    sa.Column("former", sa.BigInteger, nullable=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
# A publication and a courier ask for what is new: the cost must not grow with all reports ever taken.
sa.Index("reports_unpublished", REPORTS.c.id, sqlite_where=REPORTS.c.leaf.is_(None), postgresql_where=REPORTS.c.leaf.is_(None))
sa.Index("reports_by_leaf", REPORTS.c.leaf, unique=True)

PUBLIC_LEAVES: Final = sa.Table(
    "public_leaves",
    METADATA,
    # In the order in which they came; gone when a publication has appended them.
    sa.Column("place", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("entry", sa.LargeBinary, nullable=False),
)

LEAVES: Final = sa.Table(
    "leaves",
    METADATA,
    sa.Column("leaf", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    # What a courier is told about a commitment; a leaf in clear has none of these.
    sa.Column("day", _DAY, nullable=True),
    sa.Column("salt", _HASH, nullable=True),
    sa.Column("desk", _ID, nullable=True),
    sa.Column("report", _HASH, nullable=True),
)

TILES: Final = sa.Table(
    "tiles",
    METADATA,
    sa.Column("path", sa.String(64), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

COSIGNATURES: Final = sa.Table(
    "cosignatures",
    METADATA,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("witness", sa.String(255), primary_key=True),
    # The signature line, verified, to stand under the head of that size.
    sa.Column("line", sa.LargeBinary, nullable=False),
)

# Logs that another one has followed: the last head of each, cosignatures included, and its files.
FORMER_LOGS: Final = sa.Table(
    "former_logs",
    METADATA,
    sa.Column("origin", sa.String(255), primary_key=True),
    sa.Column("checkpoint", sa.LargeBinary, nullable=False),
)
FORMER_TILES: Final = sa.Table(
    "former_tiles",
    METADATA,
    sa.Column("origin", sa.String(255), primary_key=True),
    sa.Column("path", sa.String(64), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

# The largest head that was served of each log: none below it is, so that the log never seems to shrink.
SERVED: Final = sa.Table(
    "served",
    METADATA,
    sa.Column("origin", sa.String(255), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
)

HEADS: Final = sa.Table(
    "heads",
    METADATA,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("day", _DAY, nullable=False),
    sa.Column("root", _HASH, nullable=False),
    sa.Column("frontier", sa.LargeBinary, nullable=False),
    # The signed checkpoint; null while a publication is under way.
    sa.Column("note", sa.LargeBinary, nullable=True),
)
