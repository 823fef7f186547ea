"""Roles, invitations, a second factor, sessions, sign-in elsewhere, and what staff did."""

import sqlalchemy as sa
from alembic import op

from consent.core.db import Json, UtcDateTime

revision = "2026_11_27_people"
down_revision = "2026_11_26_took"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Until now every member might do everything.
    op.add_column(
        "memberships", sa.Column("role", sa.String(10), nullable=False, server_default="owner")
    )
    op.create_index("ix_memberships_staff", "memberships", ["staff"])
    op.add_column("staff", sa.Column("totp_secret", sa.Text(), nullable=True))
    op.add_column("staff", sa.Column("totp_step", sa.Integer(), nullable=True))
    op.create_table(
        "invitations",
        sa.Column("site", sa.String(40), primary_key=True),
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("invited_by", sa.String(254), nullable=False),
        sa.Column("invited_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_invitations_hash", "invitations", ["hash"])
    op.create_table(
        "recovery_codes",
        sa.Column("staff", sa.Uuid(), sa.ForeignKey("staff.id"), primary_key=True),
        sa.Column("hash", sa.String(64), primary_key=True),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("staff", sa.Uuid(), sa.ForeignKey("staff.id"), primary_key=True),
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("browser", sa.String(80), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(255), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("staff", sa.Uuid(), sa.ForeignKey("staff.id"), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("site", sa.String(40), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("who", sa.String(254), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_audit_site_who", "audit", ["site", "who", "id"])


def downgrade() -> None:
    for table in ("audit", "identities", "staff_sessions", "recovery_codes", "invitations"):
        op.drop_table(table)
    op.drop_column("staff", "totp_step")
    op.drop_column("staff", "totp_secret")
    op.drop_index("ix_memberships_staff", "memberships")
    op.drop_column("memberships", "role")
