"""Whether a version is a material change, and why that was lowered."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_material"
down_revision = "2026_11_25_merges"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("versions") as versions:
        versions.add_column(
            sa.Column("is_material", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        versions.add_column(sa.Column("lowered_because", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("versions") as versions:
        versions.drop_column("lowered_because")
        versions.drop_column("is_material")
