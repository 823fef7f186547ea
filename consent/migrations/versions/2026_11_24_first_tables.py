"""The first tables: sites and their versions, decisions, counters, staff."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_24_first_tables"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("site", "hash", name=op.f("pk_api_tokens")),
    )
    op.create_table(
        "counters",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("dimension", sa.String(length=12), nullable=False),
        sa.Column("value", sa.String(length=300), nullable=False),
        sa.Column("onward", sa.String(length=300), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "site", "day", "dimension", "value", "onward", name=op.f("pk_counters")
        ),
    )
    op.create_table(
        "sites",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.Column("samples_from", sa.Date(), nullable=True),
        sa.Column("samples_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_sites")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
    )
    op.create_table(
        "versions",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site", "number", name=op.f("pk_versions")),
    )
    op.create_table(
        "decisions",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visitor", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("words_hash", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("purposes", JSON, nullable=False),
        sa.Column("services", JSON, nullable=False),
        sa.Column("gpc", sa.Boolean(), nullable=False),
        sa.Column("device", sa.String(length=10), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site", "version"],
            ["versions.site", "versions.number"],
            name=op.f("fk_decisions_site_versions"),
        ),
        sa.PrimaryKeyConstraint("site", "id", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index("ix_decisions_site_day", ["site", "day"], unique=False)
        batch_op.create_index(
            "ix_decisions_site_visitor", ["site", "visitor", "decided_at"], unique=False
        )

    op.create_table(
        "memberships",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("staff", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_memberships_staff_staff")),
        sa.PrimaryKeyConstraint("site", "staff", name=op.f("pk_memberships")),
    )
    op.create_table(
        "scripts",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("build", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site", "version"],
            ["versions.site", "versions.number"],
            name=op.f("fk_scripts_site_versions"),
        ),
        sa.PrimaryKeyConstraint("site", "hash", name=op.f("pk_scripts")),
        sa.UniqueConstraint("site", "version", "build", name=op.f("uq_scripts_site")),
    )
    op.create_table(
        "version_texts",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("words_hash", sa.String(length=64), nullable=False),
        sa.Column("banner", sa.JSON(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("cookies", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site", "version"],
            ["versions.site", "versions.number"],
            name=op.f("fk_version_texts_site_versions"),
        ),
        sa.PrimaryKeyConstraint("site", "version", "language", name=op.f("pk_version_texts")),
    )


def downgrade() -> None:
    op.drop_table("version_texts")
    op.drop_table("scripts")
    op.drop_table("memberships")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index("ix_decisions_site_visitor")
        batch_op.drop_index("ix_decisions_site_day")

    op.drop_table("decisions")
    op.drop_table("versions")
    op.drop_table("staff")
    op.drop_table("sites")
    op.drop_table("counters")
    op.drop_table("api_tokens")
