"""The drill: each kind of problem is planted, found with its owner, told once, and gone with its cause."""

import sys
from collections.abc import Iterable, Mapping

import pytest

from domain.problems import MANNERS, ProblemKind
from flows.inventory_sync import inventory_sync
from flows.order_ingest import order_ingest
from flows.problem_watch import problem_watch
from flows.tracking_push import tracking_push
from tests.flows.conftest import DE, GB, Street
from tests.flows.drill.house import Drill, Plant, drilled
from tests.flows.drill.machines import STANDSTILL
from tests.flows.drill.plants import PLANTS
from tests.flows.runs import eventually
from tests.flows.test_counts import shown

Names = Mapping[Plant, str]


def test_every_kind_planted_is_found_told_once_and_gone_with_its_cause(
    street: Street, capsys: pytest.CaptureFixture[str]
) -> None:
    """One cycle after the streets met its cause each problem is shown and told once; nothing else opens."""
    assert {plant.kind for plant in (*PLANTS, STANDSTILL)} == set(ProblemKind)
    with drilled(street) as drill:
        names = sow(drill)
        drill.watch()
        assert_found(drill, names)
        assert_shown(drill)
        for _ in range(2):  # what is open already is not told again
            drill.watch()
        harvest(drill)
        assert_told_once(drill, names)

        standing = {STANDSTILL: STANDSTILL.lay(drill)}
        STANDSTILL.spring(drill)
        drill.watch()
        assert_found(drill, standing)
        drill.run()
        drill.watch()
        assert drill.open() == set()
        assert_told_once(drill, standing)
        kinds = len(names) + 1
        with capsys.disabled():
            sys.stdout.write(
                f"\ndrill: {kinds} kinds planted, {kinds} found at their owner and told once, 0 false, 0 left\n"
            )


def sow(drill: Drill) -> Names:
    """Plant every kind, and let the streets come upon it."""
    names = {plant: plant.lay(drill) for plant in PLANTS}
    drill.run()
    drill.carry_on()
    for plant in PLANTS:
        plant.meanwhile(drill)
    drill.run()
    for plant in PLANTS:
        plant.spring(drill)
    drill.run()
    tracking_push(return_state=True)  # what was sent twice in vain has had its time
    return names


def harvest(drill: Drill) -> None:
    """Remove every cause; what was open must be over with the next runs."""
    for plant in PLANTS:
        plant.cure(drill)
    drill.carry_on()

    def step() -> bool:
        drill.run()
        drill.watch()
        return not drill.open()

    assert eventually(step, 60), drill.open()


def assert_found(drill: Drill, names: Names) -> None:
    """Every plant is open at its owner, and nothing is that was not planted."""
    found = drill.open()
    missing = [plant.kind for plant, name in names.items() if not _of(plant, name, found)]
    wanted = [(plant.kind, MANNERS[plant.kind].owner, name) for plant, name in names.items()]
    false = [
        one
        for one in found
        if not any((kind, owner) == one[:2] and name in one[2] for kind, owner, name in wanted)
    ]
    assert (missing, false) == ([], [])


def _of(plant: Plant, name: str, found: Iterable[tuple[str, str, str]]) -> list[str]:
    owner = MANNERS[plant.kind].owner
    return [
        subject for kind, whose, subject in found if (kind, whose) == (plant.kind, owner) and name in subject
    ]


def assert_shown(drill: Drill) -> None:
    """The table that people look at has each problem with its sentence and its next step."""
    rows = {row["number"]: row for row in shown("open-problems")}
    for problem in drill.street.rows("problems"):
        if problem["cleared_at"] is None:
            row = rows[problem["id"]]
            assert (row["what"], row["next step"]) == (problem["summary"], problem["next_step"])


def assert_told_once(drill: Drill, names: Names) -> None:
    """The owner heard once that it opened and once that it is over; no cause was told twice."""
    told = drill.ask(
        "SELECT p.kind, p.subject, count(*) FILTER (WHERE n.what = 'opened') AS opened,"
        " count(*) FILTER (WHERE n.what = 'cleared') AS cleared"
        " FROM ledger.problems p LEFT JOIN ledger.notices n USING (owner, kind, cause)"
        " GROUP BY p.id, p.kind, p.subject"
    )
    for plant, name in names.items():
        rows = [row for row in told if row["kind"] == plant.kind and name in row["subject"]]
        counts = {(row["opened"], row["cleared"]) for row in rows} - {(0, 0)}  # over before anybody was told
        assert counts == {(1, 1)}, (plant.kind, counts)


def test_a_quiet_hour_opens_nothing(street: Street, capsys: pytest.CaptureFixture[str]) -> None:
    """Sixty plain orders, dispatched and confirmed in time, and counts that move with them: not one problem."""
    for number in range(60):
        sku, market = f"SKU-{number % 10:02}", (GB, DE)[number % 2]
        street.world.add_order(marketplace_id=market, items=[(sku, 1 + number % 3)])
        if number % 12 == 11:
            street.settle()
            quiet_round(street)
    assert eventually(lambda: (quiet_round(street), set(street.states().values()) == {"CLOSED"})[1], 40)
    assert street.rows("problems") == []
    with capsys.disabled():
        sys.stdout.write("\nquiet hour: 60 orders confirmed, 0 problems opened\n")


def quiet_round(street: Street) -> None:
    order_ingest()
    street.work(until_idle=True)
    tracking_push()
    inventory_sync()
    problem_watch()
