"""Runs migrations on the connection that db.migrate hands over."""

from alembic import context

from consent import models
from consent.core.db import Base

assert models  # importing them is what fills the metadata

connection = context.config.attributes["connection"]
# SQLite changes tables by copying them, which Alembic calls a batch.
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
