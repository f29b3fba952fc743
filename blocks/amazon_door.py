"""One seller account at Amazon: the calls Lockstep makes, each within its budget and on the record."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import httpx

from blocks.amazon_faults import Deed, lost, outcome_of, verdict
from blocks.amazon_guard import Answer, Fault, Session
from blocks.wire.amazon_answer import write_time
from blocks.wire.amazon_listings import parse_listing, parse_listings, parse_submission, quantity_body
from blocks.wire.amazon_orders import INCLUDED_DATA, parse_order, parse_orders_page
from blocks.wire.amazon_shipments import confirm_body
from domain.amazon import AmazonOrder, OrdersPage, PublishAnswer, Quantity, SeenListing, ShipConfirm
from domain.errors import Refused, TryAgain
from domain.ports import CallDesk

_T = TypeVar("_T")
_PAGE = 100  # Amazon's largest page of orders
_BATCH = 20  # Amazon's largest number of SKUs in one search for listings
_LISTING_DATA = "fulfillmentAvailability,issues"


@dataclass(frozen=True, slots=True, kw_only=True)
class SellingPartnerDoor:
    """Implements `domain.ports.AmazonDoor`. `patience` is how many seconds a call may wait for its budget."""

    account: str
    seller_id: str
    marketplaces: tuple[str, ...]
    session: Session = field(repr=False)
    desk: CallDesk = field(repr=False)
    patience: float

    def fetch_orders(self, *, since: datetime, page_token: str | None) -> OrdersPage:
        """One page of merchant-fulfilled orders changed after `since` (UTC), oldest first.

        No upper bound is asked for: Amazon takes its own and says which (`read_until`, None when it does not).
        A further page repeats the same `since` with the page token; a token lives 24 hours.

        Raises:
            TryAgain: When Amazon did not answer usefully; nothing was read.
            Refused: When Amazon does not let this account read orders.
        """
        query: dict[str, Any] = {
            "lastUpdatedAfter": write_time(since),
            "marketplaceIds": ",".join(self.marketplaces),
            "fulfilledBy": "MERCHANT",
            "includedData": INCLUDED_DATA,
            "maxResultsPerPage": _PAGE,
        }
        if page_token is not None:
            query["paginationToken"] = page_token
        deed = Deed(operation="searchOrders", subject="", doing="reading changed orders")
        return self._call(
            deed,
            lambda: self.session.orders.search_orders(**query),
            lambda answer: parse_orders_page(answer.payload, page_token=page_token),
        )

    def fetch_order(self, order_id: str) -> AmazonOrder:
        """One order with its packages.

        Raises:
            TryAgain: When Amazon did not answer usefully.
            Refused: When Amazon does not know the order, or its answer cannot be understood.
        """
        deed = Deed(operation="getOrder", subject=order_id, doing=f"reading order {order_id}")
        _check_segment("order id", order_id)
        return self._call(
            deed,
            lambda: self.session.orders.get_order(order_id, includedData=INCLUDED_DATA),
            lambda answer: parse_order(answer.payload),
        )

    def order_reads(self) -> tuple[float, float]:
        """How many getOrder calls can be made at once now, and how many at most."""
        return self.desk.left("getOrder")

    def confirm_shipment(self, claim: ShipConfirm) -> None:
        """Tell Amazon that a parcel shipped. Returning means 204, which is not yet proof.

        Raises:
            TryAgain: When Amazon did not answer usefully; with `maybe_done` it may have taken the parcel.
            Refused: When Amazon said no, or is known to; `code` is its telling word.
        """
        doing = f"confirming the shipment of order {claim.order_id}"
        deed = Deed(operation="confirmShipment", subject=claim.order_id, doing=doing, writes=True)
        _check_segment("order id", claim.order_id)
        body = confirm_body(claim)
        self._call(
            deed, lambda: self.session.shipments.confirm_shipment(claim.order_id, **body), _expect_no_content
        )

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
        _check_segment("SKU", sku)
        body = quantity_body(quantity)
        return self._call(
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
        for sku in wanted:
            if "," in sku:
                seen += self._get_listing(marketplace_id, sku)
        return tuple(listing for listing in seen if listing.seller_sku in wanted)

    def _search_listings(self, marketplace_id: str, skus: list[str]) -> tuple[SeenListing, ...]:
        deed = Deed(operation="searchListingsItems", subject=skus[0], doing=f"reading {len(skus)} listings")
        query = {
            "marketplaceIds": marketplace_id,
            "identifiers": ",".join(skus),
            "identifiersType": "SKU",
            "includedData": _LISTING_DATA,
            "pageSize": _BATCH,
        }
        return self._call(
            deed,
            lambda: self.session.listings.search_listings_items(self.seller_id, **query),
            lambda answer: parse_listings(answer.payload, marketplace_id),
        )

    def _get_listing(self, marketplace_id: str, sku: str) -> tuple[SeenListing, ...]:
        deed = Deed(operation="getListingsItem", subject=sku, doing=f"reading the listing {sku}")
        query = {"marketplaceIds": marketplace_id, "includedData": _LISTING_DATA}
        _check_segment("SKU", sku)
        try:
            seen = self._call(
                deed,
                lambda: self.session.listings.get_listings_item(self.seller_id, sku, **query),
                lambda answer: parse_listing(answer.payload, marketplace_id),
            )
        except Refused as refusal:
            if refusal.code.upper() in {"NOT_FOUND", "NOTFOUND"}:
                return ()
            raise
        return (seen,)

    def _call(self, deed: Deed, send: Callable[[], Any], read: Callable[[Answer], _T]) -> _T:
        """One call, and once more with a fresh token when Amazon did not take the one it was made with."""
        try:
            return self._once(deed, send, read)
        except Fault as fault:
            if fault.status not in {401, 403}:
                raise verdict(deed, fault) from None
        try:
            return self._once(deed, send, read)
        except Fault as fault:
            raise verdict(deed, fault) from None

    def _wait_for_turn(self, deed: Deed) -> None:
        wait = self.desk.admit(deed.operation, self.patience)
        if wait > self.patience:
            told = f"The budget for {deed.operation} is used up for {wait:.0f} seconds; {deed.doing} has to wait."
            raise TryAgain(told, after=wait, pause=True)
        if wait > 0:
            time.sleep(wait)

    def _once(self, deed: Deed, send: Callable[[], Any], read: Callable[[Answer], _T]) -> _T:
        self._wait_for_turn(deed)
        started, outcome = time.monotonic(), "no token"  # what is missing when nothing was sent
        try:
            answer: Answer = send()
            outcome = "not understood"
            self._correct(deed, answer.rate)
            value = read(answer)
            outcome = "ok"
            return value
        except Fault as fault:
            outcome = outcome_of(fault)
            self._correct(deed, fault.rate)
            if fault.status == httpx.codes.TOO_MANY_REQUESTS:
                self.desk.throttled(deed.operation)
            raise
        except httpx.HTTPError as error:
            outcome = outcome_of(error)
            raise lost(deed, error) from error
        finally:
            took = round((time.monotonic() - started) * 1000)
            self.desk.record(deed.operation, deed.subject, outcome, took)

    def _correct(self, deed: Deed, rate: float | None) -> None:
        if rate is not None:
            self.desk.correct(deed.operation, rate)


def _expect_no_content(answer: Answer) -> None:
    if answer.status != httpx.codes.NO_CONTENT:
        told = (
            f"Amazon answered a ship confirm with {answer.status} instead of 204. It may have taken effect."
        )
        raise TryAgain(told, maybe_done=True)


def _check_segment(what: str, value: str) -> None:
    """A blank or dotted part of a path would address something else than what was meant."""
    if value.strip() in {"", ".", ".."}:
        raise Refused(f"Amazon cannot be asked about the {what} {value!r}.", code="InvalidInput")
