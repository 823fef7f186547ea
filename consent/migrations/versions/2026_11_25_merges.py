"""Which files of page views are in the counters."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_merges"
down_revision = "2026_11_24_signals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "merges",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("process", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site", "process", name="pk_merges"),
    )


def downgrade() -> None:
    op.drop_table("merges")
