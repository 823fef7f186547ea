"""One outbox for messages to webhooks, announcements, reports and letters, in place of columns of each."""

import json
import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

from consent.core.db import UtcDateTime

revision = "2026_11_28_outbox"
down_revision = "2026_11_28_public_pages"
branch_labels = None
depends_on = None

OUTBOX = sa.table(
    "outbox",
    sa.column("site", sa.String),
    sa.column("id", sa.Uuid),
    sa.column("kind", sa.String),
    sa.column("about", sa.String),
    sa.column("content", sa.Text),
    sa.column("queued_at", UtcDateTime),
    sa.column("attempts", sa.Integer),
    sa.column("next_attempt_at", UtcDateTime),
    sa.column("sent_at", UtcDateTime),
    sa.column("error", sa.String),
)
MESSAGES = sa.table(
    "webhook_messages",
    sa.column("site", sa.String),
    sa.column("id", sa.Uuid),
    sa.column("webhook", sa.Uuid),
    sa.column("body", sa.Text),
    sa.column("queued_at", UtcDateTime),
    sa.column("attempts", sa.Integer),
    sa.column("next_attempt_at", UtcDateTime),
    sa.column("delivered_at", UtcDateTime),
    sa.column("error", sa.String),
)
ANNOUNCEMENTS = sa.table(
    "announcements",
    sa.column("site", sa.String),
    sa.column("version", sa.Integer),
    sa.column("item", sa.Uuid),
    sa.column("asked_at", UtcDateTime),
    sa.column("next_turn_at", UtcDateTime),
    sa.column("finished_at", UtcDateTime),
    sa.column("failures", sa.Integer),
    sa.column("error", sa.String),
)
SUBSCRIPTIONS = sa.table(
    "report_subscriptions",
    sa.column("site", sa.String),
    sa.column("staff", sa.Uuid),
    sa.column("next_attempt_at", UtcDateTime),
)


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("about", sa.String(40), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(300), nullable=True),
        sa.PrimaryKeyConstraint("site", "id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_next_attempt_at", "outbox", ["kind", "next_attempt_at"])
    op.create_index("ix_outbox_about", "outbox", ["site", "kind", "about"])
    op.add_column("announcements", sa.Column("item", sa.Uuid(), nullable=True))
    connection = op.get_bind()
    for message in connection.execute(sa.select(MESSAGES)).mappings():
        _put(
            message,
            id=message["id"],
            kind="webhook",
            about=str(message["webhook"]),
            content=message["body"],
            queued_at=message["queued_at"],
            attempts=message["attempts"],
            next_attempt_at=message["next_attempt_at"],
            sent_at=message["delivered_at"],
        )
    asked = sa.select(*(each for each in ANNOUNCEMENTS.c if each.name != "item"))
    for announcement in connection.execute(asked).mappings().all():
        item = uuid.uuid4()
        _put(
            announcement,
            id=item,
            kind="announcement",
            about=str(announcement["version"]),
            content=json.dumps({}),
            queued_at=announcement["asked_at"],
            attempts=announcement["failures"],
            next_attempt_at=announcement["next_turn_at"],
            sent_at=announcement["finished_at"],
        )
        connection.execute(
            sa.update(ANNOUNCEMENTS)
            .where(
                ANNOUNCEMENTS.c.site == announcement["site"],
                ANNOUNCEMENTS.c.version == announcement["version"],
            )
            .values(item=item)
        )
    op.drop_index("ix_announcements_next_turn_at", "announcements")
    with op.batch_alter_table("announcements") as table:
        table.alter_column("item", existing_type=sa.Uuid(), nullable=False)
        for name in ("next_turn_at", "finished_at", "failures", "error"):
            table.drop_column(name)
    # A report that was put off is due again.
    with op.batch_alter_table("report_subscriptions") as table:
        table.drop_column("next_attempt_at")
    op.drop_table("webhook_messages")


def _put(row: Any, **values: Any) -> None:
    op.get_bind().execute(sa.insert(OUTBOX).values(site=row["site"], error=row["error"], **values))


def downgrade() -> None:
    op.create_table(
        "webhook_messages",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["site", "webhook"],
            ["webhooks.site", "webhooks.id"],
            name=op.f("fk_webhook_messages_site_webhooks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("site", "id", name=op.f("pk_webhook_messages")),
    )
    op.create_index("ix_webhook_messages_next_attempt_at", "webhook_messages", ["next_attempt_at"])
    for column in (
        sa.Column("next_turn_at", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(300), nullable=True),
    ):
        op.add_column("announcements", column)
    op.add_column(
        "report_subscriptions", sa.Column("next_attempt_at", UtcDateTime(), nullable=True)
    )
    connection = op.get_bind()
    for item in connection.execute(sa.select(OUTBOX)).mappings().all():
        if item["kind"] == "webhook":
            connection.execute(
                sa.insert(MESSAGES).values(
                    site=item["site"],
                    id=item["id"],
                    webhook=uuid.UUID(item["about"]),
                    body=item["content"],
                    queued_at=item["queued_at"],
                    attempts=item["attempts"],
                    next_attempt_at=item["next_attempt_at"],
                    delivered_at=item["sent_at"],
                    error=item["error"],
                )
            )
        elif item["kind"] == "announcement":
            connection.execute(
                sa.update(ANNOUNCEMENTS)
                .where(ANNOUNCEMENTS.c.site == item["site"], ANNOUNCEMENTS.c.item == item["id"])
                .values(
                    next_turn_at=item["next_attempt_at"],
                    finished_at=item["sent_at"],
                    failures=item["attempts"],
                    error=item["error"],
                )
            )
    with op.batch_alter_table("announcements") as table:
        table.alter_column("failures", existing_type=sa.Integer(), server_default=None)
        table.drop_column("item")
    op.create_index("ix_announcements_next_turn_at", "announcements", ["next_turn_at"])
    op.drop_table("outbox")
