"""Amazon's own report of an account's health beside our numbers, and what explains the difference."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain.health.rates import RULES, Metric, Rate


class Measure(StrEnum):
    """What Amazon's report says of a marketplace. The last four Lockstep cannot count itself."""

    LATE = "late_shipment"
    TRACKING = "valid_tracking"
    CANCEL = "cancellation"
    DELIVERY = "on_time_delivery"
    UNIT_DELIVERY = "unit_on_time_delivery"
    ORDER_DEFECTS = "order_defect"
    ACCOUNT = "account_status"


MEASURES: dict[Measure, str] = {
    Measure.LATE: "Late Shipment Rate",
    Measure.TRACKING: "Valid Tracking Rate",
    Measure.CANCEL: "Cancellation Rate",
    Measure.DELIVERY: "On-Time Delivery Rate",
    Measure.UNIT_DELIVERY: "On-Time Delivery Rate by unit",
    Measure.ORDER_DEFECTS: "Order Defect Rate",
    Measure.ACCOUNT: "Account status",
}
BAD = frozenset({"BAD", "AT_RISK", "DEACTIVATED"})
# A report comes every night, and a night may fail. What was read longer ago says nothing of today.
STALE_AFTER = timedelta(days=3)
_STATUSES = {
    "GOOD": "good",
    "BAD": "bad",
    "NONE": "not judged",
    "NORMAL": "normal",
    "AT_RISK": "at risk",
    "DEACTIVATED": "deactivated",
}
# Which of our own counts answers to a measure of Amazon's, by the days of its dates.
_OURS = {
    (Measure.LATE, 10): Metric.LATE_10,
    (Measure.LATE, 30): Metric.LATE_30,
    (Measure.TRACKING, 30): Metric.TRACKING_30,
    (Measure.CANCEL, 7): Metric.CANCEL_7,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One measure of one marketplace as Amazon reports it.

    `since` and `until` are whole days, both included. `rate` is a fraction as Amazon shows it (valid tracking: the
    good share). `defects` and `total` are None where the report has no counts. `status` is Amazon's word.
    """

    marketplace_id: str
    measure: Measure
    since: date | None = None
    until: date | None = None
    defects: int | None = None
    total: int | None = None
    rate: float | None = None
    status: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether Amazon itself finds it wanting."""
        return self.status in BAD

    @property
    def status_words(self) -> str:
        """Amazon's judgment in plain words."""
        return _STATUSES.get(self.status, self.status.lower().replace("_", " "))

    @property
    def dates(self) -> str:
        """Its dates, such as "Oct 21 to Nov 19"; empty without."""
        if self.since is None or self.until is None:
            return ""
        return f"{self.since:%b} {self.since.day} to {self.until:%b} {self.until.day}"

    @property
    def days(self) -> int:
        """How many days its dates have; 0 without."""
        return 0 if self.since is None or self.until is None else (self.until - self.since).days + 1

    @property
    def name(self) -> str:
        """What it is called, such as "Valid Tracking Rate"; with its days where Amazon has one over several."""
        called = MEASURES[self.measure]
        return f"{called} over {self.days} days" if self.measure is Measure.LATE and self.days else called

    @property
    def metric(self) -> Metric | None:
        """Our own count of the same thing; None when we have none over that many days."""
        return _OURS.get((self.measure, self.days))


@dataclass(frozen=True, slots=True, kw_only=True)
class OverTheirDates:
    """Our count over Amazon's dates. `elsewhere` are orders that somebody else confirmed, we do not know when."""

    rate: Rate
    elsewhere: int = 0


def explained(report: Reported, ours: OverTheirDates, now: datetime) -> str:
    """Amazon's number beside ours over the same dates, in a sentence, with what is left named."""
    metric = report.metric
    if metric is None or report.total is None or report.defects is None:
        return ""
    things = RULES[metric].things
    told = f"Over {report.dates}, Amazon counts {report.defects} of {report.total} {things}, Lockstep"
    told += f" {ours.rate.defects} of {ours.rate.total}."
    parts = [*_of_total(report.total - ours.rate.total, ours.elsewhere, things)]
    parts += _of_defects(report.defects - ours.rate.defects)
    if report.until is not None and (lag := (now.date() - report.until).days) > 1:
        parts.append(f"Amazon's dates end {lag} days ago: what happened since is not in them.")
    return " ".join([told, *parts])


def is_stale(read_at: datetime, now: datetime) -> bool:
    """Whether Amazon's word, read at `read_at` (UTC), is too old to call anybody."""
    return now - read_at > STALE_AFTER


def stale_words(read_at: datetime, now: datetime) -> str:
    """That Amazon's word is old, in a sentence; empty while it is not."""
    if not is_stale(read_at, now):
        return ""
    return f"No newer report came since {read_at:%b} {read_at.day}: what Amazon says today is not known."


def _of_total(more: int, elsewhere: int, things: str) -> list[str]:
    if more > 0:
        named = min(more, elsewhere)
        parts = [f"{named} more at Amazon: confirmed by somebody else, and left out here."] if named else []
        rest = more - named
        return parts + ([f"{rest} more at Amazon: {things} that Lockstep never saw."] if rest else [])
    if more < 0:
        return [f"{-more} fewer at Amazon: it sorts {things} by its own days, or has not counted them yet."]
    return []


def _of_defects(more: int) -> list[str]:
    if more > 0:
        return [f"{more} more count against the account at Amazon than our records show."]
    if more < 0:
        return [
            f"{-more} fewer count against the account at Amazon: it forgave them or has not counted them yet."
        ]
    return ["The same number counts against the account."]
