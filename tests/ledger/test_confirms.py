"""Parcels on their way to Amazon: mapped or blocked with a reason, claimed once, most urgent first."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import sqlalchemy as sa

from domain.amazon import AmazonStatus
from domain.problems import ProblemKind
from ledger.confirms import (
    claim_confirms,
    count_waiting,
    free_unanswered,
    record_accepted,
    record_refused,
    record_unsent,
)
from ledger.connection import Ledger
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
    ANY_RUN,
    confirm,
    decide,
    ingest,
    order_row,
    parcel_row,
    path,
    problems,
    release,
    ship,
    states,
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
                taken += [claimed.parcel_id for claimed in claim_confirms(conn, "main", 5, ANY_RUN, NOW)]
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


def test_a_call_without_an_answer_is_made_again(ledger: Ledger) -> None:
    """A parcel that Amazon did not answer for, or whose process died, goes out again unchanged."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    decide(ledger)
    (first,) = take(ledger)
    with ledger.begin() as conn:
        record_unsent(conn, [first.parcel_id], "Amazon answered 503", NOW)
    assert take(ledger) == (first,)
    with ledger.begin() as conn:
        assert free_unanswered(conn, "main", NOW) == 1
    assert take(ledger) == (first,)
    assert parcel_row(ledger)["tries"] == 0


def test_a_run_tries_a_parcel_once(ledger: Ledger) -> None:
    """A parcel that came back without an answer waits for the next run instead of being tried in a circle."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    decide(ledger)
    (first,) = take(ledger, now=NOW + MINUTE)
    with ledger.begin() as conn:
        record_unsent(conn, [first.parcel_id], "Amazon answered 503", NOW + MINUTE)
        assert claim_confirms(conn, "main", 10, NOW, NOW + 2 * MINUTE) == ()
        assert count_waiting(conn, "main") == 1
        assert claim_confirms(conn, "main", 10, NOW + HOUR, NOW + HOUR) == (first,)


def test_a_refused_parcel_is_shown_and_stays_put(ledger: Ledger) -> None:
    """What Amazon refuses is not sent again by itself and becomes integration's problem, with the reason."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    decide(ledger)
    (claimed,) = take(ledger)
    with ledger.begin() as conn:
        record_refused(conn, claimed.parcel_id, "InvalidInput: carrier", NOW)
    assert (states(ledger, "parcels"), take(ledger)) == (["REJECTED"], ())
    (found,) = problems(ledger)
    assert (found.kind, found.owner) == (ProblemKind.TRACKING_REFUSED, "integration")
    assert "InvalidInput: carrier" in found.summary


def test_an_answer_to_an_old_label_says_nothing_of_the_new_one(ledger: Ledger) -> None:
    """When the warehouse re-labels a parcel during the call, the answer leaves the new label untold."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    decide(ledger)
    (claimed,) = take(ledger)
    ship(ledger, dispatch(tracking="TRACK2", shipped_at=NOW + 2 * HOUR))
    with ledger.begin() as conn:
        record_accepted(conn, claimed.parcel_id, NOW)
    row = parcel_row(ledger)
    assert (row["state"], row["tries"], row["accepted_at"]) == ("RECORDED", 0, None)


def test_accounts_do_not_take_each_others_parcels(ledger: Ledger) -> None:
    """A claim holds parcels of its own seller account only."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    decide(ledger)
    with ledger.begin() as conn:
        assert claim_confirms(conn, "second", 10, ANY_RUN, NOW) == ()
        assert free_unanswered(conn, "second", NOW) == 0
    assert path(ledger, "parcel") == ["RECORDED", "MAPPED"]
