"""What Alembic runs around each migration: the engine of micro.data.database, in batch mode for SQLite."""

from alembic import context

from micro.data.models import Base

engine = context.config.attributes["engine"]

with engine.connect() as connection:
    if connection.dialect.name == "sqlite":
        # Batch mode copies tables; foreign keys must rest meanwhile, and the pragma works outside of transactions only.
        connection.connection.execute("PRAGMA foreign_keys=OFF")
    else:
        # Two starts at once: the second waits, and then finds nothing to do.
        connection.exec_driver_sql("SELECT pg_advisory_lock(7013)")
        connection.commit()
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
    if connection.dialect.name == "sqlite":
        connection.connection.execute("PRAGMA foreign_keys=ON")
    else:
        connection.exec_driver_sql("SELECT pg_advisory_unlock(7013)")
        connection.commit()
