"""One seller account at Amazon: the calls Lockstep makes, each within its budget and on the record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from blocks.amazon.calls import check_segment
from blocks.amazon.faults import Deed
from blocks.amazon.guard import Answer
from blocks.amazon.job_calls import JobCalls
from blocks.amazon.listing_calls import ListingCalls
from blocks.wire.amazon.answer import write_time
from blocks.wire.amazon.orders import INCLUDED_DATA, parse_order, parse_orders_page
from blocks.wire.amazon.shipments import confirm_body
from domain.amazon import AmazonOrder, OrdersPage, ShipConfirm
from domain.errors import TryAgain

_PAGE = 100  # Amazon's largest page of orders


@dataclass(frozen=True, slots=True, kw_only=True)
class SellingPartnerDoor(ListingCalls, JobCalls):
    """Implements `domain.ports.AmazonDoor`. `patience` is how many seconds a call may wait for its budget."""

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
        return self.call(
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
        check_segment("order id", order_id)
        return self.call(
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
        check_segment("order id", claim.order_id)
        body = confirm_body(claim)
        self.call(
            deed, lambda: self.session.shipments.confirm_shipment(claim.order_id, **body), _expect_no_content
        )


def _expect_no_content(answer: Answer) -> None:
    if answer.status != httpx.codes.NO_CONTENT:
        told = (
            f"Amazon answered a ship confirm with {answer.status} instead of 204. It may have taken effect."
        )
        raise TryAgain(told, maybe_done=True)
