"""The desk where every request is received: token, throttle, faults, strictness, then the operation."""

import json
from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qsl

from sandbox.amazon.answers import Answer, Call, Refusal, errors, invalid
from sandbox.amazon.confirm import confirm_shipment
from sandbox.amazon.faults import ANSWERS, HOLLOW, SILENT, UNHEARD, UNTAKEN
from sandbox.amazon.listings import patch_listings_item
from sandbox.amazon.operations import Handler, Operation, find
from sandbox.amazon.records import Request
from sandbox.amazon.strict import check_body, check_query
from sandbox.amazon.world import AmazonWorld

TOKEN_PATH = "/auth/o2/token"  # noqa: S105 - an address
MOST_REMEMBERED = 200_000  # requests
# Amazon's models promise the rate header on success, 400 and 404 only.
WITH_HEADERS = (200, 201, 202, 204, 400, 404)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One HTTP request as the server read it."""

    method: str
    path: str
    query: str
    token: str
    content_type: str
    body: bytes
    endpoint: str
    request_id: str


def answer(world: AmazonWorld, incoming: Incoming) -> tuple[Answer, str]:
    """The answer, and the fault that the server has to play instead of it: one of `SILENT`, or nothing."""
    with world.lock:
        world.settle()
        found = find(incoming.method, incoming.path)
        name = "token" if incoming.path == TOKEN_PATH else found[0].name if found else ""
        fault = world.faults.next(name)
        told = _told(world, incoming, found, fault)
        silent = fault if fault in SILENT else ""
        _record(world, incoming, name, 0 if silent else told.status)
        return _dressed(world, incoming, name, told, fault), silent


def _told(
    world: AmazonWorld, incoming: Incoming, found: tuple[Operation, dict[str, str]] | None, fault: str
) -> Answer:
    if fault in ANSWERS:
        if fault == "403-expired":
            world.tokens.end(incoming.token)
        return ANSWERS[fault]
    if fault in UNHEARD:
        return Answer()
    if incoming.path == TOKEN_PATH:
        return _token(world, incoming)
    if found is None:
        return errors(404, "NotFound", "The requested resource was not found.")
    try:
        return _operated(world, incoming, found, fault)
    except Refusal as refusal:
        return refusal.answer


def _operated(
    world: AmazonWorld, incoming: Incoming, found: tuple[Operation, dict[str, str]], fault: str
) -> Answer:
    operation, path = found
    pairs = parse_qsl(incoming.query, keep_blank_values=True)
    if operation.presigned:
        return operation.handler(world, _call(incoming, operation, path, dict(pairs)))
    refused = world.tokens.refusal(incoming.token, world.now())
    if refused:
        return errors(403, "Unauthorized", "Access to requested resource is denied.", refused)
    if not world.buckets.take(operation.name):
        return ANSWERS["429"]
    call = _call(incoming, operation, path, check_query(pairs, operation.query))
    return _handler(operation, fault)(world, call)


def _handler(operation: Operation, fault: str) -> Handler:
    if fault in HOLLOW:
        return partial(confirm_shipment, fault=fault)
    if fault in UNTAKEN:
        return partial(patch_listings_item, fault=fault)
    return operation.handler


def _call(incoming: Incoming, operation: Operation, path: dict[str, str], query: dict[str, str]) -> Call:
    body = None
    if operation.body is not None:
        body = _json(incoming)
        check_body(body, operation.body)
    elif incoming.body and not operation.presigned:
        raise invalid("Invalid Input", "This operation takes no body.")
    return Call(
        operation=operation.name,
        path=path,
        query=query,
        body=body,
        raw=incoming.body,
        content_type=incoming.content_type,
        endpoint=incoming.endpoint,
    )


def _json(incoming: Incoming) -> object:
    if not incoming.content_type.startswith("application/json"):
        raise Refusal(415, "UnsupportedMediaType", "The body must be application/json.")
    try:
        return json.loads(incoming.body)
    except ValueError as error:
        raise invalid("Invalid Input", "The body is not JSON.") from error


def _token(world: AmazonWorld, incoming: Incoming) -> Answer:
    if incoming.method != "POST":
        return Answer(status=405)
    form = dict(parse_qsl(incoming.body.decode("utf-8", "replace")))
    if not incoming.content_type.startswith("application/x-www-form-urlencoded"):
        form = {}
    return world.tokens.grant(form, world.now())


def _record(world: AmazonWorld, incoming: Incoming, name: str, status: int) -> None:
    if len(world.requests) >= MOST_REMEMBERED:  # a demo may run for days
        del world.requests[: MOST_REMEMBERED // 2]
    query = "" if name in ("uploadFeedDocument", "downloadDocument") else incoming.query
    world.requests.append(
        Request(
            method=incoming.method,
            path=incoming.path,
            query=query,
            operation=name,
            status=status,
            at=world.now(),
        )
    )


def _dressed(world: AmazonWorld, incoming: Incoming, name: str, told: Answer, fault: str) -> Answer:
    headers = list(told.headers)
    rate = world.buckets.rate(name)
    gateway = told is ANSWERS.get(fault) and told.status not in (400, 404)
    if told.status in WITH_HEADERS and rate is not None and not gateway:
        headers += [("x-amzn-RateLimit-Limit", rate), ("x-amzn-RequestId", incoming.request_id)]
    kind = "text/plain" if fault == "wrong-content-type" else told.content_type
    return Answer(status=told.status, body=told.body, content_type=kind, headers=tuple(headers))
