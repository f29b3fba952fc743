"""Problems as rows: opened once per kind and subject, cleared when the cause is gone."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.marketplaces import with_shops_named
from domain.problems import Problem, ProblemKind
from domain.watch.acknowledging import happened_once
from ledger.tables import problems


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenProblem:
    """One problem as a person sees it."""

    id: int
    kind: ProblemKind
    owner: str
    severity: str
    subject: str
    summary: str
    next_step: str
    opened_at: datetime
    act_by: datetime | None
    affected: int
    acknowledged_by: str
    acknowledged_at: datetime | None


def record_problems(conn: sa.Connection, found: Iterable[Problem], now: datetime) -> int:
    """Open what is not open yet, and keep the sentence, deadline and number of what is; how many are new.

    A problem without a moment of its own keeps the one that its opening gave it. What a person has settled for
    good is not opened again, however often it is found.
    """
    first: dict[tuple[str, str], Problem] = {}
    for problem in found:  # of several with one cause, the first speaks for all
        first.setdefault((problem.kind, problem.subject), problem)
    for settled in _settled_for_good(conn, first):
        del first[settled]
    dated = [_row(problem, now) for problem in first.values() if problem.act_by]
    undated = [_row(problem, now) for problem in first.values() if not problem.act_by]
    return _upsert(conn, dated, (*_KEPT_UP, "act_by")) + _upsert(conn, undated, _KEPT_UP)


def _settled_for_good(conn: sa.Connection, found: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Those of the problems, by kind and subject, that happened once and that a person is done with."""
    once = [(kind, subject) for kind, subject in found if happened_once(ProblemKind(kind), subject)]
    if not once:
        return frozenset()
    table = problems.c
    statement = sa.select(table.kind, table.subject).where(
        table.acknowledged_at.is_not(None),
        table.cleared_at.is_not(None),
        table.kind.in_(sorted({kind for kind, _ in once})),
        table.subject == sa.any_(sa.literal([subject for _, subject in once], sa.ARRAY(sa.Text))),
    )
    return frozenset(once) & {(row.kind, row.subject) for row in conn.execute(statement)}


_KEPT_UP = ("summary", "next_step", "cause", "affected", "about")


def _upsert(conn: sa.Connection, rows: Sequence[dict[str, object]], kept_up: Sequence[str]) -> int:
    if not rows:
        return 0
    statement = insert(problems)
    other = [problems.c[name].is_distinct_from(statement.excluded[name]) for name in kept_up]
    upsert: sa.sql.dml.ReturningInsert[tuple[bool]] = statement.on_conflict_do_update(
        index_elements=[problems.c.kind, problems.c.subject],
        index_where=problems.c.cleared_at.is_(None),
        set_={name: statement.excluded[name] for name in kept_up},
        where=sa.or_(*other),  # what stands there already is not written again every minute
    ).returning(sa.literal_column("xmax = 0"))
    return sum(conn.scalars(upsert, rows).all())


def clear_problems(
    conn: sa.Connection, kinds: Collection[ProblemKind], subjects: Sequence[str], now: datetime
) -> int:
    """Clear the open problems of these kinds about these subjects; how many there were."""
    if not subjects:
        return 0
    statement = (
        problems.update()
        .where(
            problems.c.cleared_at.is_(None),
            problems.c.kind.in_(sorted(kinds)),
            problems.c.subject == sa.any_(sa.literal(list(subjects), sa.ARRAY(sa.Text))),
        )
        .values(cleared_at=now)
    )
    return conn.execute(statement).rowcount


def settle_problems(
    conn: sa.Connection,
    kinds: Collection[ProblemKind],
    subjects: Sequence[str],
    found: Sequence[Problem],
    now: datetime,
) -> int:
    """Make the open problems about these subjects exactly what was found; how many are new."""
    still = {(problem.kind, problem.subject) for problem in found}
    for kind in sorted(kinds):
        gone = [subject for subject in subjects if (kind, subject) not in still]
        clear_problems(conn, [kind], gone, now)
    return record_problems(conn, found, now)


def open_problems(conn: sa.Connection) -> tuple[OpenProblem, ...]:
    """Everything that needs a person, most urgent first."""
    return _open(conn)


def open_subjects(conn: sa.Connection, kind: ProblemKind) -> tuple[str, ...]:
    """What the open problems of a kind are about."""
    open_ones = (problems.c.cleared_at.is_(None), problems.c.kind == kind)
    return tuple(conn.scalars(sa.select(problems.c.subject).where(*open_ones)))


def _open(conn: sa.Connection, *which: sa.ColumnElement[bool]) -> tuple[OpenProblem, ...]:
    table = problems.c
    statement = (
        sa.select(*[table[name] for name in OpenProblem.__dataclass_fields__])
        .where(table.cleared_at.is_(None), *which)
        .order_by(table.act_by.asc().nulls_last(), table.opened_at, table.id)
    )
    rows = conn.execute(statement).mappings()
    return tuple(OpenProblem(**{**row, "kind": ProblemKind(row["kind"])}) for row in rows)


def _row(problem: Problem, now: datetime) -> dict[str, object]:
    manner = problem.manner
    return {
        "kind": problem.kind,
        "owner": manner.owner,
        "severity": manner.severity,
        "subject": problem.subject,
        "summary": with_shops_named(problem.summary),
        "next_step": manner.next_step,
        "opened_at": now,
        "act_by": problem.act_by or now + manner.act_within,
        "cause": problem.cause or problem.subject,
        "affected": problem.affected,
        "about": dict(problem.about),
    }
