"""Counts of the warehouse: applied, held for a person, passed over; and what the person decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from domain.errors import Refused
from domain.problems import ProblemKind
from domain.stock.listings import ListingState
from domain.stock.snapshots import Outcome, SnapshotLimits, Verdict, accept_count, judge_count
from domain.warehouse import StockSnapshot
from ledger.problems import clear_problems
from ledger.stock.confirmed import last_counts
from ledger.stock.count_rows import Kept, apply_rows, held_rows, keep_rows, load_kept
from ledger.stock.held_counts import HeldCount, Place, end_held, held_at, settle_held, sign, undecided
from ledger.stock.moves import Change, Window, explained_units, record_moves
from ledger.tables import listings, sku_map, snapshots

_LIMITS = SnapshotLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What came of a person's decision: the count, and the newer held ones that are believed since."""

    count: HeldCount
    followed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _InForce:
    """The numbers in force in a warehouse, by SKU, and the moment (UTC) of the count they come from."""

    place: Place
    last: datetime | None
    kept: Mapping[str, Kept]

    def judge(self, snapshot: StockSnapshot, limits: SnapshotLimits, now: datetime) -> Verdict:
        """Whether a newer count is believed beside them."""
        known = {sku: one.available for sku, one in self.kept.items()}
        return judge_count(snapshot, known, last=self.last, now=now, limits=limits)


def record_snapshot(
    conn: sa.Connection, connection: str, snapshot: StockSnapshot, limits: SnapshotLimits, now: datetime
) -> str:
    """Apply a count, hold a doubtful one, or pass over an old one: APPLIED, HELD or OLD.

    The rows of a held count are kept until somebody decides. Of several held ones in a row the first and the
    newest can be decided: the one that people were told of, and the one that speaks of now.
    """
    place = Place(connection, snapshot.warehouse)
    in_force = _claim(conn, place)
    verdict = in_force.judge(snapshot, limits, now)
    number = _note(conn, in_force, snapshot, verdict, now)
    if verdict.outcome is Outcome.HELD:
        keep_rows(conn, number, snapshot.rows)
        end_held(conn, [one.id for one in held_at(conn, place)[1:-1]], "OVERTAKEN")
        settle_held(conn, place, now)
    if verdict.outcome is Outcome.APPLIED:
        _apply(conn, in_force, snapshot, verdict, now)
    return verdict.outcome.value


def accept_snapshot(conn: sa.Connection, snapshot_id: int, author: str, now: datetime) -> Decision:
    """Apply a held count whole, on a person's word; newer held ones are then judged beside it.

    Raises:
        Refused: there is no such count, it is decided already, it is empty, or a newer one is in force.
    """
    place = undecided(conn, snapshot_id).place
    in_force = _claim(conn, place)
    count = undecided(conn, snapshot_id)  # somebody else may have had the turn
    # No count is made after it came; one from the future would make every later one old.
    as_of = min(count.as_of, count.received_at)
    if in_force.last is not None and as_of <= in_force.last:
        newer = f"{in_force.last:%Y-%m-%d %H:%M} UTC"
        raise Refused(f"Count {snapshot_id} is older than the one of {newer}, which is in force.")
    if not count.rows:
        raise Refused(f"Count {snapshot_id} has no rows: there is nothing to accept. Dismiss it instead.")
    snapshot = StockSnapshot(as_of=as_of, warehouse=count.warehouse, rows=held_rows(conn, snapshot_id))
    sign(conn, snapshot_id, author, now)
    end_held(conn, [snapshot_id], "APPLIED", as_of)
    _apply(conn, in_force, snapshot, accept_count(snapshot), now, corrects=True)
    followed = tuple(one.id for one in held_at(conn, place) if _follow(conn, one, now))
    return Decision(count=count, followed=followed)


def dismiss_snapshot(conn: sa.Connection, snapshot_id: int, author: str, now: datetime) -> Decision:
    """Throw a held count away, and older held ones of the same warehouse with it: the last good one stays.

    A newer one that is held stays to be decided, and so does its problem.

    Raises:
        Refused: there is no such count, or it is decided already.
    """
    place = undecided(conn, snapshot_id).place
    _lock(conn, place)
    count = undecided(conn, snapshot_id)
    for one in held_at(conn, place):
        if one.id <= snapshot_id:
            sign(conn, one.id, author, now)
            end_held(conn, [one.id], "DISMISSED")
    settle_held(conn, place, now)
    return Decision(count=count)


