"""Counters in the order of their key, not of their arrival (SQLite)."""

from alembic import op

revision = "2026_11_25_without_rowid"
down_revision = "2026_11_25_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _make_anew("WITHOUT ROWID")


def downgrade() -> None:
    _make_anew("")


def _make_anew(how: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute("ALTER TABLE counters RENAME TO counters_before")
    op.execute(
        "CREATE TABLE counters (site VARCHAR(40) NOT NULL, day DATE NOT NULL, dimension VARCHAR(12) NOT NULL, "
        "value VARCHAR(300) NOT NULL, onward VARCHAR(300) NOT NULL, count BIGINT NOT NULL, "
        f"CONSTRAINT pk_counters PRIMARY KEY (site, day, dimension, value, onward)) {how}"
    )
    op.execute(
        "INSERT INTO counters SELECT site, day, dimension, value, onward, count FROM counters_before"
    )
    op.execute("DROP TABLE counters_before")
