"""Listings Items API 2021-08-01: patch, get and search."""

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from sandbox.amazon.answers import Answer, Call, Refusal, invalid, moment, reply, stamp
from sandbox.amazon.marketplaces import MARKETPLACES
from sandbox.amazon.order import asin
from sandbox.amazon.shelf import ATTRIBUTE, Listing, issue, issues_of, patched, submission
from sandbox.amazon.strict import between, instant, many, one_of, text
from sandbox.amazon.world import AmazonWorld

OPS = ("add", "replace", "merge", "delete")
PATCH = {"op!": str, "path!": str, "value": list}
PATCH_BODY = {"productType!": str, "patches!": [PATCH]}
_SETS = (
    "summaries",
    "attributes",
    "issues",
    "offers",
    "fulfillmentAvailability",
    "procurement",
    "relationships",
    "productTypes",
)
PATCH_QUERY = {
    "marketplaceIds!": many(50),
    "includedData": one_of("identifiers", "issues"),
    "mode": one_of("VALIDATION_PREVIEW"),
    "issueLocale": text,
}
GET_QUERY = {"marketplaceIds!": many(50), "issueLocale": text, "includedData": one_of(*_SETS)}
SEARCH_QUERY = GET_QUERY | {
    "identifiers": many(20),
    "identifiersType": one_of("ASIN", "SKU"),
    "createdAfter": instant,
    "createdBefore": instant,
    "lastUpdatedAfter": instant,
    "lastUpdatedBefore": instant,
    "withIssueSeverity": one_of("WARNING", "ERROR"),
    "withStatus": one_of("BUYABLE", "DISCOVERABLE"),
    "withoutStatus": one_of("BUYABLE", "DISCOVERABLE"),
    "sortBy": one_of("sku", "createdDate", "lastUpdatedDate"),
    "sortOrder": one_of("ASC", "DESC"),
    "pageSize": between(1, 20),
    "pageToken": text,
}


def patch_listings_item(world: AmazonWorld, call: Call, *, fault: str = "") -> Answer:
    """Takes a patch: ACCEPTED (effective later), INVALID (still 200) or VALID (preview)."""
    _check_seller(world, call)
    sku, patches = call.path["sku"], call.body["patches"]
    if not patches or any(patch["op"] not in OPS for patch in patches):
        raise Refusal(400, "BAD_REQUEST", "Invalid input", "No patch, or an unknown patch operation.")
    found = [world.listings.get((sku, market)) for market in call.csv("marketplaceIds")]
    issues = issues_of(patches)
    if None in found and not issues:
        issues = [issue("13013", "This SKU does not exist in the marketplace.", "sku")]
    if fault == "invalid-200":
        issues = [issue("90000900", "The attributes are invalid.", ATTRIBUTE)]
    if issues:
        return reply(submission(sku, "INVALID", issues))
    if "mode" in call.query:
        return reply(submission(sku, "VALID", []))
    for listing in found:
        if listing is not None and fault != "accepted-no-effect":
            world.submit(listing, patched(listing.submitted, patches), after=world.quantity_after)
    return reply(submission(sku, "ACCEPTED", []))


def get_listings_item(world: AmazonWorld, call: Call) -> Answer:
    """One SKU, of the first of the marketplaces that has it."""
    _check_seller(world, call)
    for market in call.csv("marketplaceIds"):
        listing = world.listings.get((call.path["sku"], market))
        if listing is not None:
            return reply(written(listing, call.csv("includedData") or ("summaries",)))
    raise Refusal(404, "NOT_FOUND", f"SKU '{call.path['sku']}' not found in the marketplaces.")


def search_listings_items(world: AmazonWorld, call: Call) -> Answer:
    """A page of at most 20 SKUs."""
    _check_seller(world, call)
    if ("identifiers" in call.query) != ("identifiersType" in call.query):
        raise invalid("Invalid input", "identifiers and identifiersType go together.")
    found = sorted(_found(world, call), key=_sort_key(call), reverse=call.query.get("sortOrder") != "ASC")
    size, start = int(call.query.get("pageSize", "10")), _start(call)
    sets = call.csv("includedData") or ("summaries",)
    document: dict[str, Any] = {
        "numberOfResults": len(found),
        "items": [written(listing, sets) for listing in found[start : start + size]],
    }
    if start + size < len(found):
        token = base64.urlsafe_b64encode(f"from:{start + size}".encode()).decode()
        document["pagination"] = {"nextToken": token}
    return reply(document)


