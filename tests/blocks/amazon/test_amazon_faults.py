from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from scripted_amazon import FreeDesk, Reply, account, errors, scripted, told

from domain.amazon import Quantity, ShipConfirm
from domain.errors import Refused, TryAgain

SINCE = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
ORDER = "111-1111111-1111111"
CLAIM = ShipConfirm(
    order_id=ORDER,
    marketplace_id="ATVPDKIKX0DER",
    package_reference_id="7",
    carrier_code="UPS",
    carrier_name="",
    shipping_method="",
    tracking="1Z999",
    shipped_at=SINCE,
    contents=(("11", 2),),
)
QUANTITY = Quantity(marketplace_id="ATVPDKIKX0DER", seller_sku="SKU-1", units=3)
CALLS = {
    "searchOrders": lambda door: door.fetch_orders(since=SINCE, page_token=None),
    "getOrder": lambda door: door.fetch_order(ORDER),
    "confirmShipment": lambda door: door.confirm_shipment(CLAIM),
    "patchListingsItem": lambda door: door.publish_quantity(QUANTITY),
    "searchListingsItems": lambda door: door.fetch_listings("ATVPDKIKX0DER", ["SKU-1"]),
    "getListingsItem": lambda door: door.fetch_listing("ATVPDKIKX0DER", "SKU-1"),
    "createFeedDocument": lambda door: door.upload_quantities([QUANTITY]),
    "uploadFeedDocument": lambda door: door.upload_quantities([QUANTITY]),
    "createFeed": lambda door: door.submit_feed("ATVPDKIKX0DER", "d"),
    "getFeeds": lambda door: door.fetch_feeds("ATVPDKIKX0DER", SINCE),
    "getFeed": lambda door: door.fetch_feed("1"),
    "cancelFeed": lambda door: door.cancel_feed("1"),
    "getFeedDocument": lambda door: door.fetch_feed_report("d"),
    "downloadDocument": lambda door: door.fetch_feed_report("d"),
    "createReport": lambda door: door.ask_listing_report("ATVPDKIKX0DER"),
    "getReport": lambda door: door.fetch_report("1"),
    "getReportDocument": lambda door: door.fetch_listing_report("d"),
}
WRITES = {"confirmShipment", "patchListingsItem", "createFeed", "cancelFeed"}
PRESIGNED = {"uploadFeedDocument", "downloadDocument"}
STORED = "/stored/d"
PAGE = b"<html><body>Jane Doe, 1 High Street</body></html>"
BODIES = {
    "errors": Reply(body=b'{"errors":[{"code":"InvalidInput","message":"Bad \\u0000 thing."}]}'),
    "html": Reply(body=PAGE, kind="text/html"),
    "empty": Reply(body=b""),
    "gateway": Reply(body=b'{"message":"Jane Doe"}'),
    "cut json": Reply(body=b'{"orders":[{"orderId":'),
}
STATUSES = (301, 400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 502, 503, 504)
NO_ANSWERS = {
    "200 html": Reply(body=PAGE, kind="text/html"),
    "200 empty": Reply(body=b""),
    "200 empty object": told({}),
    "200 list": told([]),
    "200 errors": errors(200),
    "200 message": told({"message": "Jane Doe"}),
    "200 null": told(None),
    "reset": Reply(act="reset"),
    "cut": Reply(body=b'{"orders":[', act="cut"),
    "hang": Reply(act="hang"),
}


def replies(call, reply):
    """A script that replies so to the call itself, and well to what has to go before it."""

    def script(asked):
        if call not in PRESIGNED or asked.path == STORED:
            return reply
        return told({"feedDocumentId": "d", "url": f"http://{asked.headers['host']}{STORED}"})

    return script


def records_of(call, desk):
    """What was recorded of the call itself."""
    return [row for row in desk.records if row[0] == call]


def ask(call, reply):
    """What a door raises when Amazon replies so, with the desk it reported to."""
    with scripted(replies(call, reply)) as amazon:
        desk = FreeDesk()
        return raised_by(call, account(amazon.url).open(desk, timeout=0.3)), desk


def raised_by(call, door):
    with pytest.raises((TryAgain, Refused)) as raised:
        CALLS[call](door)
    assert "Jane" not in str(raised.value)
    assert "\x00" not in str(raised.value)
    return raised.value


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("body", BODIES)
def test_no_failed_reply_looks_like_a_success(call, body):
    """Every status with every kind of body ends in TryAgain or Refused, and is recorded."""
    said = BODIES[body]
    with scripted(Reply()) as amazon:
        door = account(amazon.url).open(FreeDesk())
        for status in STATUSES:
            amazon.script = replies(call, replace(said, status=status))
            desk = FreeDesk()
            error = raised_by(call, replace(door, desk=desk))
            rounds = 2 if status in {401, 403} and call not in PRESIGNED else 1
            own = records_of(call, desk)
            assert len(own) == rounds, status
            assert own[0][2].startswith(str(status))
            assert desk.emptied == ([call] if status == 429 else [])
            if status >= 500 or status in {301, 408, 429} or call in PRESIGNED:
                assert isinstance(error, TryAgain), status
            if isinstance(error, TryAgain) and status >= 500:
                assert error.maybe_done == (call in WRITES), status


