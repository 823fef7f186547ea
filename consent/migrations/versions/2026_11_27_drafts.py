"""Drafts of site files."""

import sqlalchemy as sa
from alembic import op

from consent.core.db import UtcDateTime

revision = "2026_11_27_drafts"
down_revision = "2026_11_27_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("site", sa.String(40), primary_key=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.String(254), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("drafts")
