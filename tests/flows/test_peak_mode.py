"""Peak mode over the real protocols: tracking goes on, ordinary quantities wait, and then all is as before."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from deployments.prefect_objects import POOL, install_pool
from domain.peaks import Peak, PeakWish
from flows.inventory_sync import inventory_sync
from flows.map_sku import map_sku
from flows.order_ingest import order_ingest
from flows.peak_mode import peak_mode
from flows.problem_watch import problem_watch
from flows.tracking_push import tracking_push
from ledger.maps import BufferEntry, record_buffers
from ledger.peaks import end_peak, release_slots, start_peak
from tasks import worker_slots
from tests.factories import HOUR
from tests.flows.conftest import DE, GB, Street
from tests.flows.runs import at_once, eventually, fails
from tests.flows.test_everyday_reading import put_stock
from tests.flows.test_stop_selling import published

FIXED = BufferEntry(seller_account="main", seller_sku="", fixed=4, percent=None, odds=None, share=None)
SHOPS = (GB, DE)


@pytest.fixture
def _pool(street: Street) -> Iterator[None]:
    """The work pool and its queues as set-up makes them, and four units kept back of every SKU."""
    with street.ledger.begin() as conn:
        record_buffers(conn, [FIXED], "test", street.world.now())
    with get_client(sync_client=True) as client:
        install_pool(client)
        yield
        queue = client.read_work_queue_by_name("inventory", work_pool_name=POOL)
        client.update_work_queue(queue.id, concurrency_limit=None)


def _count(street: Street, units: dict[int, int] | None = None) -> None:
    """A count of a hundred units of each of ten SKUs, with other numbers of some."""
    put_stock(street, [(f"SKU-{number:02}", (units or {}).get(number, 100)) for number in range(10)])


def _slots() -> int | None:
    with get_client(sync_client=True) as client:
        return client.read_work_queue_by_name("inventory", work_pool_name=POOL).concurrency_limit


def _shown(key: str) -> list[Any]:
    """Every version of an artifact that Prefect keeps, in the order in which they were made."""
    named = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=named, limit=200)
    return [one.data for one in sorted(found, key=lambda one: str(one.created))]


def _wanted(street: Street, sku: str) -> tuple[set[int], set[str]]:
    """What may be offered of a SKU, and the sentences that say why."""
    with street.ledger.begin() as conn:
        rows = conn.execute(
            sa.text("SELECT publishable, explanation FROM ledger.listings WHERE seller_sku = :sku"),
            {"sku": sku},
        ).all()
    return {row[0] for row in rows}, {row[1] for row in rows}


def _begin(street: Street) -> dict[tuple[str, str], int]:
    """Ten SKUs on sale and then a peak; what was published before it."""
    _count(street)
    inventory_sync()
    before = published(street)
    assert set(before.values()) == {96}
    peak_mode(decision="start", your_name="Kim", hours=12, reason="Black Friday")
    return before


@pytest.mark.usefixtures("_pool")
def test_in_a_peak_ordinary_quantities_wait_and_urgent_ones_do_not(street: Street) -> None:
    """Buffers rise at once, a fall to zero goes out, and an ordinary change when its turn has come."""
    _begin(street)
    (raised,) = set(published(street).values())  # by how long numbers are exposed, which is measured
    assert raised <= 92
    assert _wanted(street, "SKU-01")[1] == {
        f"100 available, 0 in orders the warehouse had not seen, {100 - raised} buffer in peak mode: {raised}"
    }
    _count(street, {1: 60, 2: 0})
    inventory_sync()
    now = published(street)
    assert {now["SKU-02", shop] for shop in SHOPS} == {0}
    assert {now["SKU-01", shop] for shop in SHOPS} == {raised}
    (waiting,) = _wanted(street, "SKU-01")[0]
    assert waiting < 56
    with street.ledger.begin() as conn:  # as if the interval had passed
        conn.execute(sa.text("UPDATE ledger.peak_publications SET at = at - interval '31 minutes'"))
    inventory_sync()
    assert {published(street)["SKU-01", shop] for shop in SHOPS} == _wanted(street, "SKU-01")[0]


@pytest.mark.usefixtures("_pool")
def test_a_mapped_sku_does_not_wait_for_its_turn(street: Street) -> None:
    """In a peak, too, a kit that a person maps goes on offer as the kit it is in the form's own run."""
    _begin(street)
    form = {"seller_account": "main", "seller_sku": "SKU-01", "connection": "main", "your_name": "Kim"}
    parts = [{"warehouse_sku": "SKU-01", "units": 3}]
    state = map_sku(**form, parts=parts, return_state=True)
    assert state.message.endswith("No order was held for want of it. Quantities are published.")
    now = published(street)
    assert {now["SKU-01", shop] for shop in SHOPS} == _wanted(street, "SKU-01")[0]
    assert now["SKU-01", GB] <= 33


