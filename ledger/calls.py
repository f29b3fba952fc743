"""One budget and one record of calls for all processes, kept by PostgreSQL's own clock."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.budgets import (
    LEFT_TO_TRACKING,
    Bucket,
    corrected,
    emptied,
    left_to_others,
    refilled,
    slack,
    take,
    take_spare,
)
from ledger.connection import Ledger
from ledger.tables import budgets, calls, peaks

_UNLIMITED = 1e6


class Desk:
    """Admits and records the calls to one stranger (see `domain.ports.CallDesk`).

    `plans` holds (calls per second, burst) by operation; an operation without a plan is never delayed. While
    peak mode is on, half of the budget of the operations in `leaves` is left to tracking.
    """

    def __init__(
        self,
        ledger: Ledger,
        stranger: str,
        plans: Mapping[str, tuple[float, float]],
        *,
        leaves: Collection[str] = (),
    ) -> None:
        self._ledger = ledger
        self._stranger = stranger
        self._plans = plans
        self._leaves = frozenset(leaves)
        self._told: dict[str, float] = {}  # rates that this process heard and kept

    def admit(self, operation: str, patience: float) -> float:
        """The seconds to wait before this call; takes a token only when that is at most `patience`."""
        if operation not in self._plans:
            return 0.0
        with self._ledger.begin(lasting=False) as conn:
            bucket, now = self._claim(conn, operation)
            late = slack(bucket.rate)
            if self._leaves_now(conn, operation):
                bucket, wait = take_spare(bucket, now, LEFT_TO_TRACKING)
                wait = max(wait, patience) if wait else 0.0  # nothing was taken: the caller gives up for now
            else:
                bucket, wait = take(bucket, now, max(0.0, patience - late))
            self._keep(conn, operation, bucket)
        return wait + late if wait > 0 else 0.0

    def correct(self, operation: str, rate: float) -> None:
        """Amazon stated another rate: everybody uses it from now on."""
        if operation not in self._plans or rate <= 0 or self._told.get(operation) == rate:
            return
        with self._ledger.begin(lasting=False) as conn:
            bucket, now = self._claim(conn, operation)
            if bucket.rate != rate:
                self._keep(conn, operation, corrected(bucket, rate, now))
        self._told[operation] = rate

    def throttled(self, operation: str) -> None:
        """Amazon answered 429: everybody waits for a whole token."""
        if operation not in self._plans:
            return
        with self._ledger.begin(lasting=False) as conn:
            bucket, now = self._claim(conn, operation)
            self._keep(conn, operation, emptied(bucket, now))

    def record(self, operation: str, subject: str, outcome: str, milliseconds: int) -> None:
        """Keep that a call was made; `subject` never names a person."""
        row = {
            "at": sa.func.clock_timestamp(),
            "stranger": self._stranger,
            "operation": operation,
            "subject": subject,
            "outcome": outcome,
            "milliseconds": milliseconds,
        }
        with self._ledger.begin(lasting=False) as conn:
            conn.execute(calls.insert().values(row))

    def left(self, operation: str) -> tuple[float, float]:
        """Calls that can be made at once now, and the most that can be saved up."""
        if operation not in self._plans:
            return _UNLIMITED, 0.0
        with self._ledger.begin(lasting=False) as conn:
            bucket = refilled(*self._claim(conn, operation))
            kept = (
                left_to_others(bucket.burst, LEFT_TO_TRACKING) if self._leaves_now(conn, operation) else 0.0
            )
        return bucket.tokens - kept, bucket.burst

    def _leaves_now(self, conn: sa.Connection, operation: str) -> bool:
        """Whether peak mode is on by the ledger's own clock, for an operation that tracking needs, too."""
        if operation not in self._leaves:
            return False
        on = (peaks.c.ended_at.is_(None), peaks.c.ends_at > sa.func.clock_timestamp())
        return bool(conn.scalar(sa.select(sa.exists().where(*on))))

    def _claim(self, conn: sa.Connection, operation: str) -> tuple[Bucket, datetime]:
        table = budgets.c
        statement = (
            sa.select(budgets, sa.func.clock_timestamp().label("now"))
            .where(table.stranger == self._stranger, table.operation == operation)
            .with_for_update()
        )
        row = conn.execute(statement).mappings().one_or_none()
        if row is None:
            self._open(conn, operation)
            row = conn.execute(statement).mappings().one()
        bucket = Bucket(rate=row["rate"], burst=row["burst"], tokens=row["tokens"], at=row["at"])
        return bucket, max(row["now"], row["at"])

    def _open(self, conn: sa.Connection, operation: str) -> None:
        rate, burst = self._plans[operation]
        new = {
            "stranger": self._stranger,
            "operation": operation,
            "rate": rate,
            "burst": burst,
            "tokens": burst,
            "at": sa.func.clock_timestamp(),
        }
        conn.execute(insert(budgets).values(new).on_conflict_do_nothing())

    def _keep(self, conn: sa.Connection, operation: str, bucket: Bucket) -> None:
        values = {"rate": bucket.rate, "tokens": bucket.tokens, "at": bucket.at}
        conn.execute(
            budgets.update()
            .where(budgets.c.stranger == self._stranger, budgets.c.operation == operation)
            .values(values)
        )


def forget_calls(conn: sa.Connection, now: datetime) -> int:
    """Drop the record of calls older than the 12 months that Amazon's policy asks for; how many."""
    return conn.execute(calls.delete().where(calls.c.at < now - timedelta(days=366))).rowcount


def answered_since(conn: sa.Connection, stranger: str, since: datetime) -> bool:
    """Whether a call to the stranger was answered since that moment."""
    unanswered = sa.or_(
        calls.c.outcome.in_(
            ["timeout", "unreachable", "cut off", "no token", "not understood", "failed", "refused"]
        ),
        calls.c.outcome.regexp_match("^[45][0-9][0-9]"),
    )
    statement = sa.select(sa.func.count()).where(
        calls.c.stranger == stranger, calls.c.at >= since, sa.not_(unanswered)
    )
    return bool(conn.scalar(statement))
