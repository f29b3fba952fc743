"""Where the ledger is: the PostgreSQL that lockstep.toml names, or the embedded one."""

from collections.abc import Iterator
from contextlib import contextmanager

from deployments.embedded.postgres import EmbeddedPostgres
from deployments.settings import Settings
from domain.errors import Refused
from ledger.connection import Ledger
from ledger.schema import is_current
from ledger.secrecy import new_key


@contextmanager
def running_ledger(settings: Settings) -> Iterator[str]:
    """The URL of the ledger's database; the embedded PostgreSQL is stopped by the last one to leave it.

    Raises:
        Refused: the embedded PostgreSQL cannot run here.
        TryAgain: the PostgreSQL of [ledger] url cannot be reached.
    """
    url = settings.ledger.url.get_secret_value()
    if url:
        _reach(url)
        yield url
        return
    with EmbeddedPostgres(settings.ledger.data_dir) as server:
        yield server.url


@contextmanager
def open_ledger(settings: Settings) -> Iterator[Ledger]:
    """The ledger without the key to its addresses, for commands that touch none.

    Raises:
        Refused: its tables are missing or old.
        TryAgain: it cannot be reached.
    """
    with running_ledger(settings) as url:
        ledger = Ledger(url, new_key())
        try:
            check_schema(ledger)
            yield ledger
        finally:
            ledger.close()


def check_schema(ledger: Ledger) -> None:
    """Refuse a ledger that `lockstep setup` has not brought up to date."""
    with ledger.begin() as conn:
        if not is_current(conn):
            raise Refused("The ledger's tables are missing or of another version; run lockstep setup.")


def _reach(url: str) -> None:
    ledger = Ledger(url, new_key())
    try:
        with ledger.begin():
            pass
    finally:
        ledger.close()
