"""How many statements something costs: a number that must not grow with the number of orders."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from ledger.connection import Ledger


@contextmanager
def counted(ledger: Ledger) -> Iterator[list[str]]:
    """The statements that are executed while the block runs; many rows of one travel together (see Ledger)."""
    seen: list[str] = []

    def note(*heard: object) -> None:
        seen.append(str(heard[2]))

    sa.event.listen(ledger.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(ledger.engine, "before_cursor_execute", note)
