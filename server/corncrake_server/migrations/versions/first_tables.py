# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _documents()
    _reports()
    _log()


def _documents() -> None:
    op.create_table(
        "charters",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "forms",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "prekeys",
        sa.Column("reviewer", sa.String(32), primary_key=True),
        sa.Column("epoch", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "editions",
        sa.Column("desk", sa.String(32), primary_key=True),
        sa.Column("reviewer", sa.String(32), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "edition_tiles",
        sa.Column("desk", sa.String(32), primary_key=True),
        sa.Column("reviewer", sa.String(32), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("bucket", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "acknowledgements",
        sa.Column("reviewer", sa.String(32), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "inbox",
        sa.Column("reviewer", sa.String(32), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_table(
        "nonces",
        sa.Column("courier", sa.String(32), primary_key=True),
        sa.Column("nonce", sa.String(128), primary_key=True),
        sa.Column("day", sa.String(10), nullable=False),
    )


def _reports() -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("desk", sa.String(32), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("leaf", sa.BigInteger, nullable=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    unpublished = sa.text("leaf IS NULL")
    op.create_index("reports_unpublished", "reports", ["id"], sqlite_where=unpublished, postgresql_where=unpublished)
    op.create_index("reports_by_leaf", "reports", ["leaf"], unique=True)


def _log() -> None:
    op.create_table(
        "public_leaves",
        sa.Column("place", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("entry", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "leaves",
        sa.Column("leaf", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("day", sa.String(10), nullable=True),
        sa.Column("salt", sa.String(64), nullable=True),
        sa.Column("desk", sa.String(32), nullable=True),
        sa.Column("report", sa.String(64), nullable=True),
    )
    op.create_table(
        "tiles",
        sa.Column("path", sa.String(64), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "heads",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=True),
    )


def downgrade() -> None:
    """Drop them, and all that is in them."""
    op.drop_index("reports_by_leaf", "reports")
    op.drop_index("reports_unpublished", "reports")
    for table in (
        "charters",
        "forms",
        "prekeys",
        "editions",
        "edition_tiles",
        "acknowledgements",
        "inbox",
        "nonces",
        "reports",
        "public_leaves",
        "leaves",
        "tiles",
        "heads",
    ):
        op.drop_table(table)
