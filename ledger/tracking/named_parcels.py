"""Parcels as a person names them in a form, and where each stands afterward."""

from collections.abc import Sequence

import sqlalchemy as sa

from domain.errors import Refused
from domain.tracking.parcels import SETTLED_PARCELS, ParcelState
from domain.tracking.resends import ParcelStanding, rule_on_resend
from ledger.tables import orders, parcels
from ledger.tracking.looks import Unproven


def claim_parcels(conn: sa.Connection, amazon_order_id: str, parcel: str) -> Sequence[sa.RowMapping]:
    """Lock and read one parcel of an order by the warehouse's name (empty: every one that is not settled).

    Raises:
        Refused: there is no such order or parcel; the sentence names those there are.
    """
    rows = (
        conn.execute(_of_order(amazon_order_id).with_for_update(of=parcels, key_share=True)).mappings().all()
    )
    if not rows:
        raise Refused(
            f'Lockstep knows no parcel of order "{amazon_order_id}": look it up in report.parcels, or ask the'
            " warehouse whether it has dispatched the order. Nothing changed."
        )
    if not parcel:
        return [row for row in rows if row["state"] not in SETTLED_PARCELS]
    named = [row for row in rows if row["warehouse_parcel_id"] == parcel]
    if not named:
        there = ", ".join(row["warehouse_parcel_id"] for row in rows)
        raise Refused(
            f'Order {amazon_order_id} has no parcel "{parcel}"; there is: {there}. Nothing changed.'
        )
    return named


def to_look_at(conn: sa.Connection, amazon_order_id: str) -> Unproven:
    """The order as one that is read back now."""
    found = sa.select(orders.c.id).where(orders.c.amazon_order_id == amazon_order_id)
    return Unproven(order_id=conn.scalars(found).one(), amazon_order_id=amazon_order_id, urgent=True)


def waits_for_proof(conn: sa.Connection, order_id: int) -> bool:
    """Whether Amazon took a parcel of the order and has not shown it."""
    taken = sa.exists().where(parcels.c.order_id == order_id, parcels.c.state == ParcelState.ACCEPTED)
    return bool(conn.scalar(sa.select(taken)))


def standings(conn: sa.Connection, amazon_order_id: str, names: Sequence[str]) -> tuple[str, ...]:
    """Where each of these parcels stands now, a sentence for each."""
    statement = _of_order(amazon_order_id).where(parcels.c.warehouse_parcel_id.in_(list(names)))
    rows = conn.execute(statement).mappings().all()
    return tuple(f"Parcel {row['warehouse_parcel_id']} {_stands(row)}." for row in rows)


def standing_of(row: sa.RowMapping) -> ParcelStanding:
    """A parcel as the rules for sending it again see it."""
    return ParcelStanding(
        state=ParcelState(row["state"]),
        blocked_for=row["blocked_for"],
        edits=row["edits"],
        reason=f"it is confirmed with parcel {row['joined']}" if row["joined"] else "",
        order_canceled=row["order_state"] == "CANCELED",
    )


def _of_order(amazon_order_id: str) -> sa.Select[tuple[object, ...]]:
    return (
        sa.select(parcels, orders.c.amazon_order_id, orders.c.marketplace_id, orders.c.confirm_by)
        .add_columns(orders.c.state.label("order_state"))
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(orders.c.amazon_order_id == amazon_order_id)
        .order_by(parcels.c.id)
    )


def _stands(row: sa.RowMapping) -> str:
    match ParcelState(row["state"]):
        case ParcelState.PROVEN:
            return f"is proven: Amazon shows it with tracking number {row['tracking']}"
        case ParcelState.ACCEPTED:
            return "was taken by Amazon, which does not show it yet; Lockstep looks again by itself"
        case ParcelState.REJECTED:
            return f"was refused by Amazon: {row['reason'].rstrip('.')}"
        case ParcelState.UNPROVEN:
            return "was taken by Amazon, which shows something else or nothing of it"
        case ParcelState.MAPPED | ParcelState.SENDING | ParcelState.RECORDED:
            why = f" ({row['reason'].rstrip('.')})" if row["reason"] else ""
            return f"waits for its turn at Amazon{why}; Lockstep sends it by itself"
        case _:
            return rule_on_resend(standing_of(row)).why
