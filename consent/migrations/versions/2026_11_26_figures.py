"""Figures of closed days, and the last day of each site that is closed."""

import sqlalchemy as sa
from alembic import op

from consent.core.db import UtcDateTime

revision = "2026_11_26_figures"
down_revision = "2026_11_25_without_rowid"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "figures",
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("dimension", sa.String(20), nullable=False),
        sa.Column("span", sa.String(5), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.String(300), nullable=False),
        sa.Column("onward", sa.String(300), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "site", "dimension", "span", "day", "value", "onward", name=op.f("pk_figures")
        ),
        sqlite_with_rowid=False,
    )
    op.add_column("sites", sa.Column("closed_through", sa.Date(), nullable=True))
    op.add_column("sites", sa.Column("importing_until", UtcDateTime(), nullable=True))
    _widen_dimension(20)


def downgrade() -> None:
    op.execute("DELETE FROM counters WHERE length(dimension) > 12")
    _widen_dimension(12)
    op.drop_column("sites", "importing_until")
    op.drop_column("sites", "closed_through")
    op.drop_table("figures")


def _widen_dimension(length: int) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("counters", "dimension", type_=sa.String(length))
        return
    op.execute("ALTER TABLE counters RENAME TO counters_before")
    op.execute(
        f"CREATE TABLE counters (site VARCHAR(40) NOT NULL, day DATE NOT NULL, dimension VARCHAR({length}) NOT NULL, "
        "value VARCHAR(300) NOT NULL, onward VARCHAR(300) NOT NULL, count BIGINT NOT NULL, "
        "CONSTRAINT pk_counters PRIMARY KEY (site, day, dimension, value, onward)) WITHOUT ROWID"
    )
    op.execute(
        "INSERT INTO counters SELECT site, day, dimension, value, onward, count FROM counters_before"
    )
    op.execute("DROP TABLE counters_before")
