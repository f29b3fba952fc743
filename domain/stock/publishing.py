"""Which way a quantity goes to Amazon: at once by a patch of its own, or in bulk with many others."""

import math
from dataclasses import dataclass
from datetime import timedelta

NEAR_ZERO = 5  # units; so few may be gone before a bulk feed is through, whatever their recent demand
# Expected units are those of one exposure, a quarter of an hour or so; a feed may take two hours.
_FEED_EXPOSURES = 8.0

# Patches go at Amazon's five a second. A feed takes half an hour, as sellers report, often
# less: below this many ordinary changes, patches are through before a feed would be, and each has its own answer.
FEED_FROM = 1_000
FEED_MOST = 25_000  # messages that Amazon takes in one JSON_LISTINGS_FEED
LONG_PAUSE = timedelta(hours=2)  # what waits longer because Amazon asks for fewer calls is told to people
FEED_REST = timedelta(hours=6)  # after a feed that Amazon gave up, ordinary changes go by patches for so long


def is_urgent(wanted: int, shown: int | None, expected: float = 0.0) -> bool:
    """Whether a change cannot wait for a bulk feed: to or near zero, or up from zero.

    `shown` units are offered at Amazon now as far as we know, None: not known. `expected` units of demand
    during one exposure say what is near zero for this SKU.
    """
    if shown is None or shown <= 0:
        return wanted > 0
    near = max(NEAR_ZERO, math.ceil(_FEED_EXPOSURES * expected))
    return wanted < shown and wanted <= near


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits to be sent in one marketplace: ordinary changes, and what stands in the way of a feed.

    `open_feed`: a feed of this marketplace is under way. `failed_lately`: Amazon gave one up not long ago.
    """

    ordinary: int
    open_feed: bool = False
    failed_lately: bool = False


def in_bulk(waiting: Waiting) -> int:
    """How many of the ordinary changes of a marketplace go into one feed now; the others go by patches.

    One feed at a time: a second one could overtake the first.
    """
    if waiting.open_feed or waiting.failed_lately or waiting.ordinary < FEED_FROM:
        return 0
    return min(waiting.ordinary, FEED_MOST)
