"""The one funnel per machine: no step that is not allowed, no step twice, and every step remembered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Thread

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.orders.order import NEXT_STATES, OrderState
from domain.orders.releases import NEXT_RELEASE_STATES, ReleaseState
from domain.stock.listings import NEXT_LISTING_STATES, ListingState
from domain.tracking.parcels import NEXT_PARCEL_STATES, ParcelState
from ledger.connection import Ledger
from ledger.moves import Move, move_listings, move_orders, move_parcels, move_releases
from ledger.stock.listings import record_candidates
from tests.factories import GB, MINUTE, NOW, amazon_order, dispatch
from tests.ledger.walk import ingest, release, ship


@dataclass(frozen=True)
class Machine:
    """One machine as the tests drive it."""

    name: str
    move: Callable[..., set[int]]
    states: type[StrEnum]
    allowed: Mapping[StrEnum, frozenset[StrEnum]]


MACHINES = (
    Machine("order", move_orders, OrderState, NEXT_STATES),
    Machine("release", move_releases, ReleaseState, NEXT_RELEASE_STATES),
    Machine("parcel", move_parcels, ParcelState, NEXT_PARCEL_STATES),
    Machine("listing", move_listings, ListingState, NEXT_LISTING_STATES),
)
each_machine = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)


@pytest.fixture
def full(ledger: Ledger) -> Ledger:
    """A ledger with one row in every machine, each with the id 1."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    with ledger.begin() as conn:
        record_candidates(conn, "main", [GB], ["A"])
    return ledger


def _state(conn: sa.Connection, machine: Machine) -> str:
    return conn.execute(sa.text(f"SELECT state FROM ledger.{machine.name}s WHERE id = 1")).scalar_one()


def _history(conn: sa.Connection, machine: Machine) -> list[tuple[str, str]]:
    rows = conn.execute(
        sa.text(f"SELECT from_state, to_state FROM ledger.{machine.name}_history ORDER BY id")
    )
    return [tuple(row) for row in rows]


def _start_at(conn: sa.Connection, machine: Machine, state: StrEnum) -> None:
    conn.execute(sa.text(f"DELETE FROM ledger.{machine.name}_history"))
    conn.execute(sa.text(f"UPDATE ledger.{machine.name}s SET state = :state"), {"state": state})


@each_machine
def test_a_step_that_is_not_allowed_raises_and_moves_nothing(full: Ledger, machine: Machine) -> None:
    """Every pair of states that the domain does not join is refused before anything is written."""
    refused = [(a, b) for a in machine.states for b in machine.states if b not in machine.allowed[a]]
    with full.begin() as conn:
        before = (_state(conn, machine), _history(conn, machine))
        for start, end in refused:
            with pytest.raises(ValueError, match=f"{start} does not lead to {end}"):
                machine.move(conn, [Move(1, start, end)], NOW)
        assert (_state(conn, machine), _history(conn, machine)) == before


@each_machine
def test_every_allowed_step_is_made_and_remembered(full: Ledger, machine: Machine) -> None:
    """Each pair that the domain joins moves the row and leaves one history row with moment and reason."""
    with full.begin() as conn:
        for start, ends in machine.allowed.items():
            for end in ends:
                _start_at(conn, machine, start)
                assert machine.move(conn, [Move(1, start, end, "because")], NOW + MINUTE) == {1}
                assert _state(conn, machine) == end
                row = conn.execute(sa.text(f"SELECT * FROM ledger.{machine.name}_history")).mappings().one()
                assert (row["from_state"], row["to_state"], row["at"]) == (start, end, NOW + MINUTE)
                assert row["reason"] == "because"


@each_machine
def test_a_stale_reader_moves_nothing(full: Ledger, machine: Machine) -> None:
    """A step from a state that the row has left already does nothing and leaves no history."""
    start = next(state for state in machine.states if len(machine.allowed[state]) > 1)
    first, second = sorted(machine.allowed[start])[:2]
    with full.begin() as conn:
        _start_at(conn, machine, start)
        assert machine.move(conn, [Move(1, start, first)], NOW) == {1}
        assert machine.move(conn, [Move(1, start, second), Move(999, start, second)], NOW) == set()
        assert (_state(conn, machine), _history(conn, machine)) == (first, [(start, first)])


def test_two_processes_make_a_step_once(full: Ledger) -> None:
    """Of two transactions that make the same step the second waits for the first and then moves nothing."""
    step = [Move(1, ReleaseState.ACCEPTED, ReleaseState.REJECTED)]
    found: list[set[int]] = []

    def other() -> None:
        with full.begin() as conn:
            found.append(move_releases(conn, step, NOW))

    with full.begin() as conn:
        assert move_releases(conn, step, NOW) == {1}
        thread = Thread(target=other)
        thread.start()
        thread.join(0.2)
        assert found == []
    thread.join(10)
    assert found == [set()]


def test_many_rows_move_together_by_their_own_reasons(ledger: Ledger) -> None:
    """One call moves rows of several states and reasons; those that cannot move are left out of its answer."""
    ingest(ledger, *(amazon_order(number=n) for n in range(1, 5)))
    moves = [
        Move(1, OrderState.READY, OrderState.HELD, "one"),
        Move(2, OrderState.READY, OrderState.HELD, "two"),
        Move(3, OrderState.READY, OrderState.CANCELED),
        Move(4, OrderState.PENDING, OrderState.READY),
    ]
    with ledger.begin() as conn:
        assert move_orders(conn, moves, NOW) == {1, 2, 3}
        told = conn.execute(sa.text("SELECT order_id, reason FROM ledger.order_history WHERE reason <> ''"))
        assert {tuple(row) for row in told} == {(1, "one"), (2, "two")}


@each_machine
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_walk_stays_on_the_map_and_replays(full: Ledger, machine: Machine, data: st.DataObject) -> None:
    """Whatever steps are tried, only allowed ones happen, and the history leads to the present state."""
    tries = data.draw(st.lists(st.tuples(*[st.sampled_from(list(machine.states))] * 2), max_size=20))
    with full.begin() as conn:
        first = data.draw(st.sampled_from(list(machine.states)))
        _start_at(conn, machine, first)
        expected, made = first, []
        for guess, end in tries:
            start = expected if data.draw(st.booleans()) else guess  # half of the readers are up to date
            if end not in machine.allowed[start]:
                with pytest.raises(ValueError, match="does not lead to"):
                    machine.move(conn, [Move(1, start, end)], NOW)
                continue
            moved = machine.move(conn, [Move(1, start, end)], NOW)
            assert moved == ({1} if start is expected else set())
            if moved:
                made.append((start, end))
                expected = end
        assert _state(conn, machine) == expected
        assert _history(conn, machine) == made
        assert [b for _, b in made[:-1]] == [a for a, _ in made[1:]]
