# SPDX-License-Identifier: AGPL-3.0-or-later
"""What reviewers have acknowledged and hold, and what was deleted."""

import sqlalchemy as sa
from alembic import op

from corncrake_crypto.charter import KIND
from corncrake_crypto.note import unverified_text
from corncrake_crypto.tiles import leaf_entry

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and note the sealing charter of what is published."""
    op.add_column("acknowledgements", sa.Column("identity", sa.String(43), nullable=False, server_default=""))
    op.add_column("acknowledgements", sa.Column("evidence", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("reports", sa.Column("charter", sa.BigInteger, nullable=True))
    op.create_table(
        "acknowledged",
        sa.Column("report", sa.String(64), primary_key=True),
        sa.Column("identity", sa.String(43), primary_key=True),
        sa.Column("reviewer", sa.String(32), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("opened", sa.Boolean, nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
    )
    op.create_index("acknowledged_by_identity", "acknowledged", ["identity"])
    op.create_table(
        "deletions",
        sa.Column("report", sa.String(64), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("leaf", sa.BigInteger, nullable=False),
        sa.Column("charter", sa.BigInteger, nullable=False),
        sa.Column("acknowledgements", sa.Text, nullable=False),
    )
    op.create_index("deletions_by_number", "deletions", ["number"], unique=True)
    op.create_table(
        "holds",
        sa.Column("holder", sa.String(32), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )
    for table, column, length in (("held_reports", "report", 64), ("held_desks", "desk", 32)):
        op.create_table(table, sa.Column(column, sa.String(length), primary_key=True), sa.Column("holder", sa.String(32), primary_key=True))
    _note_charters()


def _note_charters() -> None:
    """Give each published report the newest charter before it in the log: in their order, so that the newest writes last."""
    connection = op.get_bind()
    charters = connection.execute(sa.text("SELECT sequence, note FROM charters ORDER BY sequence")).all()
    find = sa.text("SELECT min(leaf) FROM leaves WHERE entry = :entry")
    mark = sa.text("UPDATE reports SET charter = :sequence WHERE leaf > :leaf")
    for sequence, note in charters:
        leaf = connection.scalar(find, {"entry": leaf_entry(KIND, unverified_text(bytes(note)))})
        if leaf is not None:
            connection.execute(mark, {"sequence": sequence, "leaf": leaf})


def downgrade() -> None:
    """Drop them: what was deleted will look withheld, and no hold is known any more."""
    for table in ("held_desks", "held_reports", "holds"):
        op.drop_table(table)
    op.drop_index("deletions_by_number", "deletions")
    op.drop_table("deletions")
    op.drop_index("acknowledged_by_identity", "acknowledged")
    op.drop_table("acknowledged")
    op.drop_column("reports", "charter")
    op.drop_column("acknowledgements", "evidence")
    op.drop_column("acknowledgements", "identity")
