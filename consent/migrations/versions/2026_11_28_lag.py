"""How late a running day's totals are shown."""

from secrets import token_bytes

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_lag"
down_revision = "2026_11_28_countries"
branch_labels = None
depends_on = None

SITES = sa.table("sites", sa.column("site", sa.String), sa.column("lag_key", sa.LargeBinary))


def upgrade() -> None:
    with op.batch_alter_table("sites") as table:
        table.add_column(sa.Column("lag_key", sa.LargeBinary(16), nullable=True))
    connection = op.get_bind()
    for site in connection.scalars(sa.select(SITES.c.site)).all():
        connection.execute(
            SITES.update().where(SITES.c.site == site).values(lag_key=token_bytes(16))
        )
    with op.batch_alter_table("sites") as table:
        table.alter_column("lag_key", existing_type=sa.LargeBinary(16), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("sites") as table:
        table.drop_column("lag_key")
