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
