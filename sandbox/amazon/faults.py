"""Things that go wrong at Amazon, and behind which answers they hide."""

from collections import deque
from dataclasses import dataclass

from sandbox.amazon.answers import Answer, errors, reply

HTML = "text/html; charset=utf-8"
_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_EXPIRED = "The access token you provided has expired."


def _page(status: int, title: str) -> Answer:
    return Answer(status=status, body=_PAGE.format(title).encode(), content_type=HTML)


ANSWERS: dict[str, Answer] = {
    "429": errors(429, "QuotaExceeded", "You exceeded your quota for the requested resource."),
    "429-empty": Answer(status=429),
    "500-json": errors(500, "InternalFailure", "We encountered an internal error. Please try again."),
    "503-html": _page(503, "503 Service Temporarily Unavailable"),
    "503-empty": Answer(status=503),
    "502-html": _page(502, "502 Bad Gateway"),
    "504-empty": Answer(status=504),
    "401-json": errors(401, "Unauthorized", "Access to requested resource is denied."),
    "403-expired": errors(403, "Unauthorized", "Access to requested resource is denied.", _EXPIRED),
    "403-message": reply({"message": "Forbidden"}, 403),
    "400-invalid": errors(400, "InvalidInput", "Invalid Input"),
    "404": errors(404, "NotFound", "The requested resource was not found."),
    "200-html": _page(200, "We are sorry"),
    "200-empty": Answer(),
}
# Faults that the server plays itself.
SILENT = ("reset", "hang-before", "hang-after")
# Faults that an operation or the writing of its answer plays.
BEHAVIORS = ("204-no-effect", "invalid-200", "accepted-no-effect", "wrong-content-type")
FAULTS = (*ANSWERS, *SILENT, *BEHAVIORS)
_ONLY = {
    "204-no-effect": "confirmShipment",
    "invalid-200": "patchListingsItem",
    "accepted-no-effect": "patchListingsItem",
}
OPERATIONS = (
    "searchOrders",
    "getOrder",
    "confirmShipment",
    "patchListingsItem",
    "getListingsItem",
    "searchListingsItems",
    "createFeedDocument",
    "uploadFeedDocument",
    "createFeed",
    "getFeed",
    "getFeedDocument",
    "downloadDocument",
    "createReport",
    "getReport",
    "getReportDocument",
    "token",
    "createRestrictedDataToken",
)


@dataclass(slots=True)
class _Planned:
    fault: str
    times: int
    after: int


class Faults:
    """Faults planned per operation, in the order of their injection; the world's lock guards it."""

    def __init__(self) -> None:
        self._planned: dict[str, deque[_Planned]] = {}

    def inject(self, operation: str, fault: str, *, times: int, after: int) -> None:
        """Plans a fault; raises ValueError for an unknown operation or fault."""
        if operation not in OPERATIONS:
            raise ValueError(f"No operation is called {operation!r}; there are {', '.join(OPERATIONS)}.")
        if fault not in FAULTS:
            raise ValueError(f"No fault is called {fault!r}; there are {', '.join(FAULTS)}.")
        if _ONLY.get(fault, operation) != operation:
            raise ValueError(f"The fault {fault} belongs to {_ONLY[fault]}.")
        self._planned.setdefault(operation, deque()).append(_Planned(fault, times, after))

    def next(self, operation: str) -> str:
        """The fault for this call of an operation, or an empty text."""
        planned = self._planned.get(operation)
        if not planned:
            return ""
        first = planned[0]
        if first.after > 0:
            first.after -= 1
            return ""
        first.times -= 1
        if first.times <= 0:
            planned.popleft()
        return first.fault