def written(listing: Listing, sets: tuple[str, ...]) -> dict[str, Any]:
    """A listing in the shape of Item, with the data sets asked for."""
    _, _, currency = MARKETPLACES.get(listing.marketplace_id, ("", "", "USD"))
    summary = {
        "marketplaceId": listing.marketplace_id,
        "asin": asin(listing.seller_sku),
        "productType": listing.product_type,
        "conditionType": "new_new",
        "status": status_of(listing),
        "itemName": f"Rehearsal product {listing.seller_sku}",
        "createdDate": stamp(listing.created),
        "lastUpdatedDate": stamp(listing.updated),
    }
    offer = {
        "marketplaceId": listing.marketplace_id,
        "offerType": "B2C",
        "price": {"currencyCode": currency, "amount": listing.price},
    }
    parts: dict[str, Any] = {
        "summaries": [summary],
        "attributes": {ATTRIBUTE: [dict(value) for value in listing.submitted.values()]},
        "issues": [],
        "offers": [offer],
        "fulfillmentAvailability": _availability(listing),
        "procurement": [],
        "relationships": [],
        "productTypes": [{"marketplaceId": listing.marketplace_id, "productType": listing.product_type}],
    }
    return {"sku": listing.seller_sku} | {part: parts[part] for part in sets}


def status_of(listing: Listing) -> list[str]:
    """BUYABLE while there is a unit to sell."""
    buyable = any(value.get("quantity", 1) for value in listing.effective.values())
    return ["BUYABLE", "DISCOVERABLE"] if buyable else ["DISCOVERABLE"]


def _availability(listing: Listing) -> list[dict[str, Any]]:
    """The effective offer; Amazon tells no quantity for its own channels."""
    told: list[dict[str, Any]] = []
    for code, value in listing.effective.items():
        one: dict[str, Any] = {"fulfillmentChannelCode": code}
        if "quantity" in value and not code.startswith("AMAZON"):
            one["quantity"] = value["quantity"]
        told.append(one)
    return told


def _check_seller(world: AmazonWorld, call: Call) -> None:
    if call.path["sellerId"] != world.seller_id:
        raise Refusal(403, "Unauthorized", "Access to requested resource is denied.")


def _found(world: AmazonWorld, call: Call) -> list[Listing]:
    markets, wanted = call.csv("marketplaceIds"), set(call.csv("identifiers"))
    by_asin = call.query.get("identifiersType") == "ASIN"
    listings: Iterable[Listing] = world.listings.values()
    if wanted and not by_asin:  # a large catalog is not walked through for twenty SKUs
        named = ((sku, market) for sku in wanted for market in markets)
        listings = [world.listings[key] for key in named if key in world.listings]
    return [
        listing
        for listing in listings
        if listing.marketplace_id in markets
        and (not wanted or (asin(listing.seller_sku) if by_asin else listing.seller_sku) in wanted)
        and all(status in status_of(listing) for status in call.csv("withStatus"))
        and not any(status in status_of(listing) for status in call.csv("withoutStatus"))
        and "withIssueSeverity" not in call.query  # nothing here has issues
        and _in_time(listing, call)
    ]


def _in_time(listing: Listing, call: Call) -> bool:
    for name, value in (("created", listing.created), ("lastUpdated", listing.updated)):
        after, before = (
            moment(call.query.get(f"{name}After", "")),
            moment(call.query.get(f"{name}Before", "")),
        )
        if (after is not None and value < after) or (before is not None and value > before):
            return False
    return True


def _sort_key(call: Call) -> Any:  # noqa: ANN401 - the key of any sort order
    return {
        "sku": lambda listing: (listing.seller_sku, listing.marketplace_id),
        "createdDate": lambda listing: (listing.created, listing.seller_sku),
    }.get(call.query.get("sortBy", ""), lambda listing: (listing.updated, listing.seller_sku))


def _start(call: Call) -> int:
    token = call.query.get("pageToken")
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("from:"))
    except (ValueError, binascii.Error) as error:
        raise invalid("Invalid input", "The page token is unknown.") from error
