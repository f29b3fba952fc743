"""The ledger's tests share one database and leave it empty: emptying it is quicker than cloning it."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from ledger.connection import Ledger
from ledger.tables import metadata

_EMPTY = sa.text(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY CASCADE")


@pytest.fixture(scope="session")
def shared_ledger(template: sa.URL) -> Iterator[sa.Engine]:
    """A clone of the migrated template, for this folder alone."""
    server = sa.create_engine(
        template.set(database="lockstep"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with server.connect() as conn:
        conn.execute(sa.text("CREATE DATABASE ledger_shared TEMPLATE ledger_template"))
    shared = sa.create_engine(template.set(database="ledger_shared"))
    yield shared
    shared.dispose()
    with server.connect() as conn:
        conn.execute(sa.text("DROP DATABASE ledger_shared WITH (FORCE)"))


@pytest.fixture
def ledger_url(shared_ledger: sa.Engine) -> Iterator[str]:
    """The URL of an empty ledger with today's schema."""
    yield shared_ledger.url.render_as_string(hide_password=False)
    with shared_ledger.begin() as conn:
        conn.execute(sa.text("SET LOCAL lock_timeout = '10s'"))  # a test that leaves a transaction open fails
        conn.execute(_EMPTY)


@pytest.fixture
def ledger(ledger_url: str, privacy_key: str) -> Iterator[Ledger]:
    """An empty ledger."""
    opened = Ledger(ledger_url, privacy_key)
    yield opened
    opened.close()
