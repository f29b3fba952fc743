"""Account health by Amazon's definitions: the rates it suspends for, their limits, and tonight played out.

All rates are kept as defects of a total; a rate that Amazon wants high (valid tracking) is shown turned round.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.problem_kinds import Team

ENOUGH = 20  # orders seen at a hop before what usually becomes of them says anything
MANY = 50  # orders in a window before a forecast of its rate may call anybody
LAST_CALL = timedelta(
    hours=2
)  # how long before the day's end everything that is still open counts as in danger


class Metric(StrEnum):
    """The rates that Lockstep can count itself."""

    LATE_10 = "late_shipment_10d"
    LATE_30 = "late_shipment_30d"
    TRACKING_30 = "valid_tracking_30d"
    CANCEL_7 = "cancellation_7d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What Amazon asks of a rate. `limit` is the share of defects; `may_reach`: the limit itself is still good.

    `amazon` is what Amazon's report calls the rate, `low` whether it is shown as the share of defects.
    """

    name: str
    days: int
    limit: float
    may_reach: bool
    things: str
    amazon: str
    low: bool = True

    @property
    def spelled(self) -> str:
        """The rate with its window, such as "Late Shipment Rate over 10 days"."""
        return f"{self.name} over {self.days} days"

    @property
    def asked(self) -> str:
        """What Amazon asks for, in words."""
        return f"under {100 * self.limit:g} %" if self.low else f"{100 * (1 - self.limit):g} % or more"


