"""The steps of a listing's quantity, each in a transaction of its own, as the tasks make them."""

from collections.abc import Mapping
from datetime import datetime

from domain.amazon import IssueSeverity, ListingIssue, PublishAnswer, SeenListing
from domain.stock.listings import ListingState
from domain.stock.sellable import Pool
from ledger.connection import Ledger
from ledger.maps import BufferBook
from ledger.stock.listing_proof import record_seen
from ledger.stock.listings import claim_quantities, listings_to_read, record_candidates, record_published
from ledger.stock.offer_plans import Rules, plan_offers
from tests.factories import GB, MINUTE, NOW, SKUS
from tests.ledger.walk import ANY_RUN


def look(ledger: Ledger, units: Mapping[str, int | None], *, now: datetime = NOW) -> dict[str, int]:
    """Amazon shows these SKUs in GB; None is a listing without an offer of ours."""
    return see(ledger, *[seen(sku, number) for sku, number in units.items()], now=now)


def see(ledger: Ledger, *shown: SeenListing, now: datetime = NOW) -> dict[str, int]:
    """Amazon shows these listings in GB."""
    with ledger.begin() as conn:
        return record_seen(conn, "main", GB, {one.seller_sku: one for one in shown}, now=now)


def seen(
    sku: str,
    units: int | None,
    *issues: ListingIssue,
    buyable: bool | None = None,
    updated_at: datetime | None = None,
) -> SeenListing:
    """One listing in GB as Amazon shows it."""
    return SeenListing(
        marketplace_id=GB,
        seller_sku=sku,
        units=units,
        issues=issues,
        buyable=buyable,
        updated_at=updated_at,
    )


def listed(ledger: Ledger, units: Mapping[str, int | None]) -> None:
    """Listings in GB that Amazon was found to have, with these units in effect."""
    with ledger.begin() as conn:
        record_candidates(conn, "main", [GB], units)
    look(ledger, units)


def plan(
    ledger: Ledger,
    available: Mapping[str, int],
    *,
    buffers: BufferBook | None = None,
    doubt: str = "",
    now: datetime = NOW,
) -> dict[str, int]:
    """Count so many units available of each warehouse SKU, none reserved, and plan the offers."""
    pools = {sku: Pool(available=units, reserved=0, doubt=doubt) for sku, units in available.items()}
    rules = Rules(skus=SKUS, buffer=(buffers or BufferBook()).rule)
    with ledger.begin() as conn:
        return plan_offers(conn, "main", {(): pools}, rules, now)


def claim(ledger: Ledger, *, limit: int = 100, now: datetime = NOW) -> list[tuple[int, str, int]]:
    """Take what is planned: (listing id, seller SKU, units), in the order it is sent."""
    with ledger.begin() as conn:
        found = claim_quantities(conn, "main", limit, ANY_RUN, now)
    return [(number, quantity.seller_sku, quantity.units) for number, quantity in found]


def publish(ledger: Ledger, *, accepted: bool = True, now: datetime = NOW) -> dict[str, int]:
    """Send everything that is planned, and have Amazon take or refuse it: units by seller SKU."""
    claimed = claim(ledger, now=now)
    for number, _, _ in claimed:
        with ledger.begin() as conn:
            issue = ListingIssue(severity=IssueSeverity.ERROR, code="", message="the price is missing")
            answer = PublishAnswer(accepted=accepted, issues=() if accepted else (issue,))
            record_published(conn, {number: answer}, now)
    return {sku: units for _, sku, units in claimed}


def to_read(
    ledger: Ledger, state: ListingState, *, limit: int = 10, in_doubt: bool = False
) -> dict[str, tuple[str, ...]]:
    """Listings of a state not seen since a minute ago, by marketplace."""
    with ledger.begin() as conn:
        return listings_to_read(conn, "main", state, NOW + MINUTE, limit, in_doubt=in_doubt)


def effective(ledger: Ledger, units: int, *skus: str) -> None:
    """Listings in GB whose quantity was published and is in effect."""
    known = skus or ("A",)
    listed(ledger, dict.fromkeys(known, 0))
    plan(ledger, dict.fromkeys(known, units))
    publish(ledger)
    look(ledger, dict.fromkeys(known, units))
