"""Run by Alembic; the connection and metadata are handed in by lora_registry.store.migrations."""

from alembic import context

configuration = context.config.attributes
context.configure(
    connection=configuration["connection"],
    target_metadata=configuration["metadata"],
    transaction_per_migration=False,
    render_as_batch=True,
)
context.run_migrations()
