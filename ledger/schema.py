"""The ledger's schema on a database: built, brought up to date, and looked at."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from domain.errors import TryAgain
from ledger.tables import SCHEMA
from ledger.views import DROP, create_statements

_LOCK = 7_305_117  # one process migrates at a time; any number will do, as long as it stays the same


def alembic_config(conn: sa.Connection | None = None) -> Config:
    """Alembic, pointed at our migrations and at an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = conn
    return config


def migrate(url: str) -> bool:
    """Bring the database up to today's schema; True when something changed.

    Raises:
        TryAgain: the database cannot be reached.
    """
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": 10})
    try:
        with engine.begin() as conn:
            conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            before = _revision(conn)
            conn.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            conn.execute(sa.text(DROP))
            command.upgrade(alembic_config(conn), "head")
            for statement in create_statements():
                conn.execute(sa.text(statement))
            return before != _revision(conn)
    except sa.exc.OperationalError as error:
        first = str(error.orig or error).strip().splitlines()[0]
        message = f"PostgreSQL cannot be reached ({first}). Check [ledger] url and that it is running."
        raise TryAgain(message) from None
    finally:
        engine.dispose()


def is_current(conn: sa.Connection) -> bool:
    """Whether the database has today's schema."""
    return _revision(conn) == ScriptDirectory.from_config(alembic_config()).get_current_head()


def _revision(conn: sa.Connection) -> str | None:
    context = MigrationContext.configure(conn, opts={"version_table_schema": SCHEMA})
    return context.get_current_revision()
