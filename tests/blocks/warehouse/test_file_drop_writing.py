"""What we write into a file drop."""

import csv
import io
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from blocks.wire.file_drop.outgoing import CANCEL_COLUMNS, ORDER_COLUMNS, cancel_csv, mentions, orders_csv
from domain.recipient import Recipient
from domain.warehouse import CancelRequest, ReleaseLine
from tests.blocks.warehouse.sites import order

PROMISED_ORDERS = (
    "order_ref,amazon_order_id,release_no,line_ref,sku,qty,ship_by,deliver_by,service_level,recipient,company,"
    "addr1,addr2,addr3,city,region,postcode,country,phone,email,gift_message,notes"
)


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_columns_are_those_promised():
    """The headers are to the letter what the page for warehouses says."""
    assert ",".join(ORDER_COLUMNS) == PROMISED_ORDERS
    assert orders_csv([]).decode() == PROMISED_ORDERS + "\n"
    assert ",".join(CANCEL_COLUMNS) == "order_ref,line_ref,reason"


def test_one_row_per_line_and_component():
    """Each line of an order is a row; a kit is one row per component under the same line reference."""
    lines = (
        ReleaseLine(line_ref="60001", sku="MUG", quantity=2),
        ReleaseLine(line_ref="60001", sku="TRAY", quantity=1),
    )
    found = rows(orders_csv([replace(order(), lines=lines), order("202-7654321-7654321-2")]))
    assert [(row["order_ref"], row["line_ref"], row["sku"], row["qty"]) for row in found] == [
        ("202-1234567-1234567-1", "60001", "MUG", "2"),
        ("202-1234567-1234567-1", "60001", "TRAY", "1"),
        ("202-7654321-7654321-2", "60001", "MUG-RED", "1"),
    ]


def test_values_are_kept_and_line_breaks_become_spaces():
    """Commas, quotes, letters of any script and formulas stay as they are; a line break becomes a space."""
    person = Recipient(
        name='=SUM(A1), "Zoë"',
        address_line_1="1 High St\r\nFlat 2",
        city="東京",
        country="JP",
        gift_message="a\nb\u2028c\0",
    )
    content = orders_csv([replace(order(), recipient=person)])
    (row,) = rows(content)
    assert (row["recipient"], row["addr1"], row["city"]) == ('=SUM(A1), "Zoë"', "1 High St Flat 2", "東京")
    assert row["gift_message"] == "a b c"
    assert content.count(b"\n") == 2


def test_times_are_utc_with_zone_and_need_one():
    """A time of any zone is written in UTC with Z; an unknown one is empty; one without zone is an error."""
    local = datetime(2026, 11, 27, 19, 30, tzinfo=timezone(timedelta(hours=1)))
    (row,) = rows(orders_csv([replace(order(), ship_by=local)]))
    assert (row["ship_by"], row["deliver_by"]) == ("2026-11-27T18:30:00Z", "")
    with pytest.raises(ValueError, match="no zone"):
        orders_csv([replace(order(), ship_by=local.replace(tzinfo=None))])


def test_cancel_of_a_line_and_of_all():
    """A wish to cancel names a line, or none for the whole order."""
    wishes = [
        CancelRequest(reference="O-1", line_ref="", reason="Buyer asked"),
        CancelRequest(reference="O-2", line_ref="60001", reason=""),
    ]
    assert cancel_csv(wishes).decode() == "order_ref,line_ref,reason\nO-1,,Buyer asked\nO-2,60001,\n"


def test_a_reference_is_not_found_inside_a_longer_one():
    """Release 1 of an order is not mistaken for release 10."""
    content = orders_csv([order("202-1234567-1234567-10")])
    assert mentions(content, "202-1234567-1234567-10")
    assert not mentions(content, "202-1234567-1234567-1")
