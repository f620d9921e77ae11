"""Alembic's entry: runs the migrations on the connection that `migrate` opened and locked."""

from alembic import context

from service.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by making it anew
)
context.run_migrations()