# The storage says nothing when it took a document.
SAYS_ALL = ("uploadFeedDocument", "200 empty")


@pytest.mark.parametrize(("call", "name"), [pair for pair in product(CALLS, NO_ANSWERS) if pair != SAYS_ALL])
def test_no_broken_reply_looks_like_a_success(call, name):
    """A reply that is no answer is worth another try, and a write may have been done."""
    error, _ = ask(call, NO_ANSWERS[name])
    assert isinstance(error, TryAgain)
    assert error.maybe_done == (call in WRITES)


@pytest.mark.parametrize("call", sorted(CALLS.keys() - PRESIGNED))
def test_an_unreachable_amazon_was_told_nothing(call):
    """Without a connection nothing can have been done."""
    desk = FreeDesk()
    with scripted(Reply()) as amazon:
        token_url = f"{amazon.url}/auth/o2/token"
        door = account(amazon.url, endpoint="http://127.0.0.1:1", token_url=token_url).open(desk)
        with pytest.raises(TryAgain) as raised:
            CALLS[call](door)
    assert not raised.value.maybe_done
    assert [outcome for _, _, outcome in desk.records] == ["unreachable"]


@pytest.mark.parametrize("call", sorted(CALLS.keys() - PRESIGNED - {"searchOrders", "getOrder"}))
@pytest.mark.parametrize("status", [400, 404, 409, 413, 415])
def test_amazons_own_refusal_is_final_and_quoted(call, status):
    """A refusal with Amazon's words carries its text and its code."""
    error, _ = ask(call, errors(status, "InvalidInput", "The carrier is wrong."))
    assert isinstance(error, Refused)
    assert error.code == "InvalidInput"
    assert "The carrier is wrong. " not in str(error)
    assert "The carrier is wrong (InvalidInput)." in str(error)


@pytest.mark.parametrize("call", ["searchOrders", "getOrder"])
def test_a_refused_reading_of_orders_is_never_final(call):
    """A region once answered 400 for half a day: reading orders is tried again."""
    error, _ = ask(call, errors(400))
    assert isinstance(error, TryAgain)


def test_the_telling_word_of_a_refused_confirm_becomes_the_code():
    """What Amazon hides in the text of a general refusal is the code."""
    text = "Failed to create package. errorMetric=PackageToUpdateNotFound"
    assert ask("confirmShipment", errors(400, message=text))[0].code == "PackageToUpdateNotFound"
    text = "ErrorCode: NonexistentOrderItem . Failed to find order item list by order ID"
    assert ask("confirmShipment", errors(400, message=text))[0].code == "NonexistentOrderItem"


def test_a_throttled_call_says_when_to_come_back():
    """A stated wait is passed on, and the desk hears that the budget is empty."""
    reply = told({"errors": [{"code": "QuotaExceeded", "message": "No."}]}, 429, Retry_After="12")
    error, desk = ask("confirmShipment", reply)
    assert isinstance(error, TryAgain)
    assert (error.after, error.maybe_done) == (12.0, False)
    assert desk.emptied == ["confirmShipment"]


def test_a_denied_role_is_told_from_a_bad_token():
    """A 403 that does not speak of tokens points at roles, after one fresh token."""
    error, desk = ask("getOrder", errors(403, "Unauthorized", "Access to requested resource is denied."))
    assert isinstance(error, Refused)
    assert "roles" in str(error)
    assert len(desk.records) == 2


def test_a_used_up_budget_makes_no_call():
    """When the wait is longer than the patience nothing is sent, and the wait is passed on."""
    desk = FreeDesk(wait=179.0)
    with scripted(Reply()) as amazon:
        with pytest.raises(TryAgain) as raised:
            CALLS["searchOrders"](account(amazon.url).open(desk))
        assert (raised.value.after, raised.value.maybe_done) == (179.0, False)
        assert amazon.asked == amazon.logins == desk.records == []


def test_a_short_wait_is_waited():
    """Within its patience a call waits for its turn and is made."""
    desk = FreeDesk(wait=0.05)
    with scripted(told({"orders": []}, x_amzn_RateLimit_Limit="0.0123")) as amazon:
        CALLS["searchOrders"](account(amazon.url).open(desk))
        assert len(amazon.asked) == 1
    assert desk.corrected == [("searchOrders", 0.0123)]
    assert desk.records == [("searchOrders", "", "ok")]


@pytest.mark.parametrize("rate", ["", "fast", "-1", "0", "nan", "inf"])
def test_a_rate_that_is_none_corrects_nothing(rate):
    """The header is a best effort of Amazon's, and is believed only when it is a rate."""
    desk = FreeDesk()
    with scripted(told({"orders": []}, x_amzn_RateLimit_Limit=rate)) as amazon:
        CALLS["searchOrders"](account(amazon.url).open(desk))
    assert desk.corrected == []
