"""Pages that a site's public figures may name, and when its sitemaps are read next."""

import sqlalchemy as sa
from alembic import op

from consent.core.db import UtcDateTime

revision = "2026_11_28_public_pages"
down_revision = "2026_11_28_lag"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "public_pages",
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("path", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("site", "path", name=op.f("pk_public_pages")),
        sqlite_with_rowid=False,
    )
    op.add_column("sites", sa.Column("sitemaps_due_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("sites", "sitemaps_due_at")
    op.drop_table("public_pages")
