"""searchOrders and getOrder, Orders API 2026-01-01."""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from sandbox.amazon.answers import Answer, Call, Refusal, invalid, moment, stamp
from sandbox.amazon.order import DATASETS, STATUSES, Order
from sandbox.amazon.orderbook import Key
from sandbox.amazon.strict import between, instant, many, one_of, text
from sandbox.amazon.world import HOLD_BACK, AmazonWorld

SEARCH_QUERY = {
    "createdAfter": text,
    "createdBefore": text,
    "lastUpdatedAfter": text,
    "lastUpdatedBefore": text,
    "fulfillmentStatuses": one_of(*STATUSES),
    "marketplaceIds": many(50),
    "fulfilledBy": one_of("MERCHANT", "AMAZON"),
    "maxResultsPerPage": between(1, 100),
    "paginationToken": text,
    "includedData": one_of(*DATASETS),
}
GET_QUERY = {"includedData": one_of(*DATASETS)}
FREE_TO_CHANGE = {"maxResultsPerPage", "includedData", "paginationToken"}
TOKEN_LIFE = timedelta(hours=24)
MOST_TOKENS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where a pagination token goes on: fixed parameters, the last key given out, the upper bound."""

    asked: dict[str, str]
    after: Key
    until: datetime
    expires: datetime


def search_orders(world: AmazonWorld, call: Call) -> Answer:
    """One page of orders, oldest change first, at most 100."""
    family = _family(call)
    asked = {name: value for name, value in call.query.items() if name not in FREE_TO_CHANGE}
    page = _resumed(world, call, asked) or _first(world, call, family, asked)
    size = int(call.query.get("maxResultsPerPage", "100"))
    found = _matching(world, call, family, page)
    batch = list(islice(found, size))
    more = next(iter(found), None) is not None
    datasets = frozenset(call.csv("includedData"))
    now = world.now()
    written = b",".join(order.written(datasets, now) for _, order in batch)
    tail: dict[str, object] = {f"{family}Before": stamp(page.until)}
    if more:
        tail["pagination"] = {"nextToken": _token(world, page, batch[-1][0])}
    body = b'{"orders":[' + written + b"]," + json.dumps(tail).encode()[1:]
    return Answer(body=body)


def get_order(world: AmazonWorld, call: Call) -> Answer:
    """One order by its id."""
    order = world.orders.get(call.path["orderId"])
    if order is None:
        raise Refusal(404, "NotFound", "The requested order was not found.")
    written = order.written(frozenset(call.csv("includedData")), world.now())
    return Answer(body=b'{"order":' + written + b"}")


def _family(call: Call) -> str:
    after = [name for name in ("createdAfter", "lastUpdatedAfter") if name in call.query]
    if len(after) != 1:
        raise invalid("Invalid Input", "Exactly one of createdAfter and lastUpdatedAfter is required.")
    family = after[0].removesuffix("After")
    other = {"created": "lastUpdated", "lastUpdated": "created"}[family]
    if f"{other}Before" in call.query:
        raise invalid("Invalid Input", "Created and lastUpdated parameters cannot be mixed.")
    for name in (f"{family}After", f"{family}Before"):
        if name in call.query and not instant(call.query[name]):
            raise invalid("Invalid Input", f"{name} is not an ISO 8601 date-time.")
    return family


def _first(world: AmazonWorld, call: Call, family: str, asked: dict[str, str]) -> Page:
    now = world.now()
    newest = now - timedelta(seconds=world.clock.scaled(HOLD_BACK))
    newest = newest.replace(microsecond=newest.microsecond // 1000 * 1000)
    start = _utc(call.query[f"{family}After"])
    until = newest
    if f"{family}Before" in call.query:
        until = _utc(call.query[f"{family}Before"])
        if until > newest:
            raise invalid("Invalid Input", f"{family}Before must be at least 2 minutes before now.")
        if until < start:
            raise invalid("Invalid Input", f"{family}Before must not be earlier than {family}After.")
    if start > now:
        raise invalid("Invalid Input", f"{family}After must not be in the future.")
    return Page(asked=asked, after=(start, ""), until=until, expires=now + TOKEN_LIFE)


def _utc(value: str) -> datetime:
    parsed = moment(value)
    assert parsed is not None  # _family has looked at it
    return parsed.astimezone(UTC)


def _resumed(world: AmazonWorld, call: Call, asked: dict[str, str]) -> Page | None:
    token = call.query.get("paginationToken")
    if token is None:
        return None
    page = world.pages.get(token)
    if not isinstance(page, Page) or page.expires < world.now():
        raise invalid("Invalid Input", "The pagination token is unknown or has expired.")
    if page.asked != asked:
        raise invalid("Invalid Input", "The parameters differ from those of the first page.")
    return page


def _token(world: AmazonWorld, page: Page, last: Key) -> str:
    token = secrets.token_urlsafe(24)
    while len(world.pages) >= MOST_TOKENS:  # a demo may run for days
        del world.pages[next(iter(world.pages))]
    following = (last[0], last[1] + "\0")  # the first key behind the last one given out
    world.pages[token] = Page(
        asked=page.asked, after=following, until=page.until, expires=world.now() + TOKEN_LIFE
    )
    return token


def _matching(world: AmazonWorld, call: Call, family: str, page: Page) -> Iterable[tuple[Key, Order]]:
    statuses, markets = frozenset(call.csv("fulfillmentStatuses")), frozenset(call.csv("marketplaceIds"))
    ship = frozenset(call.csv("fulfilledBy"))
    return (
        (key, order)
        for key, order in world.book.between(family, page.after, page.until)
        if (not statuses or order.status in statuses)
        and (not markets or order.marketplace_id in markets)
        and (not ship or order.fulfilled_by in ship)
    )
