"""The country of a decision."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_countries"
down_revision = "2026_11_28_script_parts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("decisions") as table:
        table.add_column(sa.Column("country", sa.String(7), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("decisions") as table:
        table.drop_column("country")
