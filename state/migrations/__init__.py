"""Migrations: the tables as they came to be, applied through Alembic's API without an ini file."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from state.database import Database
from state.types import StateError


def upgrade(database: Database) -> None:
    """To the newest revision, in one transaction. Makes the folder of a SQLite file."""
    if database.sqlite and database.url.database:
        Path(database.url.database).parent.mkdir(parents=True, exist_ok=True)
    database.write(_upgrade)


def check(database: Database) -> None:
    found = database.read(lambda connection: MigrationContext.configure(connection).get_current_revision())
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise StateError(f"The state database {database.name} has no tables yet: run `instep init`.")
    if found != newest:
        raise StateError(
            f"The state database {database.name} is at revision {found}, this version of Instep needs {newest}: "
            "run `instep init` with the newest version installed."
        )


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
