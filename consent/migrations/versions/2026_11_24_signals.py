"""Do Not Track in decisions, decisions from placeholders, and a second script for what few page views need."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_signals"
down_revision = "2026_11_24_first_tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("decisions") as decisions:
        decisions.add_column(
            sa.Column("dnt", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        decisions.alter_column("source", type_=sa.String(length=12))
    with op.batch_alter_table("scripts") as scripts:
        scripts.add_column(
            sa.Column("part", sa.String(length=5), nullable=False, server_default="first")
        )
        scripts.drop_constraint("uq_scripts_site", type_="unique")
        scripts.create_unique_constraint("uq_scripts_site", ["site", "version", "build", "part"])


def downgrade() -> None:
    # The older program knows neither; a placeholder's choice was made about single services, as in the settings.
    op.execute("DELETE FROM scripts WHERE part = 'more'")
    op.execute("UPDATE decisions SET source = 'settings' WHERE source = 'placeholder'")
    with op.batch_alter_table("scripts") as scripts:
        scripts.drop_constraint("uq_scripts_site", type_="unique")
        scripts.create_unique_constraint("uq_scripts_site", ["site", "version", "build"])
        scripts.drop_column("part")
    with op.batch_alter_table("decisions") as decisions:
        decisions.alter_column("source", type_=sa.String(length=10))
        decisions.drop_column("dnt")
