"""python-amazon-sp-api behind a guard: what is no answer can never look like an empty one.

The library knows paths and parameters. Its own reading of answers takes a gateway's error page for an empty
success, its credentials and marketplace may come from environment variables of another account, and every
object opens connections of its own. None of that is used here: credentials come from our block alone, one
connection pool serves all calls, and an answer is either understood or a `Fault`.
"""

import ipaddress
import json
import logging
import math
import weakref
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
from sp_api.api import FeedsV20210630, ListingsItemsV20210801, OrdersV0, OrdersV20260101, Reports
from sp_api.base import Client

from blocks.amazon.login import Credentials, Login, TokenStore
from blocks.wire.amazon.answer import one_line

REGIONS = {
    "NA": "https://sellingpartnerapi-na.amazon.com",
    "EU": "https://sellingpartnerapi-eu.amazon.com",
    "FE": "https://sellingpartnerapi-fe.amazon.com",
}
_TOKEN_HEADER = "x-amz-access-token"  # noqa: S105 - the name of a header
# These write addresses of calls (INFO) and whole headers with access tokens (DEBUG) to whatever listens.
_TALKATIVE = ("httpx", "httpcore", "sp_api", "sp_api.base.client", "sp_api.auth.access_token_client")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply Amazon meant: its status, its JSON object, and the rate it stated in calls per second.

    A stored document has `content` and its `content_type` instead of an object.
    """

    status: int
    payload: dict[str, Any] = field(repr=False)
    rate: float | None
    content: bytes = field(default=b"", repr=False)
    content_type: str = ""


class Fault(Exception):  # noqa: N818 - a fault of the reply; what to do about it is decided elsewhere
    """A reply that is no answer: Amazon's refusal, or something that is not Amazon's at all.

    `code` and `text` are Amazon's own words, both empty when the reply held none.
    """

    def __init__(self, response: httpx.Response, *, code: str, text: str) -> None:
        super().__init__(f"{response.status_code} {code}".strip())
        self.status = response.status_code
        self.code = code
        self.text = text
        self.rate = _number(response.headers.get("x-amzn-RateLimit-Limit"))
        self.after = _number(response.headers.get("retry-after"))


class _Guarded(Client):
    """The library's client without its ways of finding credentials, marketplaces and connections."""

    user_agent = "Lockstep/0.1 (Language=Python)"

    def __init__(self, *, endpoint: str, login: Login, http: httpx.Client) -> None:
        # Deliberately not the library's own __init__: it lets SP_API_DEFAULT_MARKETPLACE override the
        # endpoint, falls back to credentials of the environment and opens a connection pool per object.
        self.endpoint = endpoint
        self.marketplace_id = ""
        self.region = ""
        self.restricted_data_token = None
        self._auth: Any = login
        self._transport: Any = http  # asked for nothing but request(method, url, params, content, headers)

    @property
    def headers(self) -> dict[str, str]:
        """The library's headers with a host that is right for http and for a port, too."""
        return {**super().headers, "host": httpx.URL(self.endpoint).netloc.decode()}

    def _request(self, path: str, *, data: Any = None, params: Any = None, **rest: Any) -> Any:  # noqa: ANN401 - the library's own signature
        """The library's request without what it adds of its own accord.

        It puts the path into bodies of feeds, and marketplaces in four spellings into calls that state none.
        """
        data = {name: value for name, value in (data or {}).items() if name != "path"}
        return super()._request(path, data=data, params=params, **{**rest, "add_marketplace": False})

    def _check_response(
        self,
        res: httpx.Response,
        res_no_data: bool = False,  # noqa: ARG002, FBT001, FBT002 - the library's own signature
        bulk: bool = False,  # noqa: ARG002, FBT001, FBT002 - the same
        wrap_list: bool = False,  # noqa: ARG002, FBT001, FBT002 - the same
    ) -> Any:  # noqa: ANN401 - an Answer, where the library promises its own type
        if res.status_code in {401, 403}:
            self._auth.evict(res.request.headers.get(_TOKEN_HEADER, ""))
        payload = _object(res)
        errors = (payload or {}).get("errors")
        if res.is_success and not errors and (payload is not None or _is_silent(res)):
            rate = _number(res.headers.get("x-amzn-RateLimit-Limit"))
            return Answer(status=res.status_code, payload=payload or {}, rate=rate)
        first = errors[0] if isinstance(errors, list) and errors else None
        told = first if isinstance(first, dict) else {}
        text = one_line(_different(told.get("message"), told.get("details")))
        raise Fault(res, code=one_line((told.get("code"),), limit=60), text=text)


