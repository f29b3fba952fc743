"""The account's rates out of the ledger, by Amazon's definitions, and every defect with its cause."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.calendar_days import days_before
from domain.health.lateness import HeldAt, cause_of
from domain.health.rates import (
    CANCELED_FOR,
    RULES,
    TRACKING_DOUBTS,
    Defect,
    Metric,
    Outlook,
    Rate,
    played_out,
)
from domain.health.reports import OverTheirDates
from domain.orders.order import HOLD_ORDER
from domain.tracking.evidence import MOVING
from ledger.orders.due import TOLD_AT, count_due, held_by_hop, load_due, usual_by_hop
from ledger.watch.held_at import HELD_AT

_SHOWN = 200
Place = tuple[str, str]  # seller account, marketplace id

_MOVING = ", ".join(f"'{word}'" for word in sorted(MOVING))
# A parcel that Amazon itself shows moving is valid whatever we think of its number. What Amazon confirms itself it
# can follow itself. Orders are chosen by the promised delivery, as Amazon does.
_TRACKED = f"""
    SELECT o.amazon_order_id, p.warehouse_parcel_id, p.first_accepted_at AS at, true AS counted,
        CASE
            WHEN s.status IN ({_MOVING}) OR p.state = 'NOT_REQUIRED' THEN ''
            WHEN p.carrier_code = 'Other' THEN 'other'
            WHEN p.doubt <> '' THEN 'form'
            WHEN EXISTS (SELECT FROM ledger.problems r WHERE r.kind = 'tracking_reused'
                AND r.cleared_at IS NULL AND r.subject = p.tracking_key) THEN 'reused'
            WHEN p.proven_at IS NULL THEN 'unseen'
            ELSE ''
        END AS doubt
    FROM ledger.orders o JOIN ledger.parcels p ON p.order_id = o.id
    LEFT JOIN ledger.shown_packages s
        ON s.order_id = o.id AND s.reference_id = coalesce(nullif(p.shown_as, ''), p.id::text)
    WHERE o.seller_account = :account AND o.marketplace_id = :marketplace_id AND o.state <> 'CANCELED'
        AND o.deliver_by > :since AND o.deliver_by <= :until AND p.joined = '' AND p.state <> 'VOIDED'
        AND (p.first_accepted_at IS NOT NULL OR (p.state = 'NOT_REQUIRED' AND NOT p.awaits_amazon))
"""  # noqa: S608 - our own words only
# Canceled by the seller, of orders placed: an order counts against the account from the cancellation on, however
# long ago it was placed, because Amazon cancels what nobody confirmed a week after its time. Not: what the buyer
# asked for, and what was pending. What Amazon cancels because it was not confirmed in time counts as the seller's;
# what Amazon cancels before that does not. Of what an item was oversold is known by the problem that stood when the
# order was canceled, or was over for a day at most.
_CANCELED = """
    SELECT o.amazon_order_id, c.at, o.amazon_created_at > :since AND o.amazon_created_at <= :until AS counted,
        CASE
            WHEN c.at IS NULL OR c.at <= :since OR c.at > :until THEN ''
            WHEN o.canceled_by = 'BUYER' OR EXISTS (SELECT FROM ledger.order_history h WHERE h.order_id = o.id
                AND h.from_state = 'PENDING' AND h.to_state = 'CANCELED') THEN ''
            WHEN o.canceled_by = 'AMAZON' THEN CASE WHEN c.at > o.confirm_by THEN 'unconfirmed' ELSE '' END
            WHEN EXISTS (SELECT FROM ledger.releases r WHERE r.order_id = o.id AND r.state = 'REJECTED')
                THEN 'rejected'
            WHEN EXISTS (SELECT FROM ledger.problems p WHERE p.kind = 'oversold'
                AND p.opened_at BETWEEN c.at - interval '14 days' AND c.at
                AND (p.cleared_at IS NULL OR p.cleared_at >= c.at - interval '1 day')
                AND p.subject IN (SELECT o.connection || ' ' || coalesce(m.warehouse_sku, l.seller_sku)
                    FROM ledger.order_lines l LEFT JOIN ledger.sku_map m ON m.until IS NULL
                        AND m.seller_account = o.seller_account AND m.connection = o.connection
                        AND m.seller_sku = l.seller_sku
                    WHERE l.order_id = o.id)) THEN 'oversold'
            WHEN o.canceled_by = '' THEN 'unknown'
            ELSE 'seller'
        END AS doubt
    FROM ledger.orders o
    CROSS JOIN LATERAL (SELECT coalesce(o.canceled_at, o.part_canceled_at) AS at) c
    WHERE o.seller_account = :account AND o.marketplace_id = :marketplace_id
        AND ((o.amazon_created_at > :since AND o.amazon_created_at <= :until)
            OR (o.canceled_at > :since AND o.canceled_at <= :until)
            OR (o.part_canceled_at > :since AND o.part_canceled_at <= :until))
