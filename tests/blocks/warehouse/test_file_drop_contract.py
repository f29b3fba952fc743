"""What every warehouse door keeps, whoever is behind it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import Refused, TryAgain
from domain.ports import WarehouseDoor
from domain.warehouse import CancelRequest, ChangeKind, DeliveryKind, Finding, ReleaseResult
from tests.blocks.warehouse.sites import DropSite, FakeSite, SftpSite, order

ACK = "order_ref,result,wms_ref,reason\n{},ACCEPTED,W1,\n"
REFERENCE = "202-1234567-1234567-1"
WISH = CancelRequest(reference=REFERENCE, line_ref="", reason="Buyer asked")


@pytest.fixture(params=["local", "sftp", "fake"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DropSite | SftpSite | FakeSite]:
    made = (
        {"local": DropSite, "sftp": SftpSite}[request.param](tmp_path)
        if request.param != "fake"
        else FakeSite()
    )
    yield made
    made.end()


def test_is_a_door(site):
    """Each of them can be given to a flow that asks for a warehouse door."""
    door: WarehouseDoor = site.door
    assert door.connection == "main"
    assert door.check().endswith(".")


def test_release_twice_is_one_deed(site):
    """The same batch with the same orders again is answered and hands over nothing more."""
    first = site.door.release("B1", [order()])
    again = site.door.release("B1", [order()])
    assert first == again
    assert [answer.result for answer in first] == [ReleaseResult.SUBMITTED]
    assert site.received() == ["orders-B1.csv"]


def test_other_content_under_the_same_batch_is_refused(site):
    """A batch that was handed over is never replaced by another content."""
    site.door.release("B1", [order()])
    with pytest.raises(Refused, match="another content"):
        site.door.release("B1", [order(quantity=2)])
    assert site.received() == ["orders-B1.csv"]


def test_find_tells_what_was_handed_over(site):
    """A reference is found after its release, and absent before."""
    assert site.door.find("B1", REFERENCE) is Finding.ABSENT
    site.door.release("B1", [order()])
    assert site.door.find("B1", REFERENCE) is Finding.FOUND
    assert site.door.find("B1", "202-9999999-9999999-1") is Finding.ABSENT


def test_lost_answer_is_a_maybe_that_find_settles(site):
    """When the answer to a release is lost the error says maybe, find knows, and a repeat doubles nothing."""
    site.lose_next_answer()
    with pytest.raises(TryAgain) as lost:
        site.door.release("B1", [order()])
    assert lost.value.maybe_done
    assert site.door.find("B1", REFERENCE) is Finding.FOUND
    assert site.door.release("B1", [order()])[0].result is ReleaseResult.SUBMITTED
    assert site.received() == ["orders-B1.csv"]


def test_cancel_twice_is_one_deed(site):
    """The same wish to cancel under the same batch is handed over once."""
    site.door.request_cancel("C1", [WISH])
    site.door.request_cancel("C1", [WISH])
    assert site.canceled() == ["cancel-C1.csv"]


def test_messages_come_oldest_first_until_acknowledged(site):
    """Messages come in the order they were written, again and again, until they are acknowledged."""
    site.put("ack-2.csv", ACK.format("A-1"), minute=1)
    site.put("ack-1.csv", ACK.format("B-1"), minute=2)
    first, second = site.door.fetch(DeliveryKind.CHANGES)
    assert [delivery.changes[0].reference for delivery in (first, second)] == ["A-1", "B-1"]
    assert first.changes[0].kind is ChangeKind.ACCEPTED
    assert site.door.fetch(DeliveryKind.CHANGES) == (first, second)
    site.door.acknowledge(first)
    site.door.acknowledge(first)
    assert site.door.fetch(DeliveryKind.CHANGES) == (second,)


def test_the_key_names_the_content(site):
    """The same message again has the same key; the same name with new content has another."""
    site.put("ack-1.csv", ACK.format("A-1"))
    (first,) = site.door.fetch(DeliveryKind.CHANGES)
    site.door.acknowledge(first)
    site.put("ack-1.csv", ACK.format("A-1"))
    (again,) = site.door.fetch(DeliveryKind.CHANGES)
    site.door.acknowledge(again)
    site.put("ack-1.csv", ACK.format("B-1"))
    (other,) = site.door.fetch(DeliveryKind.CHANGES)
    assert first.key == again.key != other.key
    assert other.name == "ack-1.csv"


def test_faulty_message_has_a_reason_and_no_rows(site):
    """A message that cannot be read holds no rows, says why, and is gone once acknowledged."""
    site.put("ack-1.csv", "order_ref,result,wms_ref,reason\nA-1,ACCEPTED,W1,\nB-1,MAYBE,,\n")
    (delivery,) = site.door.fetch(DeliveryKind.CHANGES)
    assert not delivery.changes
    assert delivery.fault.startswith(
        'ack-1.csv, row 3, column "result": what stands there (5 characters) is none of'
    )
    site.door.acknowledge(delivery)
    assert site.door.fetch(DeliveryKind.CHANGES) == ()


def test_a_list_of_open_orders_comes_like_any_message(site):
    """A census is fetched until it is acknowledged; a warehouse that writes none says nothing."""
    assert site.door.fetch(DeliveryKind.CENSUS) == ()
    site.put("census-1.csv", f"as_of,order_ref,wms_ref,status\n2026-11-27T05:00:00Z,{REFERENCE},W1,open\n")
    (delivery,) = site.door.fetch(DeliveryKind.CENSUS)
    [census] = delivery.censuses
    assert [order.reference for order in census.orders] == [REFERENCE]
    site.door.acknowledge(delivery)
    assert site.door.fetch(DeliveryKind.CENSUS) == ()


def test_unreachable_is_try_again_and_loses_nothing(site):
    """While the warehouse is away every call says try again, and afterwards everything is still there."""
    site.put("ack-1.csv", ACK.format("A-1"))
    site.door.check()
    site.go_away()
    for call in (
        lambda: site.door.release("B1", [order()]),
        lambda: site.door.request_cancel("C1", [WISH]),
        lambda: site.door.fetch(DeliveryKind.CHANGES),
        site.door.check,
    ):
        with pytest.raises(TryAgain) as away:
            call()
        assert not away.value.maybe_done
    site.come_back()
    assert len(site.door.fetch(DeliveryKind.CHANGES)) == 1
    assert site.received() == []


def test_every_call_is_reported_without_a_person(site):
    """Each call is reported with its operation and outcome, and no report carries recipient data."""
    site.door.release("B1", [order()])
    site.door.find("B1", REFERENCE)
    site.put("stock-1.csv", "wrong\n")
    (delivery,) = site.door.fetch(DeliveryKind.STOCK)
    site.door.acknowledge(delivery)
    operations = {operation for operation, _, _ in site.desk.records}
    assert {"release", "find", "fetch-stock", "acknowledge"} <= operations
    assert "Example" not in str(site.desk.records)
    assert all(outcome for _, _, outcome in site.desk.records)
