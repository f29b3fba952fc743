"""Parcels on their way to Amazon: mapped or blocked with a reason, claimed once, most urgent first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from domain.amazon import AmazonStatus
from ledger.connection import Ledger
from ledger.orders.rows import claim_known
from ledger.tracking.confirms import Answered, claim_confirms, count_waiting, free_unanswered
from tests.factories import (
    GB,
    HOUR,
    MINUTE,
    NOW,
    amazon_order,
    dispatch,
    order_id,
)
from tests.ledger.walk import (
    confirm,
    decide,
    end,
    ingest,
    order_row,
    parcel_row,
    path,
    release,
    ship,
    take,
)


def test_a_confirm_says_what_the_parcel_is(ledger: Ledger) -> None:
    """The claim carries Amazon's words, the moment of dispatch, the contents and a positive reference."""
    release(ledger, amazon_order())
    ship(ledger, dispatch(carrier=" royal  MAIL "))
    decide(ledger)
    (claimed,) = take(ledger)
    claim = claimed.claim
    assert (claim.order_id, claim.marketplace_id, claim.tracking) == (order_id(), GB, "TRACK1")
    assert (claim.carrier_code, claim.carrier_name, claim.shipping_method) == ("Royal Mail", "", "")
    assert (claim.shipped_at, claim.contents) == (NOW + HOUR, (("item-1", 1),))
    assert claim.package_reference_id == str(claimed.parcel_id)
    assert claimed.parcel_id > 0


def test_a_parcel_of_an_order_canceled_in_between_is_not_sent(ledger: Ledger) -> None:
    """A parcel that was mapped before Amazon canceled its order is not told to Amazon any more."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    decide(ledger)
    ingest(ledger, amazon_order(status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE))
    decide(ledger)
    assert take(ledger) == ()


def test_the_most_urgent_parcels_go_first(ledger: Ledger) -> None:
    """A limited claim takes the parcels whose orders are due first."""
    release(ledger, *(amazon_order(number=n, confirm_by=NOW + (9 - n) * HOUR) for n in range(1, 6)))
    ship(ledger, *(dispatch(number=n, package_ref=f"P{n}") for n in range(1, 6)))
    decide(ledger)
    assert [claimed.claim.order_id for claimed in take(ledger, limit=2)] == [order_id(5), order_id(4)]


def test_every_parcel_is_claimed_once_when_two_claim_at_once(ledger: Ledger) -> None:
    """Two processes that claim together take disjoint parcels, and between them all."""
    release(ledger, *(amazon_order(number=n) for n in range(1, 41)))
    ship(ledger, *(dispatch(number=n, package_ref=f"P{n}") for n in range(1, 41)))
    decide(ledger)
    start = Barrier(2)

    def work() -> list[int]:
        taken: list[int] = []
        start.wait()
        for _ in range(8):
            with ledger.begin() as conn:
                taken += [claimed.parcel_id for claimed in claim_confirms(conn, "main", 5, NOW)]
        return taken

    with ThreadPoolExecutor(2) as pool:
        one, two = (future.result() for future in [pool.submit(work), pool.submit(work)])
    assert not set(one) & set(two)
    assert len(one) + len(two) + len(take(ledger)) == 40
    with ledger.begin() as conn:
        sent = sa.text(
            "SELECT max(n) FROM (SELECT count(*) AS n FROM ledger.parcel_history"
            " WHERE to_state = 'SENDING' GROUP BY parcel_id) AS sends"
        )
        assert conn.scalar(sent) == 1


def test_accepted_is_not_proven(ledger: Ledger) -> None:
    """Amazon's 204 stamps the moment and counts the try, and leaves parcel and order open."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    confirm(ledger, now=NOW + HOUR)
    row = parcel_row(ledger)
    assert (row["state"], row["accepted_at"], row["tries"], row["proven_at"]) == (
        "ACCEPTED",
        NOW + HOUR,
        1,
        None,
    )
    assert order_row(ledger)["state"] == "DISPATCHED"


def test_a_call_that_was_not_made_costs_nothing(ledger: Ledger) -> None:
    """A parcel whose call found no budget goes out at the next claim, and was never tried."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    decide(ledger)
    (first,) = take(ledger)
    end(ledger, first, answered=Answered.UNSENT)
    assert take(ledger) == (first,)
    assert (parcel_row(ledger)["tries"], parcel_row(ledger)["attempts"]) == (0, 0)


def test_only_what_can_be_sent_now_is_counted(ledger: Ledger) -> None:
    """What waits for its next try, was taken, or belongs to a canceled order is not waiting to be sent."""
    release(ledger, *(amazon_order(number=n) for n in range(1, 5)))
    ship(ledger, *(dispatch(number=n, package_ref=f"P{n}") for n in range(1, 5)))
    decide(ledger)
    ingest(ledger, amazon_order(number=4, status=AmazonStatus.CANCELED, updated_at=NOW + MINUTE))

    def waiting(at: datetime) -> int:
        with ledger.begin() as conn:
            return count_waiting(conn, "main", at)

    assert waiting(NOW) == 3
    first, second = take(ledger, limit=2)
    end(ledger, first)
    end(ledger, second, answered=Answered.UNANSWERED)
    assert (waiting(NOW), waiting(NOW + MINUTE)) == (1, 2)


@pytest.mark.parametrize("answered", list(Answered))
@pytest.mark.parametrize("change", [{"tracking": "TRACK2"}, {"carrier": "DPD"}, {"voided": True}], ids=str)
def test_an_answer_to_an_old_label_says_nothing_of_the_new_one(
    ledger: Ledger, answered: Answered, change: dict[str, Any]
) -> None:
    """When the warehouse changes a parcel during the call, the answer, whatever it is, changes nothing."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    decide(ledger)
    (claimed,) = take(ledger)
    ship(ledger, dispatch(**{"shipped_at": NOW + 2 * HOUR} | change))
    before = parcel_row(ledger)
    end(ledger, claimed, answered=answered, reason="too late", code="InvalidInput", now=NOW + MINUTE)
    assert parcel_row(ledger) == before
    assert before["state"] == ("VOIDED" if "voided" in change else "RECORDED")


def test_accounts_do_not_take_each_others_parcels(ledger: Ledger) -> None:
    """A claim holds parcels of its own seller account only."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    decide(ledger)
    with ledger.begin() as conn:
        assert claim_confirms(conn, "second", 10, NOW) == ()
        assert free_unanswered(conn, "second", NOW) == 0
    assert path(ledger, "parcel") == ["RECORDED", "MAPPED"]


def test_a_claim_does_not_wait_for_a_page_of_orders(ledger: Ledger) -> None:
    """While a page of orders is being recorded, their parcels can be claimed: neither waits for the other."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    decide(ledger)
    with ledger.begin() as reading, ledger.begin() as telling:
        assert claim_known(reading, "main", [order_id()])
        telling.execute(sa.text("SET LOCAL lock_timeout = '2s'"))
        assert len(claim_confirms(telling, "main", 10, NOW)) == 1
