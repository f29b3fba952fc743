"""Proof: parcels are compared with what a read of their order showed, and moved on by it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.amazon import AmazonOrder, AmazonStatus
from domain.problems import Problem, ProblemKind
from domain.tracking.confirms import MOST_EDITS, Next, Refusal, due_soon, next_try, settle_refusal
from domain.tracking.evidence import MOVING, Evidence, Finding, ToldParcel, proof_due, weigh
from domain.tracking.parcels import NO_CONFIRM_PROGRAMS, ParcelState
from ledger.moves import Move, move_parcels
from ledger.orders.progress import record_progress
from ledger.problems import clear_problems, record_problems
from ledger.tables import orders, parcels
from ledger.tracking.parcel_words import AMAZON_SAID, parcel_contents, parcel_subject, said
from ledger.tracking.shown import our_references, record_shown

_TRIES = 2  # sent, and once more as an edit; after that a person looks
_S = ParcelState
_WEIGHED = (
    _S.MAPPED,
    _S.SENDING,
    _S.ACCEPTED,
    _S.REJECTED,
    _S.UNPROVEN,
    _S.PROVEN,
    _S.NOT_REQUIRED,
    _S.BLOCKED,
)
_OVER_WHEN_SEEN = AMAZON_SAID | {ProblemKind.CONFIRMED_ELSEWHERE}


@dataclass(frozen=True, slots=True)
class _Look:
    """One parcel beside the read of its order. `stale`: a newer read of the order is known already."""

    row: sa.RowMapping
    read: AmazonOrder
    finding: Finding
    prove_within: timedelta
    overdue: bool
    stale: bool
    now: datetime

    @property
    def state(self) -> ParcelState:
        return ParcelState(self.row["state"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What one look leads to: a state, values beside it, a problem to open, the word to count it under."""

    word: str = ""
    end: ParcelState | None = None
    reason: str = ""
    values: Mapping[str, object] | None = None
    problem: Problem | None = None
    clears: frozenset[ProblemKind] = frozenset()


def record_evidence(
    conn: sa.Connection, reads: Mapping[int, AmazonOrder], prove_within: timedelta, now: datetime
) -> dict[str, int]:
    """Compare parcels with what a read of their order shows, by ledger order id; how many went where.

    Every read counts, whether it came with a page of a search or was made for one order.
    """
    record_shown(conn, reads, now)
    rows = _claim(conn, sorted(reads))
    contents = parcel_contents(conn, [row["id"] for row in rows])
    ours = our_references(conn, sorted({row["order_id"] for row in rows}))
    conn.execute(parcels.update().where(parcels.c.id.in_([row["id"] for row in rows])).values(looked_at=now))
    steps = []
    for row in rows:
        read, reference = reads[row["order_id"]], str(row["id"])
        told = ToldParcel(
            reference_id=reference,
            tracking=row["tracking"],
            contents=contents[row["id"]],
            siblings=ours[row["order_id"]] - {reference},
        )
        finding = weigh(told, read.packages, {line.order_item_id: line.quantity for line in read.lines})
        steps.append((row, _step(_look(row, read, finding, prove_within, now))))
    return _apply(conn, steps, now)


def _claim(conn: sa.Connection, order_ids: Sequence[int]) -> Sequence[sa.RowMapping]:
    statement = (
        sa.select(parcels, orders.c.amazon_order_id, orders.c.confirm_by, orders.c.amazon_updated_at)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(
            parcels.c.order_id == sa.any_(sa.literal(order_ids, sa.ARRAY(sa.BigInteger))),
            parcels.c.state.in_(_WEIGHED),
        )
        .order_by(parcels.c.id)
        .with_for_update(of=parcels, key_share=True)
    )
    return conn.execute(statement).mappings().all()


def _look(
    row: sa.RowMapping, read: AmazonOrder, finding: Finding, prove_within: timedelta, now: datetime
) -> _Look:
    accepted = row["accepted_at"]
    overdue = accepted is not None and now >= proof_due(accepted, row["confirm_by"], prove_within)
    return _Look(row, read, finding, prove_within, overdue, read.updated_at < row["amazon_updated_at"], now)


def _step(look: _Look) -> _Step:
    if look.finding.evidence in (Evidence.SEEN, Evidence.ADOPTED):
        return _seen(look)
    if look.state is ParcelState.REJECTED and not look.stale and not _shown_to_a_person(look):
        return _settle(look)
    if look.state is ParcelState.ACCEPTED and look.overdue and not look.stale:
        return _unseen(look)
    if look.state is ParcelState.PROVEN and not look.stale:
        return _gone(look)
    if look.row["awaits_amazon"]:
        return _awaited(look)
    return _Step()


def _seen(look: _Look) -> _Step:
    row, finding = look.row, look.finding
    adopted = finding.reference_id if finding.evidence is Evidence.ADOPTED else ""
    clears = _OVER_WHEN_SEEN
    if any(one.reference_id == finding.reference_id and one.status in MOVING for one in look.read.packages):
        clears |= {ProblemKind.TRACKING_SUSPECT}
    if look.state is ParcelState.NOT_REQUIRED:
        values = {"awaits_amazon": False, "shown_as": finding.reference_id}
        return _Step(word="SHOWN" if row["awaits_amazon"] else "", values=values, clears=clears)
    if look.state is ParcelState.PROVEN:
        return _Step(clears=clears)
    values = {"shown_as": adopted, "attempts": 0, "next_try_at": None, "blocked_for": ""}
    if row["first_accepted_at"] is None:  # its answer was lost, or it was not us who confirmed it
        made = [one.created_at for one in look.read.packages if one.reference_id == finding.reference_id]
        known = [moment for moment in (*made, row["sent_at"], look.now) if moment is not None]
        values["first_accepted_at"] = known[0]
    how = f"Amazon shows it as package {adopted}" if adopted else "Amazon shows it"
    word = "ADOPTED" if adopted else "PROVEN"
    return _Step(word=word, end=ParcelState.PROVEN, reason=how, values=values, clears=clears)


