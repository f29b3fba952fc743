"""What a decision set free is said in one sentence that adds up."""

import pytest

from domain.orders.order import OrderState
from domain.tracking.parcels import ParcelState
from domain.unblocked import orders_in_words, parcels_in_words

P, O = ParcelState, OrderState  # noqa: E741 - two short names for a table


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({}, "No parcel waited for it."),
        ({P.ACCEPTED: 1}, "1 parcel waited for it: 1 unblocked, 1 sent to Amazon now."),
        ({P.ACCEPTED: 2, P.PROVEN: 1}, "3 parcels waited for it: 3 unblocked, 3 sent to Amazon now."),
        (
            {P.ACCEPTED: 1, P.MAPPED: 4},
            (
                "5 parcels waited for it: 5 unblocked, 1 sent to Amazon now,"
                " 4 waiting for Amazon and sent by the next runs, most urgent first."
            ),
        ),
        (
            {P.REJECTED: 1, P.BLOCKED: 2},
            (
                "3 parcels waited for it: 1 unblocked, 1 sent to Amazon now, 1 refused by Amazon, as the open"
                " problems say, 2 still blocked for another reason, as the open problems say."
            ),
        ),
        ({P.NOT_REQUIRED: 1}, "1 parcel waited for it: 1 unblocked, 0 sent to Amazon now."),
    ],
)
def test_parcels_in_words(states: dict[ParcelState, int], said: str) -> None:
    """Every parcel that waited is unblocked or still blocked, and what was not sent is said."""
    assert parcels_in_words(states) == said


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({}, "No order was held for want of it."),
        ({O.RELEASED: 1}, "1 order held before: 1 handed to the warehouse now."),
        (
            {O.RELEASED: 2, O.READY: 1, O.HELD: 1},
            (
                "4 orders held before: 2 handed to the warehouse now, 1 handed over by the next order-ingest,"
                " 1 still held, as the open problems say."
            ),
        ),
    ],
)
def test_orders_in_words(states: dict[OrderState, int], said: str) -> None:
    """Every order that was held is handed over, about to be, or held still."""
    assert orders_in_words(states) == said
