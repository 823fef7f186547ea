"""Webhooks, and what they are to be told."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_webhooks"
down_revision = "2026_11_25_subscribers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("secret", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site", "id", name="pk_webhooks"),
    )
    op.create_table(
        "webhook_messages",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["site", "webhook"],
            ["webhooks.site", "webhooks.id"],
            name="fk_webhook_messages_site_webhooks",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("site", "id", name="pk_webhook_messages"),
    )
    op.create_index("ix_webhook_messages_next_attempt_at", "webhook_messages", ["next_attempt_at"])


def downgrade() -> None:
    op.drop_table("webhook_messages")
    op.drop_table("webhooks")
