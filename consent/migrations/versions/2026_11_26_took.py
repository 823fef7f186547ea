"""How long a decision took; what a token opens."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_took"
down_revision = "2026_11_26_figures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decisions", sa.Column("took", sa.Integer(), nullable=True))
    op.add_column(
        "api_tokens", sa.Column("scope", sa.String(80), nullable=False, server_default="stats")
    )


def downgrade() -> None:
    op.drop_column("api_tokens", "scope")
    op.drop_column("decisions", "took")