"""
# Of the parcels that were late the last one until the order was confirmed decides. Why an order was held is known
# by its problems of then.
_HOLDS = ", ".join(f"'{kind}'" for kind in HOLD_ORDER)
_LATE = sa.text(
    f"""
    SELECT due.amazon_order_id, due.confirm_by, due.confirmed_at, one.held_at,
        CASE WHEN one.held_at = '{HeldAt.HELD}' THEN coalesce((
            SELECT kind FROM ledger.problems
            WHERE opened_at >= o.imported_at AND opened_at <= o.confirm_by AND subject = o.amazon_order_id
                AND kind IN ({_HOLDS}) AND (cleared_at IS NULL OR cleared_at > o.confirm_by)
            ORDER BY array_position(ARRAY[{_HOLDS}], kind) LIMIT 1
        ), '') ELSE '' END AS held_for
    FROM (SELECT * FROM due WHERE outcome = 'late' AND confirm_by <= :now
        ORDER BY confirm_by DESC, id LIMIT :shown) due
    JOIN ledger.orders o ON o.id = due.id
    LEFT JOIN LATERAL (
        SELECT * FROM ledger.parcels WHERE order_id = o.id AND joined = ''
            AND coalesce({TOLD_AT}, CASE WHEN state <> 'VOIDED' THEN 'infinity'::timestamptz END) > o.confirm_by
            AND known_at <= coalesce(due.confirmed_at, 'infinity') ORDER BY known_at DESC, id DESC LIMIT 1
    ) p ON true
    CROSS JOIN LATERAL (SELECT {HELD_AT} AS held_at) one
    ORDER BY due.confirm_by DESC, due.id
    """  # noqa: S608 - our own words only
)


def late_outlooks(
    conn: sa.Connection, place: Place, now: datetime, tonight: datetime
) -> tuple[tuple[Outlook, ...], tuple[Defect, ...]]:
    """Late shipments over 10 and 30 days, now and at the end of the day (`tonight`, UTC), and the late orders."""
    load_due(conn, place, _begin(place, Metric.LATE_30, now), tonight, now)
    held = held_by_hop(conn, tonight, now)
    usual = usual_by_hop(conn, tonight - now, now)
    found = []
    for metric in (Metric.LATE_10, Metric.LATE_30):
        decided = count_due(conn, _begin(place, metric, tonight), tonight).rate
        worst, expected = played_out(decided, held, usual)
        outlook = Outlook(
            metric=metric,
            marketplace_id=place[1],
            now=count_due(conn, _begin(place, metric, now), now).rate,
            worst=worst,
            expected=expected,
            open_tonight=sum(held.values()),
            ends_at=tonight,
        )
        found.append(outlook)
    return tuple(found), _late_orders(conn, place, now)


def other_outlook(
    conn: sa.Connection, place: Place, metric: Metric, now: datetime
) -> tuple[Outlook, tuple[Defect, ...]]:
    """Valid tracking or cancellations now (tonight's open orders change neither), and what counts against them."""
    since = _begin(place, metric, now)
    rate = _rate(conn, place, metric, since, now)
    outlook = Outlook(metric=metric, marketplace_id=place[1], now=rate, worst=rate, expected=rate)
    return outlook, _doubted(conn, place, metric, since, now)


def over_dates(
    conn: sa.Connection, place: Place, metric: Metric, span: tuple[datetime, datetime], now: datetime
) -> OverTheirDates:
    """Our count of one rate over other dates than our own (UTC, the end not included)."""
    since, until = (moment - timedelta(microseconds=1) for moment in span)
    if metric not in (Metric.LATE_10, Metric.LATE_30):
        return OverTheirDates(rate=_rate(conn, place, metric, since, until))
    load_due(conn, place, since, until, now)
    counted = count_due(conn, since, until)
    return OverTheirDates(rate=counted.rate, elsewhere=counted.elsewhere)


def _begin(place: Place, metric: Metric, end: datetime) -> datetime:
    """When the window of a rate begins that ends at a moment, by the days of the marketplace."""
    return days_before(place[1], end, RULES[metric].days)


def _select(metric: Metric) -> str:
    return _TRACKED if metric is Metric.TRACKING_30 else _CANCELED


def _rate(conn: sa.Connection, place: Place, metric: Metric, since: datetime, until: datetime) -> Rate:
    # On a slow week more can be canceled than was placed: the rate is all of it then, and not more than all.
    statement = sa.text(
        "SELECT defects, greatest(counted, defects) AS total FROM ("  # noqa: S608 - our own words only
        "SELECT count(*) FILTER (WHERE doubt <> '') AS defects, count(*) FILTER (WHERE counted) AS counted"
        f" FROM ({_select(metric)}) one) found"
    )
    row = conn.execute(statement, _where(place, since, until)).one()
    return Rate(row.defects, row.total)


def _doubted(
    conn: sa.Connection, place: Place, metric: Metric, since: datetime, until: datetime
) -> tuple[Defect, ...]:
    statement = sa.text(
        f"SELECT * FROM ({_select(metric)}) one WHERE doubt <> ''"  # noqa: S608 - our own words only
        " ORDER BY at DESC NULLS LAST, amazon_order_id LIMIT :shown"
    )
    words = TRACKING_DOUBTS if metric is Metric.TRACKING_30 else CANCELED_FOR
    rows = conn.execute(statement, {**_where(place, since, until), "shown": _SHOWN}).mappings()
    return tuple(
        Defect(
            metric=metric,
            order_id=row["amazon_order_id"],
            marketplace_id=place[1],
            what=f"parcel {row['warehouse_parcel_id']}" if "warehouse_parcel_id" in row else "canceled",
            cause=words[row["doubt"]][0],
            owner=words[row["doubt"]][1],
            at=row["at"],
        )
        for row in rows
    )


def _late_orders(conn: sa.Connection, place: Place, now: datetime) -> tuple[Defect, ...]:
    rows = conn.execute(_LATE, {"now": now, "shown": _SHOWN})
    found = []
    for row in rows:
        cause = cause_of(HeldAt(row.held_at), row.held_for)
        found.append(
            Defect(
                metric=Metric.LATE_30,
                order_id=row.amazon_order_id,
                marketplace_id=place[1],
                what="confirmed late" if row.confirmed_at else "late and not confirmed yet",
                cause=cause.words,
                owner=cause.owner,
                at=row.confirm_by,
                late_by=(row.confirmed_at or now) - row.confirm_by,
            )
        )
    return tuple(found)


def _where(place: Place, since: datetime, until: datetime) -> dict[str, object]:
    return {"account": place[0], "marketplace_id": place[1], "since": since, "until": until}
