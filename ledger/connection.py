"""The way into the ledger: one engine, one seal, short transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import sqlalchemy as sa

from domain.errors import TryAgain
from ledger.secrecy import Seal

# A lock that somebody else holds longer than this is a fault to see, not to wait out.
_LOCK_WAIT = timedelta(seconds=30)


class Ledger:
    """PostgreSQL and the seal for its one encrypted column.

    Printing one shows neither the address of the database nor the key.
    """

    def __init__(self, url: str, key: str) -> None:
        self.seal = Seal(key)
        self.engine = sa.create_engine(
            url,
            pool_size=4,
            max_overflow=4,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": 10,
                "options": f"-c timezone=UTC -c lock_timeout={int(_LOCK_WAIT.total_seconds() * 1000)}",
            },
        )

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction: committed when the block ends well, rolled back otherwise.

        Raises:
            TryAgain: PostgreSQL could not be reached, or went away in the middle; nothing was written.
        """
        try:
            with self.engine.begin() as conn:
                yield conn
        except sa.exc.OperationalError as error:
            raise TryAgain(_unreachable(error)) from None

    @contextmanager
    def only_one(self, *names: str) -> Iterator[bool]:
        """Whether this process alone does the named work until the block ends.

        The lock lives in PostgreSQL and dies with the process, however that ends.
        """
        with self.engine.connect() as conn:
            held = bool(
                conn.scalar(sa.select(sa.func.pg_try_advisory_lock(sa.func.hashtext(" ".join(names)))))
            )
            conn.commit()
            try:
                yield held
            finally:
                if held:
                    conn.execute(sa.select(sa.func.pg_advisory_unlock(sa.func.hashtext(" ".join(names)))))
                    conn.commit()

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def _unreachable(error: sa.exc.OperationalError) -> str:
    first = str(error.orig or error).strip().splitlines()[0]
    return f"The ledger's PostgreSQL cannot be used ({first}). Check [ledger] url and that it is running."
