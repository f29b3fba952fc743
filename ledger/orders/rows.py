"""What Amazon shows of orders as columns: written by the page, in as many statements for one as for a hundred."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from domain.amazon import AmazonOrder
from domain.orders.order import NOT_RELEASED, OrderDecision, OrderState, address_gaps
from ledger.secrecy import Seal
from ledger.tables import order_history, order_lines, orders, parcels


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """What the ledger had of an order before this look."""

    id: int
    state: OrderState
    updated_at: datetime
    held_by_person: bool
    held_by: str
    wanted_by: str
    address_gaps: tuple[str, ...]
    confirmed: bool


def claim_known(conn: sa.Connection, account: str, order_ids: Sequence[str]) -> dict[str, KnownOrder]:
    """Lock and read those of one account's orders that the ledger has, by Amazon's id.

    Locks leave the keys free, here and elsewhere: a row that only refers to a locked one is written meanwhile.
    """
    table = orders.c
    people = (table.held_by_person, table.held_by, table.wanted_by)
    columns = (table.id, table.state, table.amazon_updated_at, *people)
    accepted = sa.exists().where(parcels.c.order_id == table.id, parcels.c.first_accepted_at.is_not(None))
    statement = (
        sa.select(table.amazon_order_id, *columns, table.address_gaps, accepted)
        .where(
            table.seller_account == account,
            table.amazon_order_id == sa.any_(sa.literal(list(order_ids), sa.ARRAY(sa.Text))),
        )
        .order_by(table.id)
        .with_for_update(key_share=True)
    )
    return {
        name: KnownOrder(row, OrderState(state), at, held, held_by, wanted_by, tuple(gaps), confirmed)
        for name, row, state, at, held, held_by, wanted_by, gaps, confirmed in conn.execute(statement)
    }


def insert_orders(
    conn: sa.Connection,
    new: Sequence[AmazonOrder],
    decisions: Mapping[str, OrderDecision],
    owner: Mapping[str, str],
    seal: Seal,
    *,
    now: datetime,
) -> dict[str, int]:
    """Write orders never seen before, in the states decided for them; their ledger ids by Amazon's id.

    `owner` names their `seller_account` and its warehouse `connection`.
    """
    if not new:
        return {}
    rows = [{**owner, **_new_row(order, decisions[order.order_id], seal, now)} for order in new]
    written = conn.execute(insert(orders).returning(orders.c.amazon_order_id, orders.c.id), rows)
    ids = {row[0]: row[1] for row in written}
    history = [
        {"order_id": ids[o.order_id], "at": now, "from_state": None, "to_state": decisions[o.order_id].state}
        for o in new
    ]
    conn.execute(order_history.insert(), history)
    return ids


def update_orders(
    conn: sa.Connection,
    again: Sequence[AmazonOrder],
    known: Mapping[str, KnownOrder],
    decisions: Mapping[str, OrderDecision],
    seal: Seal,
    *,
    now: datetime,
) -> None:
    """Write what Amazon shows now of known orders, and why each is held; states move elsewhere."""
    if again:
        rows = [_row_again(o, known[o.order_id], decisions[o.order_id], seal) for o in again]
        conn.execute(_UPDATE, {"rows": rows, "now": now})


def update_lines(conn: sa.Connection, fresh: Sequence[AmazonOrder], ids: Mapping[str, int]) -> None:
    """Write the lines of these orders as Amazon shows them now."""
    rows = [
        {
            "order_id": ids[order.order_id],
            "order_item_id": line.order_item_id,
            "seller_sku": line.seller_sku,
            "quantity": line.quantity,
            "unfulfilled": line.unfulfilled,
        }
        for order in fresh
        for line in order.lines
    ]
    if rows:
        conn.execute(_UPSERT_LINES, rows)


def update_held_for(conn: sa.Connection, reasons: Mapping[int, str]) -> None:
    """Write why each of these orders is held, by ledger id (empty: it is not)."""
    if reasons:
        rows = [{"id": order_id, "held_for": reason} for order_id, reason in reasons.items()]
        conn.execute(_UPDATE_HELD_FOR, {"rows": rows})


def _new_row(order: AmazonOrder, decision: OrderDecision, seal: Seal, now: datetime) -> dict[str, Any]:
    recipient = order.recipient
    return {
        "amazon_order_id": order.order_id,
        "marketplace_id": order.marketplace_id,
        "amazon_created_at": order.created_at,
        "amazon_updated_at": order.updated_at,
        "confirm_by": order.confirm_by,
        "deliver_by": order.deliver_by,
        "state": decision.state,
        "imported_at": now,
        "canceled_at": now if decision.state is OrderState.CANCELED else None,
        "part_canceled_at": now if order.canceled_by else None,
        "address_gaps": list(address_gaps(order)),
        "recipient": seal.close(recipient, order.order_id) if recipient else None,
        **_plain_columns(order, decision),
    }


def _row_again(order: AmazonOrder, known: KnownOrder, decision: OrderDecision, seal: Seal) -> dict[str, Any]:
    """As JSON has it. Amazon stops showing a phone, later the whole address, of orders that shipped: what
    was shown before the release is kept, and an answer without an address takes none away.
    """
    newer = order.recipient if known.state in NOT_RELEASED else None
    return {
        "id": known.id,
        "amazon_updated_at": order.updated_at.isoformat(),
        "confirm_by": order.confirm_by and order.confirm_by.isoformat(),
        "deliver_by": order.deliver_by and order.deliver_by.isoformat(),
        "address_gaps": newer.missing() if newer else known.address_gaps,
        "recipient": "\\x" + seal.close(newer, order.order_id).hex() if newer else None,
        **_plain_columns(order, decision),
    }


def _plain_columns(order: AmazonOrder, decision: OrderDecision) -> dict[str, Any]:
    return {
        "amazon_status": order.status,
        "service_level": order.service_level,
        "programs": list(order.programs),
        "cancel_requested": order.cancel_requested,
        "canceled_by": order.canceled_by,
        "held_for": str(decision.held_for or ""),
    }


def _rows_of(*names: str) -> sa.TableValuedAlias:
    """The bound `rows` (JSON) as a table: one parameter for any number of orders."""
    columns = [sa.column(name, orders.c[name].type) for name in names]
    rows = sa.func.jsonb_to_recordset(sa.bindparam("rows", type_=JSONB))
    return rows.table_valued(*columns).render_derived(name="seen", with_types=True)


_SEEN = _rows_of(
    "id",
    "amazon_updated_at",
    "confirm_by",
    "deliver_by",
    "address_gaps",
    "recipient",
    "amazon_status",
    "service_level",
    "programs",
    "cancel_requested",
    "canceled_by",
    "held_for",
)
_NEWLY_CANCELED = sa.and_(_SEEN.c.canceled_by != "", _SEEN.c.canceled_by != orders.c.canceled_by)
_UPDATE = (
    orders.update()
    .where(orders.c.id == _SEEN.c.id)
    .values(
        {column.name: column for column in _SEEN.c if column.name not in ("id", "recipient")}
        | {
            "recipient": sa.func.coalesce(_SEEN.c.recipient, orders.c.recipient),
            "part_canceled_at": sa.case(
                (_NEWLY_CANCELED, sa.bindparam("now", type_=sa.DateTime(timezone=True))),
                else_=orders.c.part_canceled_at,
            ),
            # Who overruled one wish of the buyer's did not overrule the next.
            "wanted_by": sa.case((_SEEN.c.cancel_requested, orders.c.wanted_by), else_=""),
        }
    )
)
_HELD = _rows_of("id", "held_for")
_UPDATE_HELD_FOR = orders.update().where(orders.c.id == _HELD.c.id).values(held_for=_HELD.c.held_for)
_INSERT_LINES = insert(order_lines)
_UPSERT_LINES = _INSERT_LINES.on_conflict_do_update(
    index_elements=[order_lines.c.order_id, order_lines.c.order_item_id],
    set_={name: _INSERT_LINES.excluded[name] for name in ("seller_sku", "quantity", "unfulfilled")},
)
