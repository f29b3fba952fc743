"""The judge on tiny histories made by hand: who is to blame for a unit that was not there."""

import numpy as np
import pytest

from domain.maps import Component
from tests.factories import DE, GB
from tests.week.exposures import exposures
from tests.week.history import SYNC_EVERY, Arrived, History, Sale, known_until
from tests.week.judge import Judge
from tests.week.script import HOUR, CountKind
from tests.week.strangers import lag

A, PAIR = (Component(warehouse_sku="A", units=1),), (Component(warehouse_sku="A", units=2),)
PARTS = {"A": A, "PAIR": PAIR}
LISTINGS = [(sku, market) for sku in PARTS for market in (GB, DE)]
RUN = 3600.0  # of the house, at which orders are read as well
KNOWN = known_until(RUN) - 1.0
LATER = RUN + lag("A", GB, RUN) + 61  # what was sent at RUN is in effect, and the next run is not


def counted(
    units: int, at: float = 600.0, arrives: float = 700.0, kind: CountKind = CountKind.GOOD
) -> Arrived:
    return Arrived(at=at, arrives=arrives, kind=kind, rows={"A": units})


def sale(at: float, *, units: int = 1, fillable: int = 0, sku: str = "A", market: str = GB) -> Sale:
    return Sale(
        order_id=f"O-{at}",
        at=at,
        listing=(sku, market),
        units=units,
        fillable=fillable,
        parts=PARTS[sku],
    )


def history(*sales: Sale, counts: tuple[Arrived, ...] = (counted(1),)) -> History:
    syncs = [number * SYNC_EVERY for number in range(24)]
    made = History(listings=LISTINGS, parts=PARTS, end=2 * HOUR, sales=list(sales), counts=list(counts))
    made.syncs = syncs
    made.offered = [np.ones(4, dtype=np.int32)] * len(syncs)
    made.sellable = [np.ones(4, dtype=bool)] * len(syncs)
    made.kept = [np.zeros(4, dtype=np.int32)] * len(syncs)
    made.in_effect = [np.full(4, at + 60.0) for at in syncs]
    return made


def split(*sales: Sale, counts: tuple[Arrived, ...] = (counted(1),)) -> tuple[int, int]:
    """(avoidable, unavoidable) units of the last sale."""
    (blame,) = [one for one in Judge(history(*sales, counts=counts)).blames() if one.sale is sales[-1]]
    return blame.avoidable, blame.unavoidable


@pytest.mark.parametrize(
    ("seen", "expected"), [(KNOWN, (1, 0)), (known_until(RUN) + 1.0, (0, 1))], ids=["read", "unread"]
)
def test_a_sale_elsewhere_excuses_only_while_nobody_could_have_read_it(
    seen: float, expected: tuple[int, int]
) -> None:
    """The last unit went in DE; GB sold it again: avoidable when the order could be read before the run."""
    assert split(sale(seen, fillable=1, market=DE), sale(LATER)) == expected


def test_the_other_channel_excuses_until_a_count_shows_it() -> None:
    """A count of one unit, which the other channel took since: nobody could know. A newer count of none: known."""
    assert split(sale(LATER)) == (0, 1)
    assert split(sale(LATER), counts=(counted(1), counted(0, 1200, 1300))) == (1, 0)


def test_a_count_that_came_after_the_run_was_not_known() -> None:
    """What was counted before and arrived after the run says nothing about it."""
    assert split(sale(LATER), counts=(counted(1), counted(0, RUN - 60, RUN + 1))) == (0, 1)


def test_a_wrong_count_is_no_excuse() -> None:
    """The good count said none; that a later wrong one said ten does not excuse the house."""
    counts = (counted(0), counted(10, 1200, 1300, CountKind.CASES))
    assert split(sale(LATER), counts=counts) == (1, 0)


def test_an_order_that_the_count_has_taken_off_is_not_taken_off_again() -> None:
    """Accepted before the count: the count of one is after it. Accepted later: it has to be taken off."""
    before = sale(KNOWN - 3300, fillable=1, market=DE)
    before.accepted_at = 500.0
    assert split(before, sale(LATER)) == (0, 1)
    before.accepted_at = 650.0
    assert split(before, sale(LATER)) == (1, 0)


def test_a_canceled_order_is_not_reserved_once_its_end_could_be_read() -> None:
    """Canceled before the run: one is free again. Canceled, but not to be read yet: none is."""
    first = sale(KNOWN - 600, fillable=1, market=DE)
    first.canceled_at = KNOWN
    assert split(first, sale(LATER)) == (0, 1)
    first.canceled_at = RUN
    assert split(first, sale(LATER)) == (1, 0)


def test_amazon_itself_takes_a_sale_off_the_listing() -> None:
    """One unit, in effect, sold in GB: a second buyer in GB cannot be offered it by anybody."""
    in_effect = RUN + lag("A", GB, RUN) + 1
    assert split(sale(in_effect, fillable=1), sale(LATER + 1)) == (1, 0)


def test_a_multiple_is_counted_in_its_own_units() -> None:
    """Three on the shelf are one pair: the second pair of an order was never there, for anybody."""
    at = RUN + lag("PAIR", GB, RUN) + 61
    assert split(sale(at, units=2, fillable=1, sku="PAIR"), counts=(counted(3),)) == (1, 0)
    assert split(sale(at, units=2, fillable=1, sku="PAIR"), counts=(counted(4),)) == (0, 1)


def test_unseen_is_what_amazon_did_not_take_off_itself() -> None:
    """A unit sold in DE is unseen by GB's quantity while it cannot be read; DE's own listing knows it at once."""
    played = history(sale(RUN + 70, fillable=1, market=DE))
    found = exposures(played)

    # Until it can be read: two runs that could not have, for A and PAIR in GB and PAIR in DE; and one of DE.
    assert found.counted == 23 * 4
    assert 0 < found.exceeded < 23
    played.kept = [np.ones(4, dtype=np.int32)] * len(played.syncs)
    assert exposures(played).exceeded == 0


def test_a_sale_before_the_number_is_in_effect_is_unseen_by_it() -> None:
    """Amazon takes a sale off the number that is in effect: one that comes later replaces it all the same."""
    at = RUN + 90
    prompt, slow = history(sale(at, fillable=1)), history(sale(at, fillable=1))
    run = prompt.syncs.index(RUN)
    slow.in_effect[run] = np.array([at + 60, RUN + 60, RUN + 60, RUN + 60])

    assert exposures(slow).exceeded == exposures(prompt).exceeded + 1


def test_a_count_that_was_held_is_none_that_the_house_knew() -> None:
    """Held, the newer count leaves the house with the older one, and what went between the two unseen."""
    played = history(counts=(counted(9), counted(8, 1200, 1300)))
    played.drained = {"A": [(900.0, 1)]}

    known = exposures(played, ["APPLIED", "APPLIED"]).exceeded
    assert exposures(played, ["APPLIED", "HELD"]).exceeded > known


def test_lost_hours_are_of_what_could_be_sold() -> None:
    """Zero on offer is lost while there is a unit, and not when there is none."""
    played = history()
    played.offered[3] = np.zeros(4, dtype=np.int32)
    played.sellable[3] = np.array([True, True, False, False])

    assert exposures(played).lost_hours == pytest.approx(2 * SYNC_EVERY / HOUR)
