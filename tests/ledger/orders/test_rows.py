"""What Amazon shows of orders as the ledger's columns: the newest counts, and no address is lost."""

from dataclasses import replace

from domain.amazon import AmazonStatus
from domain.recipient import Recipient
from ledger.connection import Ledger
from tests.factories import (
    DAY,
    MINUTE,
    NOW,
    amazon_order,
    line,
    order_id,
    recipient,
)
from tests.ledger.statements import counted
from tests.ledger.walk import claim, ingest, order_row, problems, release


def _kept(ledger: Ledger) -> Recipient:
    return ledger.seal.open(order_row(ledger)["recipient"], order_id())


def test_everything_amazon_changes_of_a_known_order_is_kept(ledger: Ledger) -> None:
    """A second look replaces every column that Amazon owns, whatever characters are in it."""
    ingest(ledger, amazon_order(programs=("PRIME",)))
    odd = replace(recipient(name='Zoë "Q" \\x27 O\'Hara, Ünal'), phone="")
    later = replace(
        amazon_order(
            status=AmazonStatus.PARTIALLY_SHIPPED,
            updated_at=NOW + MINUTE,
            confirm_by=NOW + 2 * DAY,
            deliver_by=None,
            programs=("AMAZON_BUSINESS", 'A,B"{}'),
            to=odd,
        ),
        service_level="Next'Day",
    )
    ingest(ledger, later)
    row = order_row(ledger)
    assert (row["amazon_status"], row["amazon_updated_at"]) == ("PARTIALLY_SHIPPED", NOW + MINUTE)
    assert (row["confirm_by"], row["deliver_by"]) == (NOW + 2 * DAY, None)
    assert (row["service_level"], row["programs"]) == ("Next'Day", ["AMAZON_BUSINESS", 'A,B"{}'])
    assert _kept(ledger) == odd


def test_a_page_costs_the_same_for_one_order_and_for_a_hundred(ledger: Ledger) -> None:
    """The number of statements for known orders that changed does not grow with the page."""
    page = [amazon_order(number=number) for number in range(100)]
    ingest(ledger, *page)
    costs = []
    for minutes, size in ((1, 1), (2, 100)):
        wished = [
            replace(order, updated_at=NOW + minutes * MINUTE, lines=(line(cancel_requested=minutes == 2),))
            for order in page[:size]
        ]
        with counted(ledger) as statements:
            ingest(ledger, *wished)
        costs.append(len(statements))
    assert order_row(ledger, 99)["held_for"] == "cancel_requested"
    moved_and_told = 3  # the second page moves its orders, remembers that and opens problems
    assert costs[1] <= costs[0] + moved_and_told


def test_an_address_lies_sealed(ledger: Ledger) -> None:
    """No word of the recipient is readable in any column of the order's row, nor in a problem about it."""
    person = replace(recipient(name="Zebulon Fairweather"), city="")
    ingest(ledger, amazon_order(to=person))
    row = order_row(ledger)
    words = [value for value in person.as_dict().values() if value and value != "GB"]
    for word in words:
        assert word.encode() not in bytes(row["recipient"])
        assert word not in str({name: value for name, value in row.items() if name != "recipient"})
        assert word not in str(problems(ledger))
    assert row["address_gaps"] == ["city"]
    assert ledger.seal.open(row["recipient"], order_id()) == person


def test_the_phone_is_kept_when_amazon_stops_showing_it(ledger: Ledger) -> None:
    """After the release an answer with less of the recipient, or none, takes nothing from the ledger."""
    release(ledger, amazon_order())
    ingest(ledger, amazon_order(to=recipient(phone=""), updated_at=NOW + MINUTE))
    assert _kept(ledger) == recipient()
    ingest(ledger, amazon_order(to=None, updated_at=NOW + 2 * MINUTE))
    assert _kept(ledger) == recipient()


def test_a_new_address_before_the_release_counts(ledger: Ledger) -> None:
    """An address that Amazon corrects before the release is the one the warehouse gets."""
    ingest(ledger, amazon_order())
    ingest(ledger, amazon_order(to=recipient(name="Somebody Else"), updated_at=NOW + MINUTE))
    batch = claim(ledger)
    assert batch is not None
    assert batch.orders[0].recipient.name == "Somebody Else"
