"""A marketplace's own calendar: on which day an order is due, and when that day ends.

Amazon writes the end of a ship-by window as the last second of a day of the marketplace (its published examples:
`2024-12-28T23:59:59Z` for amazon.co.uk in winter, `2019-05-08T21:59:59Z`, which is midnight in central Europe in
summer). Which clock that is Amazon does not list: here it is the capital's, and Pacific time for amazon.com, which
Seller Central shows its days in.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.marketplaces import MARKETPLACES

_ZONES = {
    "US": "America/Los_Angeles",
    "CA": "America/Los_Angeles",
    "MX": "America/Mexico_City",
    "BR": "America/Sao_Paulo",
    "UK": "Europe/London",
    "IE": "Europe/Dublin",
    "DE": "Europe/Berlin",
    "FR": "Europe/Paris",
    "IT": "Europe/Rome",
    "ES": "Europe/Madrid",
    "NL": "Europe/Amsterdam",
    "BE": "Europe/Brussels",
    "SE": "Europe/Stockholm",
    "PL": "Europe/Warsaw",
    "TR": "Europe/Istanbul",
    "AE": "Asia/Dubai",
    "SA": "Asia/Riyadh",
    "EG": "Africa/Cairo",
    "ZA": "Africa/Johannesburg",
    "IN": "Asia/Kolkata",
    "JP": "Asia/Tokyo",
    "AU": "Australia/Sydney",
    "SG": "Asia/Singapore",
}


def shop_named(marketplace_id: str) -> str:
    """A marketplace as people call it: its country, such as "UK"; the id of one that we do not know."""
    shop = MARKETPLACES.get(marketplace_id)
    return shop.called if shop else marketplace_id


def zone_of(marketplace_id: str) -> ZoneInfo:
    """The clock of a marketplace; UTC for one that we do not know."""
    return ZoneInfo(_ZONES.get(shop_named(marketplace_id), "UTC"))


def day_of(marketplace_id: str, moment: datetime) -> date:
    """The calendar day of the marketplace in which a moment lies."""
    return moment.astimezone(zone_of(marketplace_id)).date()


def day_span(marketplace_id: str, day: date) -> tuple[datetime, datetime]:
    """From when to when a calendar day of the marketplace lasts (UTC); the end belongs to the next day."""
    zone = zone_of(marketplace_id)
    first, last = (datetime.combine(one, time(), tzinfo=zone) for one in (day, day + timedelta(days=1)))
    return first.astimezone(UTC), last.astimezone(UTC)


def end_of_day(marketplace_id: str, now: datetime) -> datetime:
    """When the marketplace's day ends in which `now` lies (UTC)."""
    return day_span(marketplace_id, day_of(marketplace_id, now))[1]


def days_before(marketplace_id: str, moment: datetime, days: int) -> datetime:
    """The same time of the marketplace's clock so many calendar days earlier (UTC).

    Where clocks changed in between that is an hour more or less than so many times 24 hours.
    """
    local = moment.astimezone(zone_of(marketplace_id))
    return (local - timedelta(days=days)).astimezone(UTC)
