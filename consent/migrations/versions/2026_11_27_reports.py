"""Who among staff is sent a site's report every month."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_reports"
down_revision = "2026_11_27_drafts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_subscriptions",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("staff", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("sent_through", sa.Date(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff"], ["staff.id"], name="fk_report_subscriptions_staff_staff", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("site", "staff", name="pk_report_subscriptions"),
    )


def downgrade() -> None:
    op.drop_table("report_subscriptions")
