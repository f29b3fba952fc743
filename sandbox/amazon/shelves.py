"""The listings of the simulated account: what is offered, and what Amazon and other apps do to it."""

from collections.abc import Sequence

from sandbox.amazon.makeup import price_of
from sandbox.amazon.shelf import ATTRIBUTE, Channel, Listing, issue
from sandbox.amazon.state import AmazonState

SEVERITIES = ("ERROR", "WARNING", "INFO")
ACTIONS = ("LISTING_SUPPRESSED", "ATTRIBUTE_SUPPRESSED", "CATALOG_ITEM_REMOVED", "SEARCH_SUPPRESSED")


class AmazonShelves(AmazonState):
    """The seller's listings. Thread-safe; what is done here shows at once."""

    def add_listing(  # noqa: PLR0913 - a listing has these sides
        self,
        seller_sku: str,
        marketplace_id: str,
        quantity: int,
        *,
        product_type: str = "PRODUCT",
        channel: str = "DEFAULT",
        lead_time_to_ship_max_days: int | None = None,
        restock_date: str | None = None,
    ) -> None:
        """Offers a SKU in a marketplace; channel DEFAULT is merchant-fulfilled."""
        extra = {"lead_time_to_ship_max_days": lead_time_to_ship_max_days, "restock_date": restock_date}
        offer: Channel = {"fulfillment_channel_code": channel, "quantity": quantity}
        offer |= {name: value for name, value in extra.items() if value is not None}
        with self.lock:
            now = self.now()
            self.listings[(seller_sku, marketplace_id)] = Listing(
                seller_sku=seller_sku,
                marketplace_id=marketplace_id,
                product_type=product_type,
                created=now,
                updated=now,
                price=price_of(seller_sku),
                submitted={channel: offer},
                effective={channel: dict(offer)},
            )

    def set_quantity_elsewhere(self, seller_sku: str, marketplace_id: str, quantity: int) -> None:
        """Another app sets a quantity; effective at once."""
        with self.lock:
            self.settle()
            listing = self.listings[(seller_sku, marketplace_id)]
            submitted = listing.submitted | {
                "DEFAULT": listing.submitted.get("DEFAULT", {}) | {"quantity": quantity}
            }
            self.submit(listing, submitted, after=0)
            self.settle()

    def effective_quantity(self, seller_sku: str, marketplace_id: str) -> int | None:
        """Units that buyers can order now; nothing without a merchant-fulfilled offer."""
        with self.lock:
            self.settle()
            return self.listings[(seller_sku, marketplace_id)].quantity()

    def add_issue(  # noqa: PLR0917 - an issue has these sides
        self,
        seller_sku: str,
        marketplace_id: str,
        severity: str,
        code: str,
        message: str,
        actions: Sequence[str] = (),
    ) -> None:
        """Amazon finds something wrong with a listing, and may act on it.

        Raises:
            ValueError: the severity or an action is none that Amazon documents.
        """
        if severity not in SEVERITIES or not set(actions) <= set(ACTIONS):
            raise ValueError(f"An issue is {', '.join(SEVERITIES)}, an action {', '.join(ACTIONS)}.")
        found = issue(code, message, ATTRIBUTE, severity, actions)
        with self.lock:
            self.listings[(seller_sku, marketplace_id)].issues.append(found)

    def clear_issues(self, seller_sku: str, marketplace_id: str) -> None:
        """Amazon finds nothing wrong with a listing any more, and a suppressed one comes back."""
        with self.lock:
            self.listings[(seller_sku, marketplace_id)].issues.clear()

    def suppress(self, seller_sku: str, marketplace_id: str) -> None:
        """Amazon takes a listing down: nobody can buy it, whatever its quantity."""
        message = "The listing is missing a required attribute and was taken down."
        self.add_issue(seller_sku, marketplace_id, "ERROR", "18027", message, actions=("LISTING_SUPPRESSED",))
