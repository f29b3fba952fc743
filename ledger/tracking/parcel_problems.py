"""What keeps a parcel from Amazon, or makes it doubtful, in sentences for people."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from domain.problems import Problem, ProblemKind
from domain.tracking.carrier_gaps import about_carrier, carrier_subject
from domain.tracking.confirms import MOST_EDITS
from domain.tracking.parcels import ParcelState
from ledger.problems import clear_problems, open_subjects, record_problems, settle_problems
from ledger.secrecy import Seal
from ledger.tables import orders, parcels
from ledger.tracking.parcel_words import said

Advice = Callable[[str, str, str], str]
_NAMED = 3  # orders named in one sentence, and parcels of each


def _carrier(row: sa.RowMapping) -> str:
    words = (row["connection"], row["warehouse_carrier"], row["warehouse_service"], row["marketplace_id"])
    return carrier_subject(*words)


def problem_of(row: sa.RowMapping, kind: ProblemKind) -> Problem:
    """Why a parcel is not sent, when that is the parcel's own matter."""
    why = {
        ProblemKind.TRACKING_MISSING: "has no tracking number",
        ProblemKind.CONTENTS_UNKNOWN: f"is unclear: {row['reason']}",
        ProblemKind.CONFIRMED_ELSEWHERE: "was not sent, because Amazon shows its units in packages that"
        " somebody else confirmed",
        ProblemKind.TRACKING_REFUSED: f"was changed {MOST_EDITS} times at Amazon, which allows few changes;"
        " this one was not sent",
    }
    return said(row, kind, f"parcel {row['warehouse_parcel_id']} {why[kind]}")


def suspect(row: sa.RowMapping, doubt: str) -> Problem:
    """A tracking number that does not look like one of its carrier's."""
    words = f"tracking number {row['tracking']} of parcel {row['warehouse_parcel_id']} {doubt}"
    return said(row, ProblemKind.TRACKING_SUSPECT, words)


def settle_carriers(conn: sa.Connection, advise: Advice, now: datetime) -> int:
    """Make the open problems about carrier words what waits for them, whoever sold it; how many are new.

    Seller accounts share a warehouse and its words: a problem is due with the first parcel of them all.
    """
    waiting: dict[str, list[sa.RowMapping]] = {}
    for row in conn.execute(_WAITING).mappings():
        waiting.setdefault(_carrier(row), []).append(row)
    found = [_unmapped(subject, rows, advise) for subject, rows in waiting.items()]
    shown = open_subjects(conn, ProblemKind.CARRIER_UNMAPPED)
    return settle_problems(conn, [ProblemKind.CARRIER_UNMAPPED], shown, found, now)


_WAITING = (
    sa.select(parcels.c.connection, parcels.c.warehouse_carrier, parcels.c.warehouse_service)
    .add_columns(orders.c.marketplace_id, orders.c.amazon_order_id, orders.c.confirm_by)
    .join(orders, orders.c.id == parcels.c.order_id)
    .where(parcels.c.state == ParcelState.BLOCKED, parcels.c.blocked_for == ProblemKind.CARRIER_UNMAPPED)
    .order_by(orders.c.confirm_by.nulls_last(), parcels.c.id)
)


def _unmapped(subject: str, rows: Sequence[sa.RowMapping], advise: Advice) -> Problem:
    first = rows[0]
    advice = advise(first["warehouse_carrier"], first["warehouse_service"], first["marketplace_id"])
    words = f"No carrier of Amazon's is mapped for {subject}; its parcels wait, the first of order"
    return Problem(
        kind=ProblemKind.CARRIER_UNMAPPED,
        subject=subject,
        summary=f"{words} {first['amazon_order_id']}." + (f" {advice}." if advice else ""),
        act_by=first["confirm_by"],
        affected=len(rows),
        about=about_carrier(first["connection"], first["warehouse_carrier"], first["warehouse_service"]),
    )


