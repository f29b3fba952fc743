"""A watch of which one step breaks: what is found is told all the same, and the run says that it failed."""

import pytest
import sqlalchemy as sa

from domain.problems import Problem, ProblemKind
from domain.watch.silence import PARTLY, WATCH
from flows.doors import utc_now
from flows.problem_watch import problem_watch
from ledger.problems import record_problems
from ledger.watch.beats import last_watch
from tasks.watch import silence
from tests.flows.conftest import Street


def test_a_step_that_breaks_leaves_the_teams_their_messages(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With schedules that cannot be read a new problem is told and shown, the run fails, its beat says in part."""

    def broken() -> dict[str, object]:
        raise ValueError("not enough values to unpack")

    found = Problem(
        kind=ProblemKind.CARRIER_UNMAPPED, subject="Foo", summary="The carrier Foo is not mapped."
    )
    with street.ledger.begin() as conn:
        record_problems(conn, [found], utc_now())
    monkeypatch.setattr(silence, "load_schedules", broken)
    with pytest.raises(ValueError, match="not enough values"):
        problem_watch()
    with street.ledger.begin() as conn:
        assert conn.scalar(sa.text("SELECT announced_at FROM ledger.problems")) is not None
        assert last_watch(conn) is None
        assert last_watch(conn, PARTLY) is not None
    monkeypatch.undo()
    problem_watch()
    with street.ledger.begin() as conn:
        assert last_watch(conn) is not None
        streets = conn.scalars(sa.text("SELECT DISTINCT street FROM ledger.beats")).all()
    assert streets == [WATCH]
