"""The way into the ledger: one engine, one seal, short transactions."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
            hide_parameters=True,  # what is written never shows in a log or an error
            executemany_mode="values_plus_batch",  # many updates travel together, not one by one
            connect_args={
                "connect_timeout": 10,
                # A lock lives on its connection: a dead line has to be noticed within a minute.
                "keepalives_idle": 30,
                "keepalives_interval": 10,
                "keepalives_count": 3,
                "options": f"-c timezone=UTC -c lock_timeout={int(_LOCK_WAIT.total_seconds() * 1000)}",
            },
        )

    @contextmanager
    def begin(self, *, lasting: bool = True) -> Iterator[sa.Connection]:
        """One transaction: committed when the block ends well, rolled back otherwise.

        One that is not `lasting` does not wait for the disk: the end of this process costs nothing of it, a
        crash of PostgreSQL's machine may cost its last second. That is for budgets and the record of calls.

        Raises:
            TryAgain: PostgreSQL could not be reached, or went away in the middle; nothing was written.
        """
        try:
            with self.engine.begin() as conn:
                if not lasting:
                    conn.exec_driver_sql("SET LOCAL synchronous_commit TO off")
                yield conn
        except sa.exc.OperationalError as error:
            raise TryAgain(_unreachable(error)) from None

    @contextmanager
    def only_one(self, *names: str) -> Iterator["Turn"]:
        """Whether this process alone does the named work until the block ends.

        The lock lives in PostgreSQL and dies with the process, however that ends.

        Raises:
            TryAgain: PostgreSQL could not be reached.
        """
        key = sa.func.hashtextextended(" ".join(names), 0)
        try:
            conn = self.engine.connect()
            held = bool(conn.scalar(sa.select(sa.func.pg_try_advisory_lock(key))))
            conn.commit()
        except sa.exc.OperationalError as error:
            raise TryAgain(_unreachable(error)) from None
        try:
            yield Turn(conn, held=held)
        finally:
            with suppress(sa.exc.DBAPIError):  # a lost connection has given the lock back already
                conn.rollback()
                conn.execute(sa.select(sa.func.pg_advisory_unlock(key) if held else sa.true()))
                conn.commit()
            conn.close()

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


class Turn:
    """Being the only one at some work; true when we are."""

    def __init__(self, conn: sa.Connection, *, held: bool) -> None:
        self._conn = conn
        self._held = held

    def __bool__(self) -> bool:
        return self._held

    def check(self) -> None:
        """Make sure that the lock is still ours, before a deed that two must not do at once.

        Raises:
            TryAgain: PostgreSQL went away, and the lock with it.
        """
        try:
            self._conn.execute(sa.select(sa.true()))
            self._conn.commit()
        except sa.exc.DBAPIError:
            raise TryAgain("The ledger's PostgreSQL went away, and with it the turn of this run.") from None


_BUSY = {"40P01", "55P03"}  # PostgreSQL's codes for a deadlock and for a lock that did not come


def _unreachable(error: sa.exc.OperationalError) -> str:
    if getattr(error.orig, "pgcode", None) in _BUSY:
        return "The ledger was busy with the same rows in another run; nothing was written."
    first = str(error.orig or error).strip().splitlines()[0]
    return f"The ledger's PostgreSQL cannot be used ({first}). Check [ledger] url and that it is running."
