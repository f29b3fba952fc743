"""Proof: parcels are compared with the packages Amazon shows, and sent again or shown to a person."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.amazon import AmazonPackage
from domain.parcels import ParcelState, Proof, proof_of
from domain.problems import ProblemKind
from ledger.moves import Move, move_parcels
from ledger.parcel_words import AMAZON_SAID, parcel_contents, parcel_subject, said
from ledger.problems import clear_problems, record_problems
from ledger.progress import record_progress
from ledger.tables import orders, parcels

_LOOK_AGAIN = timedelta(hours=1)
_TRIES = 2  # sent, and once more as an edit; after that a person looks


def unproven_orders(
    conn: sa.Connection, account: str, prove_within: timedelta, limit: int, now: datetime
) -> dict[str, int]:
    """Orders worth a look of their own, most urgent first: Amazon order id to ledger id.

    Parcels that Amazon took half of `prove_within` ago and that no page has shown since, and parcels it
    refused or never showed, each looked at again after that time.
    """
    patience = now - prove_within / 2
    waiting = parcels.c.state == ParcelState.ACCEPTED
    fresh = sa.and_(waiting, parcels.c.accepted_at < patience, (parcels.c.looked_at > patience).is_not(True))
    # What a person has to settle is looked at now and then, and never before what may still be proven.
    settled_by_hand = sa.and_(
        parcels.c.state.in_([ParcelState.REJECTED, ParcelState.UNPROVEN]),
        (parcels.c.looked_at > now - _LOOK_AGAIN).is_not(True),
    )
    statement = (
        sa.select(orders.c.amazon_order_id, orders.c.id)
        .join(parcels, parcels.c.order_id == orders.c.id)
        .where(orders.c.seller_account == account, sa.or_(fresh, settled_by_hand))
        .group_by(orders.c.id)
        .order_by(sa.func.bool_or(waiting).desc(), orders.c.confirm_by, orders.c.id)
        .limit(limit)
    )
    return {row.amazon_order_id: row.id for row in conn.execute(statement)}


def record_look(conn: sa.Connection, order_id: int, now: datetime) -> None:
    """Note that an order was looked at in vain; it gets its turn again later."""
    conn.execute(parcels.update().where(parcels.c.order_id == order_id).values(looked_at=now))


def record_evidence(
    conn: sa.Connection,
    shown: Iterable[tuple[int, Sequence[AmazonPackage]]],
    prove_within: timedelta,
    now: datetime,
) -> dict[str, int]:
    """Compare parcels with the packages Amazon shows, by ledger order id; how many are now in which state."""
    packages = dict(shown)
    told = [ParcelState.ACCEPTED, ParcelState.REJECTED, ParcelState.UNPROVEN, ParcelState.MAPPED]
    statement = (
        sa.select(parcels, orders.c.amazon_order_id, orders.c.confirm_by)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(
            parcels.c.order_id == sa.any_(sa.literal(sorted(packages), sa.ARRAY(sa.BigInteger))),
            parcels.c.state.in_(told),
        )
        .with_for_update(of=parcels)
    )
    rows = conn.execute(statement).mappings().all()
    contents = parcel_contents(conn, [row["id"] for row in rows])
    looked = [row["id"] for row in rows]
    conn.execute(parcels.update().where(parcels.c.id.in_(looked)).values(looked_at=now))
    counts: Counter[str] = Counter()
    for row in rows:
        seen = packages[row["order_id"]]
        proof = proof_of(str(row["id"]), row["tracking"], contents[row["id"]], seen)
        counts[_weigh(conn, row, proof, prove_within, now)] += 1
    record_progress(conn, {row["order_id"] for row in rows}, now)
    return {word: count for word, count in counts.items() if word}


def _weigh(
    conn: sa.Connection, row: sa.RowMapping, proof: Proof, prove_within: timedelta, now: datetime
) -> str:
    """Apply one comparison; the word for what happened, empty when it is too early to say anything."""
    state = ParcelState(row["state"])
    if proof is Proof.SEEN:
        move_parcels(conn, [Move(row["id"], state, ParcelState.PROVEN, "Amazon shows it")], now)
        clear_problems(conn, AMAZON_SAID, [parcel_subject(row)], now)
        return "PROVEN"
    early = row["accepted_at"] is None or now - row["accepted_at"] < prove_within
    if state is not ParcelState.ACCEPTED or early:
        return ""
    if row["tries"] < _TRIES:
        move_parcels(conn, [Move(row["id"], state, ParcelState.MAPPED, "Amazon does not show it")], now)
        return "AGAIN"
    kind = ProblemKind.TRACKING_UNPROVEN if proof is Proof.ABSENT else ProblemKind.TRACKING_CONTRADICTED
    shows = "does not show" if proof is Proof.ABSENT else "shows other data than"
    words = f"Amazon took parcel {row['warehouse_parcel_id']} {row['tries']} times and {shows} its tracking"
    move_parcels(conn, [Move(row["id"], state, ParcelState.UNPROVEN, words)], now)
    record_problems(conn, [said(row, kind, words)], now)
    return "UNPROVEN"
