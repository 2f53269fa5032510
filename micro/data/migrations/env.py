"""What Alembic runs around each migration: the engine of micro.data.database, in batch mode for SQLite.

Two starts at once: the second waits, and then finds nothing to do. PostgreSQL's lock and SQLite's BEGIN IMMEDIATE end
with the transaction, however it ends.
"""

from alembic import context

from micro.data.models import Base

with context.config.attributes["engine"].connect().execution_options(micro_writes=True) as connection:
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        # Batch mode copies tables; foreign keys must rest meanwhile, and the pragma works outside of transactions only.
        connection.connection.execute("PRAGMA foreign_keys=OFF")
        # Else Alembic commits after each migration on SQLite, and of two starts one goes on where the other one is.
        connection.begin()
    try:
        context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
        with context.begin_transaction():
            if not is_sqlite:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7013)")
            context.run_migrations()
        connection.commit()
    finally:
        if is_sqlite:
            connection.rollback()
            connection.connection.execute("PRAGMA foreign_keys=ON")
