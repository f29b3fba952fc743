"""Things that go wrong at Amazon, and behind which answers they hide."""

from collections import deque
from dataclasses import dataclass

from sandbox.amazon.answers import Answer, errors, reply

HTML = "text/html; charset=utf-8"
_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_EXPIRED = "The access token you provided has expired."


# What confirmShipment was seen to answer with 400, in the words reported from the field.
NOT_FOUND = (
    "Failed to create package due to not finding a matching package or order already fulfilled. "
    "errorMetric=PackageToUpdateNotFound"
)
NO_ITEMS = "ErrorCode: NonexistentOrderItem. Failed to find order item list by order ID."
TOO_MANY_EDITS = "InvalidPackageVersion: exceeds the maximum number of allowed updates."
WRONG_ITEM = "OrderItemId is invalid, please obtain the value through the getOrderItems API."
SHIP_PLUS = "Shipment confirmation is not allowed for Ship+ orders."
_WRONG_TYPE = (
    "The input you have submitted is not valid. "
    "Please check the fields with invalid type [packageDetail.packageReferenceId]."
)


def _page(status: int, title: str) -> Answer:
    return Answer(status=status, body=_PAGE.format(title).encode(), content_type=HTML)


def _refused(message: str) -> Answer:
    return errors(400, "InvalidInput", message)


_REFUSALS: dict[str, Answer] = {
    "400-package-not-found": _refused(NOT_FOUND),
    "400-nonexistent-item": _refused(NO_ITEMS),
    "400-edits": _refused(TOO_MANY_EDITS),
    "400-item-id": _refused(WRONG_ITEM),
    "400-type": _refused(_WRONG_TYPE),
    "400-ship-plus": _refused(SHIP_PLUS),
}
ANSWERS: dict[str, Answer] = {
    "429": errors(429, "QuotaExceeded", "You exceeded your quota for the requested resource."),
    "429-empty": Answer(status=429),
    "500-json": errors(500, "InternalFailure", "We encountered an internal error. Please try again."),
    "500-html": _page(500, "500 Internal Server Error"),
    "500-empty": Answer(status=500),
    "503-json": errors(503, "ServiceUnavailable", "Service is temporarily unavailable. Please try again."),
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
    **_REFUSALS,
}
# Faults without an answer, which the server plays itself: before Amazon acted, and after it did.
UNHEARD = ("reset", "reset-before", "hang-before")  # "reset" is the older name of "reset-before"
SILENT = (*UNHEARD, "reset-after", "hang-after")
# Faults that an operation or the writing of its answer plays.
HOLLOW = ("204-no-effect", "204-other-tracking", "204-late")
UNTAKEN = ("invalid-200", "accepted-no-effect")
FAULTS = (*ANSWERS, *SILENT, *HOLLOW, *UNTAKEN, "wrong-content-type")
CONFIRM_ONLY = (*_REFUSALS, *HOLLOW)
_ONLY = dict.fromkeys(CONFIRM_ONLY, "confirmShipment") | dict.fromkeys(UNTAKEN, "patchListingsItem")
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
    "getFeeds",
    "getFeed",
    "cancelFeed",
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
