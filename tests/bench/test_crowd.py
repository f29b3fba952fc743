"""The bench's crowd of orders: open ones in every hop, some hundred gaps, and a year of closed ones."""

from collections import Counter

from domain.problems import ProblemKind
from domain.watch.clock import Hop
from ledger.connection import Ledger
from ledger.problems import open_problems
from ledger.watch.clock import open_orders, settle_gaps
from tests.bench.crowd import crowd
from tests.factories import NOW


def test_the_crowd_has_open_orders_in_every_hop_and_gaps_to_find(ledger: Ledger) -> None:
    """Of 200 open orders two have not crossed and eight are picked late; a late confirm and a throttle are in."""
    crowd(ledger, 36_500, 200, NOW)
    with ledger.begin() as conn:
        waiting = open_orders(conn)
        settle_gaps(conn, waiting, NOW)
        kinds = Counter(problem.kind for problem in open_problems(conn))
    assert len(waiting) == 200
    assert {order.hop for order in waiting} == set(Hop) - {
        Hop.DONE,
        Hop.STOPPED,
        Hop.REJECTED,
        Hop.CONTENTS_UNKNOWN,
        Hop.CONFIRMED_ELSEWHERE,
        Hop.AMAZON_CONFIRMS,
    }
    found = (ProblemKind.ORDER_NOT_CROSSED, ProblemKind.PICKING_DELAY, ProblemKind.THROTTLED)
    assert [kinds[kind] for kind in found] == [2, 8, 1]
    assert kinds[ProblemKind.CONFIRMED_LATE] == 1
