"""Announcements that staff ask for in the dashboard."""

import sqlalchemy as sa
from alembic import op

from consent.core.db import UtcDateTime

revision = "2026_11_27_announcements"
down_revision = "2026_11_27_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("next_turn_at", UtcDateTime(), nullable=True),
        sa.Column("through", sa.Uuid(), nullable=True),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("put_off", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(300), nullable=True),
        sa.ForeignKeyConstraint(
            ["site", "version"],
            ["versions.site", "versions.number"],
            name=op.f("fk_announcements_site_versions"),
        ),
        sa.PrimaryKeyConstraint("site", "version", name=op.f("pk_announcements")),
    )
    op.create_index("ix_announcements_next_turn_at", "announcements", ["next_turn_at"])


def downgrade() -> None:
    op.drop_table("announcements")
