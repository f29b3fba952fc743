"""Tokens, throttling, headers and faults of the simulated Amazon do what they say."""

import time
from datetime import timedelta

import httpx
import pytest

from sandbox.amazon.faults import ANSWERS, FAULTS
from sandbox.amazon.server import AmazonServer
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from tests.sandbox.seller import GB, Seller, parcel


def place(world):
    return world.add_order(marketplace_id=GB, items=[("MUG/1 ü", 1)])


def path(order_id):
    return f"/orders/2026-01-01/orders/{order_id}"


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"refresh_token": "wrong"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 400, "invalid_scope"),
    ],
)
def test_wrong_credentials_get_no_token(seller, changes, status, error):
    """Login with Amazon refuses each wrong part with its own status and error."""
    answer = seller.token(**changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_token_lives_an_hour(world, seller):
    """A token is good for 3600 seconds; an ended, missing, made-up or grantless one opens nothing."""
    told = seller.token().json()
    assert (told["expires_in"], told["token_type"]) == (3600, "bearer")
    assert world.tokens.refusal(told["access_token"], world.now() + timedelta(seconds=3599)) == ""
    assert "expired" in world.tokens.refusal(told["access_token"], world.now() + timedelta(seconds=3601))
    scope = {"grant_type": "client_credentials", "scope": "sellingpartnerapi::notifications"}
    grantless = seller.token(**scope).json()["access_token"]
    for headers in ({}, {"x-amz-access-token": "made-up"}, {"x-amz-access-token": grantless}):
        seller.headers = headers
        assert seller.get("026-0000000-0000000").status_code == 403


def test_a_restricted_token_opens_too(seller):
    """CreateRestrictedDataToken gives a token that is taken in place of the access token."""
    body = {"restrictedResources": [{"method": "GET", "path": "/orders/v0/orders"}]}
    told = seller.call("POST", "/tokens/2021-03-01/restrictedDataToken", json=body).json()
    seller.headers = {"x-amz-access-token": told["restrictedDataToken"]}
    assert seller.get("026-0000000-0000000").status_code == 404


def test_the_usage_plan_throttles():
    """ConfirmShipment's burst of 10 passes, then 429 without rate header, then one per scaled token."""
    world = AmazonWorld(Clock(2))
    with AmazonServer(world) as server:
        seller = Seller(server)
        order_id = place(world)
        body = parcel(world, order_id)
        answers = [seller.confirm(order_id, body) for _ in range(14)]
        statuses = [answer.status_code for answer in answers]
        assert statuses[:10] == [204] * 10
        assert 429 in statuses[10:]
        throttled = answers[statuses.index(429)]
        assert throttled.json()["errors"][0]["code"] == "QuotaExceeded"
        assert "x-amzn-ratelimit-limit" not in throttled.headers
        assert answers[0].headers["x-amzn-ratelimit-limit"] == "4"
        time.sleep(0.3)
        assert seller.confirm(order_id, body).status_code == 204
        seller.http.close()


def test_a_search_bucket_holds_twenty():
    """SearchOrders passes 20 times and then not again: a token takes minutes."""
    world = AmazonWorld(Clock())
    with AmazonServer(world) as server:
        seller = Seller(server)
        assert [seller.search().status_code for _ in range(21)] == [200] * 20 + [429]
        seller.http.close()


def test_every_request_is_remembered_without_its_body(world, seller):
    """The list of requests has operation, status and time, and no body."""
    order_id = place(world)
    seller.get(order_id)
    seller.get("026-0000000-0000000")
    assert [(each.operation, each.status) for each in world.requests] == [
        ("token", 200),
        ("getOrder", 200),
        ("getOrder", 404),
    ]
    assert not hasattr(world.requests[0], "body")


def test_personal_data_is_not_in_reprs_requests_or_logs(world, seller, caplog, capfd):
    """A planted name, phone, email and gift message are in the answer asked for and nowhere else."""
    planted = ("Planted Person", "+44 1632 960001", "planted@example.com", "Planted Greeting")
    recipient = dict(zip(("name", "phone", "email"), planted, strict=False))
    with caplog.at_level("DEBUG"):
        order_id = world.add_order(
            marketplace_id=GB, items=[("MUG/1 ü", 1)], recipient=recipient, gift_message=planted[3]
        )
        told = seller.get(order_id, includedData="RECIPIENT,BUYER,FULFILLMENT").text
        seller.get(order_id, includedData="NONSENSE")
    assert all(word in told for word in planted)
    surfaces = f"{world.orders}{world.requests}{caplog.text}{capfd.readouterr()}"
    assert not any(word in surfaces for word in planted)


@pytest.mark.parametrize("fault", sorted(ANSWERS))
def test_an_answer_fault_is_given_once_and_has_no_effect(world, seller, fault):
    """An injected answer replaces one answer, nothing is applied, and the next call goes well."""
    order_id = place(world)
    world.inject("confirmShipment", fault)
    planned = ANSWERS[fault]
    answer = seller.confirm(order_id, parcel(world, order_id), check=False)
    assert (answer.status_code, answer.content) == (planned.status, planned.body)
    assert answer.headers["content-type"] == planned.content_type
    assert not world.orders[order_id].accepted
    seller.headers = {"x-amz-access-token": seller.token().json()["access_token"]}
    assert seller.confirm(order_id, parcel(world, order_id)).status_code == 204


def test_an_expired_token_stays_expired(world, seller):
    """After the fault 403-expired the same token is refused until a new one is fetched."""
    order_id = place(world)
    world.inject("getOrder", "403-expired")
    answers = [seller.get(order_id) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert "expired" in answers[1].text


def test_times_and_after_count_calls(world, seller):
    """After lets calls pass first, times says how many then go wrong."""
    order_id = place(world)
    world.inject("getOrder", "500-json", times=2, after=1)
    assert [seller.get(order_id).status_code for _ in range(4)] == [200, 500, 500, 200]


def test_a_reset_breaks_the_connection(world, seller):
    """The fault reset ends the connection without an answer and without effect."""
    order_id = place(world)
    world.inject("confirmShipment", "reset")
    with pytest.raises(httpx.TransportError):
        seller.confirm(order_id, parcel(world, order_id))
    assert not world.orders[order_id].accepted
    assert world.requests[-1].status == 0


@pytest.mark.parametrize(("fault", "applied"), [("hang-before", False), ("hang-after", True)])
def test_a_hang_gives_no_answer(world, seller, fault, applied):
    """hang-before has done nothing when the caller gives up, hang-after has done everything."""
    order_id = place(world)
    world.inject("confirmShipment", fault)
    seller.http.timeout = httpx.Timeout(0.5)
    with pytest.raises(httpx.ReadTimeout):
        seller.confirm(order_id, parcel(world, order_id))
    assert bool(world.orders[order_id].accepted) is applied


def test_a_wrong_content_type(world, seller):
    """The right document under text/plain."""
    order_id = place(world)
    world.inject("getOrder", "wrong-content-type")
    answer = seller.get(order_id)
    assert (answer.headers["content-type"], answer.json()["order"]["orderId"]) == ("text/plain", order_id)


def test_the_token_address_can_fail_too(world, seller):
    """Faults work for the operation token as for all others."""
    world.inject("token", "503-html")
    assert [seller.token().status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize(
    ("operation", "fault"), [("nothing", "429"), ("getOrder", "nothing"), ("getOrder", "204-no-effect")]
)
def test_unknown_faults_are_refused(world, operation, fault):
    """A fault or operation that does not exist, or do not fit, is a ValueError at once."""
    with pytest.raises(ValueError, match=r"called|belongs"):
        world.inject(operation, fault)


def test_all_promised_faults_exist():
    """The names that others rely on are all there."""
    promised = (
        "429 429-empty 500-json 503-html 503-empty 502-html 504-empty 401-json 403-expired 403-message "
        "400-invalid 404 200-html 200-empty reset hang-before hang-after 204-no-effect invalid-200 "
        "accepted-no-effect wrong-content-type 500-html 500-empty 503-json reset-before reset-after "
        "400-package-not-found 400-nonexistent-item 400-edits 400-item-id 400-type 400-ship-plus "
        "204-other-tracking 204-late"
    )
    assert set(promised.split()) == set(FAULTS)


def test_controls_answer_over_http(server, seller):
    """A control takes a JSON object and answers JSON; an unknown one is 404, a bad call 400."""
    server.controls["inject"] = lambda given: server.world.inject(**given)
    wrong = seller.http.post(
        server.endpoint + "/_sandbox/inject", json={"operation": "getOrder", "fault": "x"}
    )
    right = seller.http.post(
        server.endpoint + "/_sandbox/inject", json={"operation": "getOrder", "fault": "404"}
    )
    unknown = seller.http.get(server.endpoint + "/_sandbox/nothing")
    assert (wrong.status_code, right.status_code, unknown.status_code) == (400, 200, 404)
    assert seller.get("026-0000000-0000000").status_code == 404


def test_no_port_is_shared():
    """A port in use is refused when the server is made, not in its thread."""
    with AmazonServer(AmazonWorld(Clock())) as server, pytest.raises(OSError, match="in use"):
        AmazonServer(AmazonWorld(Clock()), server.port)
