"""Alembic's entry point: runs the revisions on the connection it is given, inside that transaction."""

from alembic import context

from state.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
