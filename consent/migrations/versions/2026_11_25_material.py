"""Whether a version is a material change, and why that was lowered."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_material"
down_revision = "2026_11_25_merges"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # No batch: it would drop the table, which others point at.
    op.add_column(
        "versions",
        sa.Column("is_material", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("versions", sa.Column("lowered_because", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("versions", "lowered_because")
    op.drop_column("versions", "is_material")
