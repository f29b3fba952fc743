"""How a parcel is spoken of, and what is in it."""

from collections.abc import Sequence

import sqlalchemy as sa

from domain.problems import Problem, ProblemKind
from ledger.tables import parcel_lines

BLOCKS = frozenset(
    {
        ProblemKind.CARRIER_UNMAPPED,
        ProblemKind.TRACKING_MISSING,
        ProblemKind.CONTENTS_UNKNOWN,
        ProblemKind.CONFIRMED_ELSEWHERE,
    }
)
AMAZON_SAID = frozenset(
    {ProblemKind.TRACKING_REFUSED, ProblemKind.TRACKING_UNPROVEN, ProblemKind.TRACKING_CONTRADICTED}
)
PARCEL_KINDS = BLOCKS | AMAZON_SAID | {ProblemKind.CONFIRMED_ELSEWHERE, ProblemKind.TRACKING_SUSPECT}
# What parcels with the same trouble have in common, by the column that names it.
_CAUSES = {
    ProblemKind.TRACKING_MISSING: "connection",
    ProblemKind.CONTENTS_UNKNOWN: "connection",
    ProblemKind.TRACKING_REFUSED: "warehouse_carrier",
    ProblemKind.TRACKING_UNPROVEN: "warehouse_carrier",
    ProblemKind.TRACKING_SUSPECT: "warehouse_carrier",
}


def parcel_subject(row: sa.RowMapping) -> str:
    """A parcel as problems name it: its order and the warehouse's package reference."""
    return f"{row['amazon_order_id']} {row['warehouse_parcel_id']}"


def about_parcel(order_id: str, parcel: str) -> dict[str, str]:
    """What a form about a parcel is filled in with."""
    return {"amazon_order_id": order_id, "parcel": parcel}


def said(row: sa.RowMapping, kind: ProblemKind, words: str) -> Problem:
    """A problem about one parcel, in one sentence."""
    summary = f"Order {row['amazon_order_id']}: {words}."
    cause = str(row[_CAUSES[kind]]) if kind in _CAUSES else ""
    return Problem(
        kind=kind,
        subject=parcel_subject(row),
        summary=summary,
        act_by=row["confirm_by"],
        cause=cause,
        about=about_parcel(row["amazon_order_id"], row["warehouse_parcel_id"]),
    )


def parcel_contents(conn: sa.Connection, ids: Sequence[int]) -> dict[int, tuple[tuple[str, int], ...]]:
    """What each parcel holds: (order item id, units), in a stable order."""
    found: dict[int, tuple[tuple[str, int], ...]] = dict.fromkeys(ids, ())
    statement = sa.select(parcel_lines).where(parcel_lines.c.parcel_id.in_(ids))
    for row in conn.execute(statement.order_by(parcel_lines.c.order_item_id)):
        found[row.parcel_id] = (*found[row.parcel_id], (row.order_item_id, row.quantity))
    return found
