"""Names of scripts that carry a language."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_script_parts"
down_revision = "2026_11_27_announcements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("scripts") as table:
        table.alter_column("part", existing_type=sa.String(5), type_=sa.String(30))


def downgrade() -> None:
    # They are composed again when they are asked for.
    op.execute("DELETE FROM scripts WHERE part NOT IN ('first', 'more')")
    with op.batch_alter_table("scripts") as table:
        table.alter_column("part", existing_type=sa.String(30), type_=sa.String(5))
