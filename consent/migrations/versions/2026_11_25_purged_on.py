"""The day of a site's last purge."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_purged_on"
down_revision = "2026_11_25_material"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sites", sa.Column("purged_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("sites", "purged_on")