def record_reused(conn: sa.Connection, account: str, seal: Seal, now: datetime) -> int:
    """Show tracking numbers that parcels of orders to different doors carry; how many are new.

    Looks at the parcels that wait to be sent and at what is shown already. Orders to one door may share a box.
    """
    waiting = (
        sa.select(parcels.c.tracking_key)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(orders.c.seller_account == account, parcels.c.tracking_key != "")
        .where(parcels.c.state == ParcelState.MAPPED)
    )
    shown = open_subjects(conn, ProblemKind.TRACKING_REUSED)
    keys = {*conn.scalars(waiting), *shown}
    found = dict(_reused(conn, keys, seal))
    over = [subject for subject in shown if subject not in found]
    clear_problems(conn, [ProblemKind.TRACKING_REUSED], over, now)
    return record_problems(conn, found.values(), now)


def _reused(conn: sa.Connection, keys: Iterable[str], seal: Seal) -> Iterable[tuple[str, Problem]]:
    alive = parcels.c.state != ParcelState.VOIDED
    wanted = sa.any_(sa.literal(sorted(keys), sa.ARRAY(sa.Text)))
    several = (
        sa.select(parcels.c.tracking_key)
        .where(parcels.c.tracking_key == wanted, parcels.c.tracking_key != "", alive)
        .group_by(parcels.c.tracking_key)
        .having(sa.func.count(parcels.c.order_id.distinct()) > 1)
    )
    statement = (
        sa.select(parcels.c.tracking_key, parcels.c.warehouse_parcel_id)
        .add_columns(orders.c.amazon_order_id, orders.c.recipient, orders.c.confirm_by)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(parcels.c.tracking_key.in_(several), parcels.c.tracking_key != "", alive)
        .order_by(parcels.c.tracking_key, orders.c.amazon_order_id, parcels.c.id)
    )
    groups: dict[str, list[sa.RowMapping]] = {}
    for row in conn.execute(statement).mappings():
        groups.setdefault(row["tracking_key"], []).append(row)
    for key, rows in groups.items():
        if not _one_door(rows, seal):
            yield key, _one_number(key, rows)


def _one_number(key: str, rows: Sequence[sa.RowMapping]) -> Problem:
    """Which parcel is the wrong one only the warehouse knows: a form for it is not filled in."""
    boxes: dict[str, list[str]] = {}
    for row in rows:
        boxes.setdefault(row["amazon_order_id"], []).append(row["warehouse_parcel_id"])
    names = [
        f"parcel{'s' if len(box) > 1 else ''} {', '.join(box[:_NAMED])} of order {order}"
        for order, box in boxes.items()
    ]
    return Problem(
        kind=ProblemKind.TRACKING_REUSED,
        subject=key,
        summary=f"Tracking number {key} is on {' and '.join(names[:_NAMED])}.",
        act_by=min((row["confirm_by"] for row in rows if row["confirm_by"]), default=None),
    )


def on_other_doors(conn: sa.Connection, tracking_key: str, order_id: int, seal: Seal) -> tuple[str, ...]:
    """The other orders with a parcel under a number that do not go to the same door as this order."""
    statement = (
        sa.select(orders.c.id, orders.c.amazon_order_id, orders.c.recipient)
        .join(parcels, parcels.c.order_id == orders.c.id)
        .where(parcels.c.tracking_key == tracking_key, parcels.c.tracking_key != "")
        .where(parcels.c.state != ParcelState.VOIDED, orders.c.id != order_id)
        .order_by(orders.c.amazon_order_id)
        .distinct()
    )
    here = sa.select(orders.c.amazon_order_id, orders.c.recipient).where(orders.c.id == order_id)
    own = conn.execute(here).mappings().one()
    others = conn.execute(statement).mappings().all()
    return tuple(row["amazon_order_id"] for row in others if not _one_door((own, row), seal))


def _one_door(rows: Iterable[sa.RowMapping], seal: Seal) -> bool:
    """Whether all orders go to one door; an address that is forgotten already says no."""
    people = [
        seal.open(row["recipient"], row["amazon_order_id"]) if row["recipient"] else None for row in rows
    ]
    first = people[0]
    return first is not None and all(one is not None and first.shares_door_with(one) for one in people)
