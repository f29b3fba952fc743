"""What we write into a file drop: orders and wishes to cancel, as CSV (docs/file-drop.md)."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from domain.warehouse import CancelRequest, FulfillmentOrder

ORDER_COLUMNS = (
    *("order_ref", "amazon_order_id", "release_no", "line_ref", "sku", "qty"),
    *("ship_by", "deliver_by", "service_level"),
    *("recipient", "company", "addr1", "addr2", "addr3", "city", "region", "postcode", "country"),
    *("phone", "email", "gift_message", "notes"),
)
CANCEL_COLUMNS = ("order_ref", "line_ref", "reason")


def orders_csv(orders: Iterable[FulfillmentOrder]) -> bytes:
    """The content of `in/orders-*.csv`: UTF-8 with a header, one row per line of an order.

    The same orders always give the same bytes, so that a repeated hand-over can be recognized.

    Raises:
        ValueError: a time without a zone.
    """
    rows = (row for order in orders for row in _order_rows(order))
    return _csv(ORDER_COLUMNS, rows)


def cancel_csv(requests: Iterable[CancelRequest]) -> bytes:
    """The content of `in/cancel-*.csv`; an empty `line_ref` is the whole order."""
    return _csv(CANCEL_COLUMNS, ((wish.reference, wish.line_ref, wish.reason) for wish in requests))


def mentions(content: bytes, reference: str) -> bool:
    """Whether a file names this order reference, and not merely one that begins like it.

    Works on bytes, because a file of the warehouse may be in another encoding and references are ASCII.
    """
    word = re.escape(reference.encode())
    return re.search(rb"(?<![A-Za-z0-9-])" + word + rb"(?![A-Za-z0-9-])", content) is not None


def _order_rows(order: FulfillmentOrder) -> Iterable[Sequence[str]]:
    head = (order.reference, order.amazon_order_id, str(order.release_no))
    person = order.recipient
    tail = (
        *(_time(order.ship_by), _time(order.deliver_by), order.service),
        *(person.name, person.company, person.address_line_1, person.address_line_2, person.address_line_3),
        *(person.city, person.region, person.postcode, person.country),
        *(person.phone, person.email, person.gift_message, person.notes),
    )
    return ((*head, line.line_ref, line.sku, str(line.quantity), *tail) for line in order.lines)


def _time(moment: datetime | None) -> str:
    if moment is None:
        return ""
    if moment.tzinfo is None:
        raise ValueError(f"The time {moment.isoformat()} has no zone.")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_one_line(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8")


def _one_line(value: str) -> str:
    """The value without line breaks: many warehouse imports read a quoted line break as a new row."""
    return " ".join(value.replace("\0", "").splitlines())
