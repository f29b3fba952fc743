"""The crash matrix: a run killed before or after any call and any commit is finished by the next ones."""

import csv
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from flows.order_ingest import order_ingest
from flows.tracking_push import tracking_push
from ledger.register import account, record_account
from sandbox.habits import Habit
from tests.flows.conftest import GB, Street
from tests.flows.doomed import DeathRow, death_row
from tests.flows.matrix import judge, time_passes
from tests.flows.runs import eventually

BOXES = Habit(boxes=({"SKU-01": 1}, {"SKU-02": 1}), rest_after=None)
KILLED = -9
MAIN = {"seller_account": "main"}
Point = tuple[str, int]  # its name, and which of its times


@pytest.mark.timeout(600)
def test_a_run_killed_at_any_point_is_finished_by_the_next_ones(
    street: Street, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before and after every call and every commit a run dies; then all is proven, once, and no file waits."""
    started = time.monotonic()
    patient(street)
    with death_row(street.prefect, tmp_path, street.folder, street.server.port) as row:
        pushes = points_of_a_push(street, row)
        searches = points_of_a_search(street, row)
        deaths = die_pushing(street, row, pushes)
        deaths += die_searching(street, row, searches)
    dying = time.monotonic() - started

    settle_everything(street)

    verdict = judge(street, "main", street.world)
    assert not verdict.contradicting, verdict.contradicting
    assert not verdict.lost, verdict.lost
    assert verdict.all_proven, (verdict, street.rows("parcels"))
    assert verdict.things == 2 * (2 + len(pushes) + len(searches))
    assert set(street.states().values()) == {"CLOSED"}
    assert not any(package.edits for order in street.world.orders for package in street.world.packages(order))
    assert not files(street, "out")
    assert archived(street) == {parcel.package_ref for parcel in street.warehouse.dispatched}
    died = {name for name, _ in deaths}
    missed = {name for name, _ in (*pushes, *searches)} - died
    assert not missed, missed
    with capsys.disabled():
        print(report(deaths, len(pushes) + len(searches), verdict.proven, dying))  # noqa: T201 - figures asked for


def patient(street: Street) -> None:
    """Nothing is due for proof before this test says so."""
    with street.ledger.begin() as conn:
        record_account(conn, replace(account(conn, "main"), prove_within=timedelta(hours=1)))


def dispatched(street: Street, orders: int) -> list[str]:
    """New orders whose first parcel Amazon took long ago, with a second one in the warehouse."""
    ids = [
        street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1), ("SKU-02", 1)]) for _ in range(orders)
    ]
    street.warehouse.on_hand.update({"SKU-01": 1_000, "SKU-02": 1_000})  # there are more points than units
    for order in ids:
        street.warehouse.plan(order, BOXES)
    street.settle()
    order_ingest()
    there = len(street.warehouse.dispatched) + orders
    assert eventually(lambda: (street.work(), len(street.warehouse.dispatched) == there)[1])
    tracking_push()
    time_passes(street)
    return ids


def set_aside(street: Street, orders: Sequence[str]) -> None:
    """Orders and the warehouse's files are out of the next run's way, as the last one left them."""
    move(street, "main", "aside", orders)
    (street.folder / "aside").mkdir(exist_ok=True)
    for path in (street.folder / "out").glob("*.csv"):
        path.rename(street.folder / "aside" / path.name)


def bring_back(street: Street) -> None:
    """All that was set aside is where it was."""
    with street.ledger.begin() as conn:
        aside = conn.scalars(
            sa.text("SELECT amazon_order_id FROM ledger.orders WHERE seller_account = 'aside'")
        )
        orders = list(aside)
    move(street, "aside", "main", orders)
    for path in (street.folder / "aside").glob("*.csv"):
        path.rename(street.folder / "out" / path.name)


def move(street: Street, start: str, end: str, orders: Sequence[str]) -> None:
    words = "UPDATE ledger.orders SET seller_account = :end WHERE seller_account = :start"
    with street.ledger.begin() as conn:
        values = {"start": start, "end": end, "orders": list(orders)}
        conn.execute(sa.text(f"{words} AND amazon_order_id = ANY(:orders)"), values)


def points_of_a_push(street: Street, row: DeathRow) -> list[Point]:
    """What a run reaches that reads a file, tells Amazon of one parcel and reads back another."""
    [order] = dispatched(street, 1)
    street.warehouse.send_rest(order)
    code, names = row.run("tracking-push", MAIN)
    assert code == 0
    assert {"before confirmShipment", "before getOrder", "before token"} <= set(names)
    return numbered(names)


def points_of_a_search(street: Street, row: DeathRow) -> list[Point]:
    """What a run reaches that finds proof on a page of orders: its calls, and its commits that write."""
    [order] = dispatched(street, 1)
    street.warehouse.send_rest(order)
    tracking_push()
    street.settle()
    code, names = row.run("order-ingest", MAIN)
    assert code == 0
    kinds = ("searchOrders", "token", "commit")
    kept = [name for name in names if any(kind in name for kind in kinds) and not name.endswith("of nothing")]
    assert "before searchOrders" in kept
    return numbered(kept)


def numbered(names: Sequence[str]) -> list[Point]:
    times: Counter[str] = Counter()
    points = []
    for name in names:
        times[name] += 1
        points.append((name, times[name]))
    return points


def die_pushing(street: Street, row: DeathRow, points: Sequence[Point]) -> list[Point]:
    """Each point on a fresh file, a fresh parcel and a fresh proof; the points at which a run died."""
    orders = dispatched(street, len(points))
    set_aside(street, orders)
    deaths = []
    for order, (name, nth) in zip(orders, points, strict=True):
        move(street, "aside", "main", [order])
        street.warehouse.send_rest(order)
        code, reached = row.run("tracking-push", MAIN, name, nth)
        if code == KILLED:
            assert reached[-1] == name
            deaths.append((name, nth))
        set_aside(street, [order])
    bring_back(street)
    return deaths


def die_searching(street: Street, row: DeathRow, points: Sequence[Point]) -> list[Point]:
    """Each point with a parcel that no page has shown before; the points at which a run died."""
    orders = dispatched(street, len(points))
    for order in orders:
        street.warehouse.send_rest(order)
    street.world.packages_after = 86_400_000.0
    tracking_push()
    deaths = []
    for order, (name, nth) in zip(orders, points, strict=True):
        show(street, order)
        street.settle()
        code, reached = row.run("order-ingest", MAIN, name, nth)
        if code == KILLED:
            assert reached[-1] == name
            deaths.append((name, nth))
    for order in street.world.orders:
        show(street, order)
    return deaths


def show(street: Street, order_id: str) -> None:
    """Amazon shows all that it took of an order."""
    with street.world.lock:
        order = street.world.order(order_id)
        for package in order.accepted.values():
            street.world._show(order, package, street.world.now())


def settle_everything(street: Street) -> None:
    """Runs, with time between them, until every order is done."""
    street.world.packages_after = 60.0

    def step() -> bool:
        tracking_push()
        street.settle()
        order_ingest()
        time_passes(street)
        return set(street.states().values()) == {"CLOSED"} and not files(street, "out")

    assert eventually(step, 90), (Counter(street.states().values()), street.problems(), files(street, "out"))


def files(street: Street, sub: str) -> Counter[str]:
    """The warehouse's dispatch files in a folder."""
    return Counter(path.name for path in (street.folder / sub).glob("dispatch-*.csv"))


def archived(street: Street) -> set[str]:
    """The parcels that files in the archive tell of."""
    paths = (street.folder / "out" / "archive").glob("dispatch-*.csv")
    rows = [row for path in paths for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())]
    return {row["package_ref"] for row in rows}


def report(deaths: Sequence[Point], points: int, proven: int, seconds: float) -> str:
    """One line of counts."""
    kinds = Counter("commits" if "commit" in name else "calls" for name, _ in deaths)
    return (
        f"\ncrash matrix: {points} points, {len(deaths)} deaths ({kinds['calls']} at calls,"
        f" {kinds['commits']} at commits) in {seconds:.0f} s;"
        f" {proven} parcels proven, lost 0, contradicting 0"
    )