# Late shipments: confirmed after the expected ship date, of all orders, over 10 and over 30 days, under 4 %; the
# moment counts at which the confirmation reaches Amazon (Seller Central AU 200285190, US 202152050, BR 200197960).
# Valid tracking: packages that a carrier scanned, of packages confirmed, over 30 days of promised delivery, 95 % or
# more, per category (Seller Central US 201817070). Cancellations: by the seller before the shipment, of all orders,
# over 7 days, under 2.5 %; not those that the buyer asked for, nor of pending orders (Seller Central UK 200285210).
RULES: dict[Metric, Rule] = {
    Metric.LATE_10: Rule(
        name="Late Shipment Rate",
        days=10,
        limit=0.04,
        may_reach=False,
        things="orders",
        amazon="late_shipment",
    ),
    Metric.LATE_30: Rule(
        name="Late Shipment Rate",
        days=30,
        limit=0.04,
        may_reach=False,
        things="orders",
        amazon="late_shipment",
    ),
    Metric.TRACKING_30: Rule(
        name="Valid Tracking Rate",
        days=30,
        limit=0.05,
        may_reach=True,
        things="parcels",
        amazon="valid_tracking",
        low=False,
    ),
    Metric.CANCEL_7: Rule(
        name="Cancellation Rate", days=7, limit=0.025, may_reach=False, things="orders", amazon="cancellation"
    ),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """Defects of a total, over one window."""

    defects: int = 0
    total: int = 0

    @property
    def share(self) -> float:
        """Defects of the total, 0 to 1; 0 of nothing."""
        return self.defects / self.total if self.total else 0.0


def allowed(total: int, rule: Rule) -> int:
    """How many defects Amazon allows among so many."""
    most = rule.limit * total
    nearest = round(most)
    exact = math.isclose(most, nearest, abs_tol=1e-9)  # 4 % of 25 is one order, also in floating point
    if exact:
        return max(0, nearest if rule.may_reach else nearest - 1)
    return math.floor(most)


def room(rate: Rate, rule: Rule) -> int:
    """How many more defects among the same total the limit allows; below zero: so many are too many already."""
    return allowed(rate.total, rule) - rate.defects


def is_over(rate: Rate, rule: Rule) -> bool:
    """Whether a rate breaks Amazon's limit; a rate of nothing breaks none."""
    return rate.defects > 0 and room(rate, rule) < 0


class Hop(StrEnum):
    """Which hop holds an order that is not confirmed, by what can be told of the past, too."""

    NOT_CROSSED = "not at the warehouse yet"
    NOT_ACCEPTED = "at the warehouse, not accepted"
    NOT_DISPATCHED = "accepted, not dispatched"
    NOT_CONFIRMED = "dispatched, not confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """One rate of one marketplace: now, and tonight in two ways.

    `worst`: everything due by the end of the day and not confirmed becomes late. `expected`: each hop loses what it
    usually loses at this hour; None when the hops that hold something say too little. `open_tonight` counts the
    orders that still can be saved, `ends_at` (UTC) is when their day ends.
    """

    metric: Metric
    marketplace_id: str
    now: Rate
    worst: Rate
    expected: Rate | None = None
    open_tonight: int = 0
    ends_at: datetime | None = None

    @property
    def rule(self) -> Rule:
        """What Amazon asks of it."""
        return RULES[self.metric]

    @property
    def to_save(self) -> int:
        """How many of tonight's open orders must be confirmed in time to stay within the limit, if that helps."""
        decided = Rate(self.worst.defects - self.open_tonight, self.worst.total)
        return min(self.open_tonight, max(0, self.open_tonight - room(decided, self.rule)))


def played_out(decided: Rate, held: Mapping[Hop, int], usual: Mapping[Hop, Rate]) -> tuple[Rate, Rate | None]:
    """Tonight's window with the open orders in it: the worst case, and what is to be expected by hop.

    `decided` are the orders of that window whose end is known, `held` the open ones by hop, `usual` what became of
    the orders that were at a hop at this hour on the days before.
    """
    still_open = sum(held.values())
    total = decided.total + still_open
    worst = Rate(decided.defects + still_open, total)
    if any(number and usual.get(hop, Rate()).total < ENOUGH for hop, number in held.items()):
        return worst, None
    lost = sum(number * usual[hop].share for hop, number in held.items() if number)
    return worst, Rate(decided.defects + min(still_open, math.ceil(lost - 1e-9)), total)


class Risk(StrEnum):
    """Why a rate needs a person."""

    NONE = ""
    OVER = "over"
    EXPECTED = "expected"
    LAST_CALL = "last call"


def risk_of(outlook: Outlook, now: datetime) -> Risk:
    """Whether a rate is over its limit, or will be tonight.

    In the morning everything that is due is open, and its worst case breaks every limit every day: the worst case
    calls only in the last hours of the marketplace's day, before that what is to be expected.
    """
    if is_over(outlook.now, outlook.rule):
        return Risk.OVER
    if outlook.worst.total < MANY or not outlook.open_tonight:
        return Risk.NONE
    if outlook.expected is not None and is_over(outlook.expected, outlook.rule):
        return Risk.EXPECTED
    last = outlook.ends_at is not None and outlook.ends_at - now <= LAST_CALL
    return Risk.LAST_CALL if last and is_over(outlook.worst, outlook.rule) else Risk.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One order or parcel that counts against the account: what, whose, and by how long it was late."""

    metric: Metric
    order_id: str
    marketplace_id: str
    what: str
    cause: str
    owner: Team
    at: datetime | None = None
    late_by: timedelta | None = None


# What makes a parcel doubtful. Whether a carrier scanned it is not known here, so the defects are an estimate.
TRACKING_DOUBTS: dict[str, tuple[str, Team]] = {
    "other": ('its carrier is "Other", which Amazon cannot follow', Team.OPERATIONS),
    "form": ("its number does not have the form of its carrier's numbers", Team.WAREHOUSE),
    "reused": ("its number is on a parcel of another order, too", Team.WAREHOUSE),
    "unseen": ("Amazon does not show it", Team.INTEGRATION),
}

CANCELED_FOR: dict[str, tuple[str, Team]] = {
    "rejected": ("the warehouse had rejected it", Team.WAREHOUSE),
    "oversold": ("more of it was sold than there was", Team.ECOMMERCE),
    "unconfirmed": ("Amazon canceled it because it was not confirmed in time", Team.OPERATIONS),
    "seller": ("the seller canceled it", Team.ECOMMERCE),
    "unknown": ("Amazon does not say who canceled it, so it counts as the seller's", Team.ECOMMERCE),
}