class _Orders(_Guarded, OrdersV20260101):
    """searchOrders and getOrder."""


class _Shipments(_Guarded, OrdersV0):
    """confirmShipment, which has no successor in the newer version."""


class _Listings(_Guarded, ListingsItemsV20210801):
    """getListingsItem, searchListingsItems and patchListingsItem."""


class Feeds(_Guarded, FeedsV20210630):
    """All of feeds but the documents' contents, which the library moves over connections of its own."""

    def describe_document(self, document_id: str) -> Any:  # noqa: ANN401 - an Answer
        """GetFeedDocument: where a document is, without fetching it."""
        return self._request(
            f"/feeds/2021-06-30/documents/{quote(document_id, safe='')}", params={"method": "GET"}
        )


class ReportCalls(_Guarded, Reports):
    """All of reports but the documents' contents."""

    def describe_document(self, document_id: str) -> Any:  # noqa: ANN401 - an Answer
        """GetReportDocument: where a document is, without fetching it."""
        return self._request(
            f"/reports/2021-06-30/documents/{quote(document_id, safe='')}", params={"method": "GET"}
        )


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Session:
    """One seller account's calls over one connection pool, for many threads; it closes when nobody holds it.

    `storage` is for the documents behind presigned addresses: it carries no token of Amazon's.
    """

    orders: OrdersV20260101
    shipments: OrdersV0
    listings: ListingsItemsV20210801
    feeds: Feeds
    reports: ReportCalls
    storage: httpx.Client = field(repr=False)


def open_session(
    *, endpoint: str, token_url: str, credentials: Credentials, tokens: TokenStore, timeout: float = 30.0
) -> Session:
    """A session that speaks to `endpoint` with these credentials and no others.

    `timeout` is in seconds, for one answer of Amazon. Nothing is called yet.
    """
    quiet_the_wire()
    http = httpx.Client(
        timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)),
        limits=httpx.Limits(max_connections=32, keepalive_expiry=30.0),
        # A rehearsal on this machine must not go out through a proxy meant for the internet.
        trust_env=not on_this_machine(endpoint),
    )
    login = Login(http=http, url=token_url, credentials=credentials, tokens=tokens)
    parts: dict[str, Any] = {"endpoint": endpoint.rstrip("/"), "login": login, "http": http}
    session = Session(
        orders=_Orders(**parts),
        shipments=_Shipments(**parts),
        listings=_Listings(**parts),
        feeds=Feeds(**parts),
        reports=ReportCalls(**parts),
        storage=http,
    )
    weakref.finalize(session, http.close)
    return session


def quiet_the_wire() -> None:
    """Keep the libraries' own accounts of a call, which hold addresses and tokens, out of every log."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def on_this_machine(url: str) -> bool:
    """Whether a URL names the loopback interface, where plain http harms nobody."""
    host = httpx.URL(url).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _object(response: httpx.Response) -> dict[str, Any] | None:
    try:
        told = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _different(message: object, details: object) -> tuple[object, ...]:
    """Amazon often says in `details` what `message` has said already."""
    return (message,) if details == message else (message, details)


def _is_silent(response: httpx.Response) -> bool:
    """204 is the success that says nothing; so does Amazon's 200 to a DELETE, which cancels a feed."""
    deleted = response.request.method == "DELETE" and not response.content
    return response.status_code == httpx.codes.NO_CONTENT or deleted


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None