def _lock(conn: sa.Connection, place: Place) -> None:
    key = sa.func.hashtextextended(f"counts of {place.connection}", 0)
    conn.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def _claim(conn: sa.Connection, place: Place) -> _InForce:
    """The numbers in force, while nobody else may change them."""
    _lock(conn, place)
    last = last_counts(conn, place.connection).get(place.warehouse)
    return _InForce(place=place, last=last, kept=load_kept(conn, *place))


def _apply(
    conn: sa.Connection,
    in_force: _InForce,
    snapshot: StockSnapshot,
    verdict: Verdict,
    now: datetime,
    *,
    corrects: bool = False,
) -> None:
    """Make a count the one in force. One that `corrects` the numbers says nothing of sales."""
    place = in_force.place
    if in_force.last is not None:
        window = Window(in_force.last, snapshot.as_of)
        explained = explained_units(conn, place.connection, window)
        changes = _changes(verdict, in_force.kept, explained, corrects=corrects)
        record_moves(conn, place, changes, explained, window)
    apply_rows(conn, place, verdict, in_force.kept, last=in_force.last, as_of=snapshot.as_of)
    # An empty file names no warehouse: the next good count of any warehouse answers it.
    for asked in {place, Place(place.connection, "")}:
        end_held(conn, [one.id for one in held_at(conn, asked) if _answers(snapshot, one)], "OVERTAKEN")
        settle_held(conn, asked, now)
    clear_problems(conn, [ProblemKind.SNAPSHOT_LATE], [place.subject], now)


def _answers(snapshot: StockSnapshot, held: HeldCount) -> bool:
    """Whether a count answers a held one: it is as new, or the held one claims to come from the future."""
    return held.as_of <= snapshot.as_of or held.as_of > held.received_at


def _changes(
    verdict: Verdict, kept: Mapping[str, Kept], explained: Mapping[str, int], *, corrects: bool
) -> list[Change]:
    found = []
    for row in verdict.rows:
        one = kept.get(row.sku)
        if one is not None and (one.available != row.available or row.sku in explained):
            unsure = corrects or one.missed or one.doubt or row.sku in verdict.doubts
            found.append(Change(row.sku, one.available, row.available, sure=not unsure))
    return found


def _follow(conn: sa.Connection, held: HeldCount, now: datetime) -> bool:
    """Apply a newer held count if it is believed beside what is in force now."""
    in_force = _claim(conn, held.place)
    snapshot = StockSnapshot(as_of=held.as_of, warehouse=held.warehouse, rows=held_rows(conn, held.id))
    verdict = in_force.judge(snapshot, _LIMITS, now)
    if verdict.outcome is not Outcome.APPLIED:
        return False
    end_held(conn, [held.id], "APPLIED")
    _apply(conn, in_force, snapshot, verdict, now)
    return True


def _note(
    conn: sa.Connection, in_force: _InForce, snapshot: StockSnapshot, verdict: Verdict, now: datetime
) -> int:
    row = {
        "connection": in_force.place.connection,
        "warehouse": snapshot.warehouse,
        "as_of": snapshot.as_of,
        "received_at": now,
        "source": "stock file",
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "rows": len(snapshot.rows),
        "rows_held": len(verdict.doubts),
        "rows_unknown": _unknown(conn, in_force, snapshot) if verdict.outcome is not Outcome.OLD else 0,
    }
    return int(conn.execute(snapshots.insert().values(row).returning(snapshots.c.id)).scalar_one())


def _unknown(conn: sa.Connection, in_force: _InForce, snapshot: StockSnapshot) -> int:
    """SKUs that were never counted before and that nobody sells; of a first count nothing can be said."""
    if not in_force.kept:
        return 0
    new = {row.sku for row in snapshot.rows if row.sku not in in_force.kept}
    if not new:
        return 0
    told = sa.func.unnest(sa.literal(sorted(new), sa.ARRAY(sa.Text))).table_valued("sku").render_derived()
    nowhere = [ListingState.CANDIDATE, ListingState.ABSENT]
    listed = sa.exists().where(listings.c.seller_sku == told.c.sku, listings.c.state.not_in(nowhere))
    mapped = sa.exists().where(
        sku_map.c.connection == in_force.place.connection,
        sku_map.c.warehouse_sku == told.c.sku,
        sku_map.c.until.is_(None),
    )
    statement = sa.select(sa.func.count()).select_from(told).where(~listed, ~mapped)
    return int(conn.execute(statement).scalar_one())
