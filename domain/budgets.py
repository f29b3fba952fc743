"""Amazon's token buckets: how long a call has to wait so that no call is wasted on a refusal."""

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One operation's budget of one seller account at a moment (UTC).

    `tokens` may fall below zero: each caller takes its place in line by taking a token that is not there
    yet, and waits until it is. `rate` is tokens per second, `burst` the most that can be saved up.
    """

    rate: float
    burst: float
    tokens: float
    at: datetime


def refilled(bucket: Bucket, now: datetime) -> Bucket:
    """The bucket as it stands at `now`; a clock that went back refills nothing."""
    passed = max(0.0, (now - bucket.at).total_seconds())
    tokens = min(bucket.burst, bucket.tokens + passed * bucket.rate)
    return replace(bucket, tokens=tokens, at=max(now, bucket.at))


def take(bucket: Bucket, now: datetime, patience: float) -> tuple[Bucket, float]:
    """Take one token; the seconds to wait before making the call it pays for.

    Nothing is taken when the wait would be longer than `patience` seconds.
    """
    full = refilled(bucket, now)
    left = replace(full, tokens=full.tokens - 1)
    wait = 0.0 if left.tokens >= 0 else -left.tokens / left.rate
    return (left if wait <= patience else full), wait


# In peak mode every street but tracking leaves this part of the buckets that tracking needs.
LEFT_TO_TRACKING = 0.5
# What tracking asks Amazon itself: the ship confirm, an order that proves it, and a feed should it ever need one.
# Not searchOrders: only the import of orders calls it, and its pages are what proves most parcels.
TRACKING_NEEDS = frozenset({"confirmShipment", "getOrder", "createFeed"})


def left_to_others(burst: float, part: float) -> float:
    """The tokens that stay when a `part` (0 to 1) of the burst is left to others: never all of it."""
    return min(part * burst, max(0.0, burst - 1))


def take_spare(bucket: Bucket, now: datetime, part: float) -> tuple[Bucket, float]:
    """Take one token of what is over the part of the burst that is left to others.

    The seconds until there is one; then nothing is taken: whoever leaves a part takes no place in line, for
    somebody who may use that part would find it taken.
    """
    full = refilled(bucket, now)
    missing = left_to_others(full.burst, part) + 1 - full.tokens
    if missing > 0:
        return full, missing / full.rate
    return replace(full, tokens=full.tokens - 1), 0.0


def slack(rate: float) -> float:
    """Seconds that a call which had to wait comes later than its token.

    Our bucket fills from the moment a call was let go, Amazon's from the moment it arrived: a call that came
    on the dot would now and then be a few milliseconds early, and refused.
    """
    return min(0.05, 0.5 / rate)


def corrected(bucket: Bucket, rate: float, now: datetime) -> Bucket:
    """The bucket after Amazon stated another rate; what was saved up stays, in the new measure."""
    return replace(refilled(bucket, now), rate=rate)


def emptied(bucket: Bucket, now: datetime) -> Bucket:
    """The bucket after a 429: whoever comes next waits for a whole token, however full we believed it."""
    full = refilled(bucket, now)
    return replace(full, tokens=min(full.tokens, 0.0))
