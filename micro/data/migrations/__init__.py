"""Alembic migrations: small, named, no model imports. Run by :func:`migrate`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from micro.data.database import Database


def _config(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["engine"] = database.engine
    return config


def migrate(database: Database, to: str = "head") -> None:
    """Brings the database to a revision ("head": the newest; "base": nothing). Twice changes nothing."""
    config = _config(database)
    if to == "base" or (to != "head" and _is_older(database, config, to)):
        command.downgrade(config, to)
    else:
        command.upgrade(config, to)


def _is_older(database: Database, config: Config, to: str) -> bool:
    script = ScriptDirectory.from_config(config)
    now = current_revision(database)
    later = {revision.revision for revision in script.iterate_revisions(now, to)} if now else set()
    return bool(later) and to not in later


def current_revision(database: Database) -> str | None:
    """The revision that the database is at, None for an empty one."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision(database: Database) -> str | None:
    """The revision that this version of micro needs."""
    return ScriptDirectory.from_config(_config(database)).get_current_head()
