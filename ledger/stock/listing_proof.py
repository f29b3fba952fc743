"""Read back: a published quantity counts when Amazon shows it in effect."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from domain.amazon import SeenListing
from domain.problems import Problem, ProblemKind
from domain.stock.listings import ListingState, Publication, after_look
from domain.stock.suppression import why_hidden
from ledger.moves import Move, move_listings
from ledger.problems import clear_problems, record_problems
from ledger.stock.drifts import record_drifts, remembered, still_returning, writers
from ledger.stock.listing_issues import kept_issues
from ledger.stock.listings import listing_name, publication
from ledger.tables import listing_history, listings, order_lines, orders

_S = ListingState
_LOOKED = "what Amazon shows"
_NOT_SHOWN = "Amazon took it and does not show it"
_SEEN = ("effective", "issues", "suppressed", "earlier", "unread")
# Amazon states no time within which a quantity is in effect; an hour is what we wait unless told otherwise.
SETTLE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Look:
    """A listing's row before the look, what Amazon shows, and where the listing stands now."""

    row: sa.RowMapping
    seen: SeenListing | None
    end: ListingState
    unread: int = 0

    @property
    def units(self) -> int | None:
        return _units(self.seen)

    @property
    def name(self) -> str:
        return listing_name(self.row)

    @property
    def moves(self) -> bool:
        return self.end is not ListingState(self.row["state"])

    @property
    def is_unshown(self) -> bool:
        return self.row["state"] == _S.ACCEPTED and self.end is _S.PLANNED

    @property
    def is_right(self) -> bool:
        """Whether nothing is left to say about the quantity."""
        proven = self.moves or self.units == self.row["published"]
        in_effect = self.end is _S.EFFECTIVE and proven
        return in_effect or self.end is _S.ABSENT

    @property
    def why_hidden(self) -> str:
        return why_hidden(self.seen, self.row["publishable"])


def record_seen(
    conn: sa.Connection,
    account: str,
    marketplace_id: str,
    shown: Mapping[str, SeenListing | None],
    *,
    now: datetime,
    settle: timedelta = SETTLE,
) -> dict[str, int]:
    """Record what Amazon shows of each listing asked for; how many are now in which state.

    `shown` is what was seen by seller SKU, None for a listing that Amazon does not know. What Amazon took
    more than `settle` ago and does not show is planned again, and the second time it is a problem. A number
    that nobody of us published is kept as a drift; a listing that Amazon hides from buyers is a problem.
    """
    rows = _claim(conn, account, marketplace_id, list(shown))
    asked = [row for row in rows if _asks(row, _units(shown[row["seller_sku"]]))]
    sold = _sold(conn, asked)
    looks = [
        _looked(row, shown[row["seller_sku"]], sold.get(row["id"], (0, 0)), now - settle) for row in rows
    ]
    _record_problems(conn, looks, now)
    _record_looks(conn, looks, now)
    reasons = {True: _NOT_SHOWN, False: _LOOKED}
    moves = [
        Move(look.row["id"], ListingState(look.row["state"]), look.end, reasons[look.is_unshown])
        for look in looks
        if look.moves
    ]
    move_listings(conn, moves, now)
    return dict(Counter(look.end.value for look in looks))


def _units(seen: SeenListing | None) -> int | None:
    return None if seen is None else seen.units


def _looked(row: sa.RowMapping, seen: SeenListing | None, sold: tuple[int, int], settled: datetime) -> _Look:
    """Compare; `sold` is ordered and canceled, `settled` the moment before which what Amazon took is overdue."""
    overdue = row["accepted_at"] is not None and row["accepted_at"] < settled
    known, (ordered, returned) = publication(row), sold
    end = after_look(known, _units(seen), sold=ordered, returned=returned, overdue=overdue)
    return _Look(row, seen, end, _unread(known, _units(seen), ordered) if end is _S.EFFECTIVE else 0)


def _unread(known: Publication, units: int | None, ordered: int) -> int:
    """Units that are gone at Amazon although no order we have read took them."""
    return 0 if units is None else max(0, (known.published or 0) - ordered - units)


def _claim(
    conn: sa.Connection, account: str, marketplace_id: str, skus: Sequence[str]
) -> Sequence[sa.RowMapping]:
    statement = (
        sa.select(listings)
        .where(
            listings.c.seller_account == account,
            listings.c.marketplace_id == marketplace_id,
            listings.c.seller_sku.in_(skus),
        )
        .order_by(listings.c.id)
        .with_for_update()
    )
    return conn.execute(statement).mappings().all()


def _asks(row: sa.RowMapping, units: int | None) -> bool:
    """Whether orders may explain why Amazon shows another number."""
    compared = row["state"] in (_S.EFFECTIVE, _S.ACCEPTED)
    return compared and units is not None and units != row["published"]


