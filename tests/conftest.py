"""One PostgreSQL for the whole run; every test that asks for a ledger gets a database of its own."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa

from deployments.embedded.postgres import EmbeddedPostgres
from ledger.connection import Ledger
from ledger.schema import migrate
from ledger.secrecy import new_key

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL, unsafe in a power cut and therefore quick."""
    # Not under pytest's own folder: every session that starts closes that to all but its user, and as root the
    # server runs under another one.
    with (
        TemporaryDirectory(prefix="lockstep-pg-") as folder,
        EmbeddedPostgres(Path(folder), fsync=False) as made,
    ):
        yield made


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> sa.URL:
    """A database with today's schema, to be cloned; cloning costs milliseconds, migrating does not."""
    url = sa.make_url(postgres.url)
    with sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool).connect() as conn:
        conn.execute(sa.text("CREATE DATABASE ledger_template"))
    made = url.set(database="ledger_template")
    migrate(made.render_as_string(hide_password=False))
    return made


@pytest.fixture
def ledger_url(template: sa.URL) -> Iterator[str]:
    """The URL of a fresh ledger."""
    name = f"ledger_{next(_numbers)}"
    server = sa.create_engine(
        template.set(database="lockstep"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with server.connect() as conn:
        conn.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE ledger_template"))
    yield template.set(database=name).render_as_string(hide_password=False)
    with server.connect() as conn:
        conn.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def privacy_key() -> str:
    """The key of every test's encrypted column."""
    return new_key()


@pytest.fixture
def ledger(ledger_url: str, privacy_key: str) -> Iterator[Ledger]:
    """A fresh ledger."""
    opened = Ledger(ledger_url, privacy_key)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder of this checkout."""
    return Path(__file__).parent.parent
