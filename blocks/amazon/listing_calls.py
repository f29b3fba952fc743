"""Quantities and listings, one by one and twenty at a time, over Listings Items 2021-08-01."""

from collections.abc import Sequence
from dataclasses import dataclass

from blocks.amazon.calls import AmazonCalls, check_segment
from blocks.amazon.faults import Deed
from blocks.wire.amazon.listings import parse_listing, parse_listings, parse_submission, quantity_body
from domain.amazon import PublishAnswer, Quantity, SeenListing
from domain.errors import Refused, TryAgain

_BATCH = 20  # Amazon's largest number of SKUs in one search for listings
_LISTING_DATA = "fulfillmentAvailability,issues,summaries"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingCalls(AmazonCalls):
    """The listings of one seller account."""

    def publish_quantity(self, quantity: Quantity) -> PublishAnswer:
        """Set the units of one merchant-fulfilled listing and touch nothing else of it.

        Raises:
            TryAgain: When Amazon did not answer usefully; with `maybe_done` it may have taken the quantity.
            Refused: When Amazon said no to the call itself; an INVALID quantity is an answer.
        """
        sku = quantity.seller_sku
        deed = Deed(
            operation="patchListingsItem", subject=sku, doing=f"setting the quantity of {sku}", writes=True
        )
        check_segment("SKU", sku)
        body = quantity_body(quantity)
        return self.call(
            deed,
            lambda: self.session.listings.patch_listings_item(
                self.seller_id, sku, body=body, marketplaceIds=quantity.marketplace_id, includedData="issues"
            ),
            lambda answer: parse_submission(answer.payload),
        )

    def fetch_listings(self, marketplace_id: str, seller_skus: Sequence[str]) -> tuple[SeenListing, ...]:
        """What is in effect for these listings, 20 a call; a listing Amazon does not know is absent.

        Raises:
            TryAgain: When Amazon did not answer usefully, or showed fewer listings than it counted.
            Refused: When Amazon does not let this account read its listings.
        """
        wanted = tuple(dict.fromkeys(seller_skus))
        plain = [sku for sku in wanted if "," not in sku]  # Amazon separates the SKUs of a search by commas
        seen: list[SeenListing] = []
        for start in range(0, len(plain), _BATCH):
            seen += self._search_listings(marketplace_id, plain[start : start + _BATCH])
        alone = (self.fetch_listing(marketplace_id, sku) for sku in wanted if "," in sku)
        seen += [listing for listing in alone if listing is not None]
        asked = set(wanted)
        return tuple(listing for listing in seen if listing.seller_sku in asked)

    def _search_listings(self, marketplace_id: str, skus: list[str]) -> tuple[SeenListing, ...]:
        deed = Deed(operation="searchListingsItems", subject=skus[0], doing=f"reading {len(skus)} listings")
        query = {
            "marketplaceIds": marketplace_id,
            "identifiers": ",".join(skus),
            "identifiersType": "SKU",
            "includedData": _LISTING_DATA,
            "pageSize": _BATCH,
        }
        return self.call(
            deed,
            lambda: self.session.listings.search_listings_items(self.seller_id, **query),
            lambda answer: parse_listings(answer.payload, marketplace_id),
        )

    def fetch_listing(self, marketplace_id: str, seller_sku: str) -> SeenListing | None:
        """What is in effect for one listing, out of a budget of its own; None: Amazon does not know it.

        Raises:
            TryAgain: When Amazon did not answer usefully.
            Refused: When Amazon does not let this account read its listings.
        """
        deed = Deed(
            operation="getListingsItem", subject=seller_sku, doing=f"reading the listing {seller_sku}"
        )
        query = {"marketplaceIds": marketplace_id, "includedData": _LISTING_DATA}
        check_segment("SKU", seller_sku)
        try:
            return self.call(
                deed,
                lambda: self.session.listings.get_listings_item(self.seller_id, seller_sku, **query),
                lambda answer: _the_one(parse_listing(answer.payload, marketplace_id), seller_sku),
            )
        except Refused as refusal:
            if refusal.code.upper() in {"NOT_FOUND", "NOTFOUND"}:
                return None
            raise


def _the_one(listing: SeenListing, seller_sku: str) -> SeenListing:
    if listing.seller_sku != seller_sku:
        raise TryAgain(f"Amazon showed another listing than {seller_sku}, so it was not believed.")
    return listing
