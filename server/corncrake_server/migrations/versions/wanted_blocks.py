# SPDX-License-Identifier: AGPL-3.0-or-later
"""Blocks that reviewers wait for."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "wanted",
        sa.Column("block", sa.String(32), primary_key=True),
        sa.Column("reviewer", sa.String(32), primary_key=True),
    )


def downgrade() -> None:
    """Drop it: no block is claimed any more."""
    op.drop_table("wanted")