def _shown_to_a_person(look: _Look) -> bool:
    """Whether a refusal was settled already: a person looks, and nothing is opened twice."""
    return look.row["looked_at"] is not None


def _settle(look: _Look) -> _Step:
    row = look.row
    refusal = Refusal(
        code=row["refused_code"],
        times=row["refusals"],
        evidence=look.finding.evidence,
        order_canceled=look.read.status is AmazonStatus.CANCELED,
        confirms_itself=bool(NO_CONFIRM_PROGRAMS & set(look.read.programs)),
        due_soon=due_soon(row["confirm_by"], look.now),
    )
    settled = settle_refusal(refusal)
    if settled.next is Next.NOT_REQUIRED:
        values = {"awaits_amazon": refusal.confirms_itself and not refusal.order_canceled}
        return _Step(word="NOT_REQUIRED", end=ParcelState.NOT_REQUIRED, reason=settled.reason, values=values)
    if settled.next is Next.AGAIN:
        at = next_try(row["refusals"], row["confirm_by"], look.prove_within, look.now, 0.5)
        return _Step(word="AGAIN", end=ParcelState.MAPPED, reason=row["reason"], values={"next_try_at": at})
    assert settled.problem is not None
    why = settled.reason or row["reason"]
    words = f"Amazon refused the tracking of parcel {row['warehouse_parcel_id']}: {why}".rstrip(".")
    if settled.problem is not ProblemKind.TRACKING_REFUSED:
        words = _WORDS[settled.problem].format(row["warehouse_parcel_id"])
    return _Step(word="REFUSED", problem=said(row, settled.problem, words))


_WORDS = {
    ProblemKind.CONFIRMED_ELSEWHERE: "Amazon shows the units of parcel {} in packages that somebody else confirmed",
    ProblemKind.TRACKING_CONTRADICTED: "Amazon shows parcel {} with other data than the warehouse",
    ProblemKind.TRACKING_UNPROVEN: "Amazon took the tracking of parcel {} and does not show it",
}
_KINDS = {
    Evidence.ABSENT: ProblemKind.TRACKING_UNPROVEN,
    Evidence.CONTRADICTED: ProblemKind.TRACKING_CONTRADICTED,
    Evidence.NOTHING_LEFT: ProblemKind.CONFIRMED_ELSEWHERE,
}


def _unseen(look: _Look) -> _Step:
    """Taken and not seen in time: sent again as an edit, then shown to a person."""
    row, evidence = look.row, look.finding.evidence
    again = row["tries"] < _TRIES and row["edits"] < MOST_EDITS and evidence is not Evidence.NOTHING_LEFT
    if again:
        return _Step(word="AGAIN", end=ParcelState.MAPPED, reason="Amazon does not show it")
    return _unproven(look, _KINDS[evidence])


def _gone(look: _Look) -> _Step:
    """Proven once, and now shown otherwise. Amazon without any package may have left them out of its answer."""
    if look.finding.evidence is Evidence.ABSENT and not look.read.packages:
        return _Step()
    if look.row["shown_as"] in {package.reference_id for package in look.read.packages} - {""}:
        return _unproven(look, ProblemKind.TRACKING_CONTRADICTED)
    return _unproven(look, _KINDS[look.finding.evidence])


def _unproven(look: _Look, kind: ProblemKind) -> _Step:
    words = _WORDS[kind].format(look.row["warehouse_parcel_id"])
    problem = said(look.row, kind, words)
    return _Step(word="UNPROVEN", end=ParcelState.UNPROVEN, reason=words, problem=problem)


def _awaited(look: _Look) -> _Step:
    """Amazon confirms it itself: that is watched, because it counts as ours when it does not."""
    row = look.row
    if look.finding.evidence is Evidence.NOTHING_LEFT:
        kind = ProblemKind.TRACKING_CONTRADICTED
    elif due_soon(row["confirm_by"], look.now):
        kind = ProblemKind.TRACKING_UNPROVEN
    else:
        return _Step()
    own = f"Amazon confirms parcel {row['warehouse_parcel_id']} itself and shows"
    shows = "other data" if kind is ProblemKind.TRACKING_CONTRADICTED else "nothing of it yet"
    return _Step(problem=said(row, kind, f"{own} {shows}"))


def _apply(
    conn: sa.Connection, steps: Sequence[tuple[sa.RowMapping, _Step]], now: datetime
) -> dict[str, int]:
    moves = [
        Move(row["id"], ParcelState(row["state"]), step.end, step.reason) for row, step in steps if step.end
    ]
    move_parcels(conn, moves, now)
    for row, step in steps:
        if step.values:
            conn.execute(parcels.update().where(parcels.c.id == row["id"]).values(dict(step.values)))
    clears: dict[frozenset[ProblemKind], list[str]] = {}
    for row, step in steps:
        if step.clears:
            clears.setdefault(step.clears, []).append(parcel_subject(row))
    for kinds, subjects in clears.items():
        clear_problems(conn, kinds, subjects, now)
    record_problems(conn, [step.problem for _, step in steps if step.problem], now)
    record_progress(conn, {row["order_id"] for row, _ in steps}, now)
    counts = Counter(step.word for _, step in steps if step.word)
    return dict(counts)