@pytest.mark.usefixtures("_pool")
def test_the_end_of_a_peak_brings_all_back(street: Street) -> None:
    """Numbers, sentences and worker slots are what they were, and who started and ended it is kept."""
    before = _begin(street)
    assert _shown("peak-mode")[-1].startswith("Peak mode is on until ")
    with get_client(sync_client=True) as client:
        assert not install_pool(client)
    assert _slots() == 1  # set-up leaves it alone
    assert "End it first" in fails(peak_mode, decision="start", your_name="Jo")

    peak_mode(decision="end", your_name="Jo")
    assert (published(street), _slots()) == (before, None)
    assert not any("peak mode" in said for said in _wanted(street, "SKU-01")[1])
    assert _shown("peak-mode")[-1].startswith("Peak mode is off")
    assert "nothing to end" in fails(peak_mode, decision="end", your_name="Jo")
    with street.ledger.begin() as conn:
        deeds = conn.execute(sa.text("SELECT author, form FROM ledger.deeds ORDER BY id")).all()
        report = conn.scalar(sa.text("SELECT report FROM ledger.peaks"))
    assert [tuple(row) for row in deeds] == [("Kim", "peak-mode"), ("Jo", "peak-mode")]
    assert report["before"]["kept_back"] == 80 < report["during"]["kept_back"]
    assert report["during"]["published"] >= 20


def _over(street: Street) -> None:
    """As if the time of the peak that is on were up."""
    with street.ledger.begin() as conn:
        conn.execute(sa.text("UPDATE ledger.peaks SET ends_at = now() WHERE ended_at IS NULL"))


@pytest.mark.usefixtures("_pool")
def test_a_peak_that_follows_another_keeps_the_slots(street: Street) -> None:
    """Started before the last one is settled, a peak keeps inventory at one slot, and gives back what there was."""
    peak_mode(decision="start", your_name="Kim")
    _over(street)
    peak_mode(decision="start", your_name="Jo")
    assert _slots() == 1
    peak_mode(decision="end", your_name="Jo")
    assert _slots() is None
    with street.ledger.begin() as conn:
        done = conn.execute(sa.text("SELECT slots_held, report IS NOT NULL FROM ledger.peaks")).all()
    assert [tuple(row) for row in done] == [(False, True), (False, True)]


@pytest.mark.usefixtures("_pool")
def test_a_peak_that_starts_while_slots_are_given_back_keeps_them(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of two processes is quicker, inventory has one slot in a peak, and its own number after it."""
    now = street.world.now()
    with street.ledger.begin() as conn:
        last = start_peak(conn, PeakWish(author="Kim", ends_at=now + HOUR), now)
    worker_slots.hold_slots(street.ledger, last)
    with street.ledger.begin() as conn:
        end_peak(conn, "Kim", now)
        following = start_peak(conn, PeakWish(author="Jo", ends_at=now + HOUR), now)

    def meanwhile(conn: sa.Connection, peak: Peak) -> bool:
        if peak == last:
            worker_slots.hold_slots(street.ledger, following)
        return release_slots(conn, peak)

    monkeypatch.setattr(worker_slots, "release_slots", meanwhile)
    worker_slots.give_back_slots(street.ledger, last)
    assert _slots() == 1
    worker_slots.give_back_slots(street.ledger, following)
    assert _slots() is None


@pytest.mark.usefixtures("_pool")
def test_a_peak_ends_by_itself_and_reports_once(street: Street) -> None:
    """Tracking goes on in it; of three runs that come together at its end one reports, and all go on."""
    street.world.add_order(marketplace_id=GB, items=[("SKU-05", 1)])
    street.settle()
    street.work()
    peak_mode(decision="start", your_name="Kim", inventory_every=60)
    order_ingest()

    def step() -> bool:
        street.warehouse.work()
        tracking_push()
        return {row["state"] for row in street.rows("parcels")} in ({"ACCEPTED"}, {"PROVEN"})

    assert eventually(step), street.rows("parcels")
    reports = len(_shown("peak-report"))
    _over(street)
    at_once(problem_watch, inventory_sync, problem_watch)
    assert len(_shown("peak-report")) == reports + 1
    assert _slots() is None
    with street.ledger.begin() as conn:
        row = conn.execute(sa.text("SELECT ended_by, ended_at = ends_at, report FROM ledger.peaks")).one()
    assert (row[0], row[1]) == ("", True)
    assert row[2]["during"]["asked_for_parcels"] >= 1


def test_what_the_prefect_server_lacks_is_a_warning_only(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the queue a peak starts and ends all the same, and what could not be given back is tried again."""
    monkeypatch.setattr(worker_slots, "QUEUE", "not-there")
    peak_mode(decision="start", your_name="Kim", until=street.world.now() + timedelta(hours=1))
    with street.ledger.begin() as conn:
        assert not conn.scalar(sa.text("SELECT slots_held FROM ledger.peaks"))
        conn.execute(sa.text("UPDATE ledger.peaks SET slots_held = true"))
    peak_mode(decision="end", your_name="Kim")
    with street.ledger.begin() as conn:
        assert conn.scalar(sa.text("SELECT slots_held AND report IS NOT NULL FROM ledger.peaks"))


def test_the_queue_is_that_of_set_up() -> None:
    """The pool and the queue whose slots a peak takes are those that set-up makes."""
    assert worker_slots.POOL == POOL