def _sold(conn: sa.Connection, rows: Sequence[sa.RowMapping]) -> dict[int, tuple[int, int]]:
    """Units ordered, and units canceled, of each listing since its last publication, as far as we have read."""
    if not rows:
        return {}
    since = listings.c.published_at
    units = order_lines.c.quantity
    statement = (
        sa.select(
            listings.c.id,
            sa.func.coalesce(sa.func.sum(units).filter(orders.c.amazon_created_at >= since), 0),
            sa.func.coalesce(sa.func.sum(units).filter(orders.c.canceled_at >= since), 0),
        )
        .join_from(
            listings,
            orders,
            sa.and_(
                orders.c.seller_account == listings.c.seller_account,
                orders.c.marketplace_id == listings.c.marketplace_id,
                sa.or_(orders.c.amazon_created_at >= since, orders.c.canceled_at >= since),
            ),
        )
        .join(
            order_lines,
            sa.and_(order_lines.c.order_id == orders.c.id, order_lines.c.seller_sku == listings.c.seller_sku),
        )
        .where(listings.c.id.in_([row["id"] for row in rows]))
        .group_by(listings.c.id)
    )
    return {number: (int(sold), int(back)) for number, sold, back in conn.execute(statement)}


def _record_looks(conn: sa.Connection, looks: Sequence[_Look], now: datetime) -> None:
    """What each look showed, in one statement for all of them."""
    if not looks:
        return
    seen = [_seen(look, now) for look in looks]
    columns = [sa.column(name, listings.c[name].type) for name in ("id", *_SEEN)]
    new = sa.func.jsonb_to_recordset(sa.literal(seen, JSONB)).table_valued(*columns, name="new")
    new = new.render_derived(with_types=True)
    values = {name: new.c[name] for name in _SEEN}
    conn.execute(listings.update().where(listings.c.id == new.c.id).values(seen_at=now, **values))


def _seen(look: _Look, now: datetime) -> dict[str, object]:
    row, seen = look.row, look.seen
    issues = kept_issues(row["issues"], seen.issues if seen else (), now)
    if row["state"] == _S.INVALID and look.end is _S.INVALID and not issues:
        issues = row["issues"]  # what Amazon disliked of our number is still why it is not in effect
    return {
        "id": row["id"],
        "effective": look.units,
        "issues": issues,
        "suppressed": bool(look.why_hidden),
        "earlier": remembered(row),
        "unread": look.unread,
    }


def _record_problems(conn: sa.Connection, looks: Sequence[_Look], now: datetime) -> None:
    """Open what these looks found and clear what they found gone."""
    found = [_hidden(look) for look in looks if look.why_hidden]
    found += [_unshown(look) for look in looks if look.is_unshown and _was_unshown(conn, look.row)]
    found += _drifted(conn, [look for look in looks if look.moves and look.end is _S.DRIFTED], now)
    record_problems(conn, found, now)
    shown_again = [look.name for look in looks if look.row["suppressed"] and not look.why_hidden]
    clear_problems(conn, [ProblemKind.LISTING_SUPPRESSED], shown_again, now)
    gone = [look.name for look in looks if look.moves and look.end is _S.ABSENT]
    clear_problems(conn, [ProblemKind.QUANTITY_INVALID], gone, now)
    right = {look.row["id"]: look for look in looks if look.is_right}
    # One that comes back daily is one problem until it has stayed away for a day, not a new one each time.
    returning = still_returning(conn, list(right), now)
    calm = [look.name for number, look in right.items() if number not in returning or look.end is _S.ABSENT]
    clear_problems(conn, [ProblemKind.QUANTITY_DRIFTED], calm, now)


def _drifted(conn: sa.Connection, looks: Sequence[_Look], now: datetime) -> list[Problem]:
    record_drifts(
        conn,
        [(look.row, look.units or 0, look.seen.updated_at if look.seen else None) for look in looks],
        now,
    )
    known = writers(conn, [look.row["id"] for look in looks], now)
    found = []
    for look in looks:
        what = f"Amazon offers {look.units}, but {look.row['published']} were published."
        writer = known.get(look.row["id"])
        found.append(_problem(look, f"{what} {writer.explain()}" if writer else what))
    return found


def _unshown(look: _Look) -> Problem:
    return _problem(
        look, f"Amazon took {look.row['published']} twice and does not offer it, but {look.units}."
    )


def _problem(look: _Look, what: str) -> Problem:
    summary = f"Quantity of {look.name}: {what}"
    cause = (
        f"{look.row['seller_account']} in {look.row['marketplace_id']}"  # whoever else sets quantities there
    )
    return Problem(kind=ProblemKind.QUANTITY_DRIFTED, subject=look.name, summary=summary, cause=cause)


def _hidden(look: _Look) -> Problem:
    summary = (
        f"Amazon hides {look.name} from buyers although {look.row['publishable']} units are offered:"
        f" {look.why_hidden}."
    )
    return Problem(kind=ProblemKind.LISTING_SUPPRESSED, subject=look.name, summary=summary)


def _was_unshown(conn: sa.Connection, row: sa.RowMapping) -> bool:
    """Whether a quantity was sent again for the same reason since one was last in effect."""
    last = sa.select(sa.func.max(listing_history.c.at)).where(
        listing_history.c.listing_id == row["id"], listing_history.c.reason == _NOT_SHOWN
    )
    at = conn.scalar(last)
    return at is not None and (row["effective_at"] is None or at > row["effective_at"])
