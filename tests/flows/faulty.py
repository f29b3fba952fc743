"""Replies of Amazon's that both fault matrices plan, and how runs go on beside each other under them."""

from collections.abc import Callable, Collection, Sequence
from functools import partial

from tests.flows.runs import at_once
from tests.flows.strangers import Seller

FOR_GOOD = 10_000  # more calls than any case makes
HANDS = 4  # runs at the same time: under a fault most of a run is waiting

DENIALS = ("401-json", "403-expired", "403-message")
BUSY = ("429", "429-empty")
ERRORS = ("500-json", "500-html", "500-empty", "503-json", "503-html", "503-empty")
STRANGE = ("200-html", "200-empty")
UNHEARD = ("reset-before", "reset-after", "hang-before", "hang-after")
ANYWHERE = (*DENIALS, *ERRORS, *STRANGE, *UNHEARD, *BUSY)


def has_met(seller: Seller, operations: Collection[str]) -> bool:
    """Whether each of the calls got the reply that stays."""
    planned = seller.world.faults._planned
    return all(planned[operation][0].times < FOR_GOOD for operation in operations)


def is_broken(seller: Seller) -> bool:
    """Whether replies are left that no call has got yet."""
    return any(seller.world.faults._planned.values())


def side_by_side(run: Callable[[Seller], object], sellers: Sequence[Seller]) -> None:
    """Run for each of these accounts, a few at the same time."""

    def work(part: Sequence[Seller]) -> None:
        for seller in part:
            run(seller)

    at_once(*[partial(work, sellers[hand::HANDS]) for hand in range(HANDS)])
