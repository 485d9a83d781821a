# SPDX-License-Identifier: AGPL-3.0-or-later
"""Logs that were followed by another."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and a place for where a report stood."""
    op.add_column("reports", sa.Column("former", sa.BigInteger, nullable=True))
    op.create_table(
        "former_logs",
        sa.Column("origin", sa.String(255), primary_key=True),
        sa.Column("checkpoint", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "former_tiles",
        sa.Column("origin", sa.String(255), primary_key=True),
        sa.Column("path", sa.String(64), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Drop them: former logs cannot be looked at any more."""
    op.drop_table("former_tiles")
    op.drop_table("former_logs")
    op.drop_column("reports", "former")
