"""Usage plans: one token bucket per operation, as Amazon keeps per seller account and application."""

import time

# Requests per second and burst, the defaults that Amazon's models state for each operation.
PLANS: dict[str, tuple[float, int]] = {
    "searchOrders": (0.0056, 20),
    "getOrder": (0.5, 30),
    "confirmShipment": (2, 10),
    "patchListingsItem": (5, 5),
    "getListingsItem": (5, 10),
    "searchListingsItems": (5, 5),
    "createFeedDocument": (0.5, 15),
    "createFeed": (0.0083, 15),
    "getFeeds": (0.0222, 10),
    "getFeed": (2, 15),
    "cancelFeed": (2, 15),
    "getFeedDocument": (0.0222, 10),
    "createReport": (0.0167, 15),
    "getReport": (2, 15),
    "getReportDocument": (0.0167, 15),
    "createRestrictedDataToken": (1, 10),
}


class Buckets:
    """Token buckets for all operations; not thread-safe, the world's lock guards it.

    Args:
        speed: multiplies every rate; the burst stays.
        enforced: False lets every call through.
    """

    def __init__(self, speed: float, *, enforced: bool = True) -> None:
        self.enforced = enforced
        self._rates = {name: rate * speed for name, (rate, _) in PLANS.items()}
        self._state = {name: (float(burst), time.monotonic()) for name, (_, burst) in PLANS.items()}

    def rate(self, operation: str) -> str | None:
        """The value for `x-amzn-RateLimit-Limit`, or nothing for an operation without a plan."""
        rate = self._rates.get(operation)
        return None if rate is None else f"{rate:.6g}"

    def take(self, operation: str) -> bool:
        """Takes one token; False when there is none."""
        if not self.enforced or operation not in PLANS:
            return True
        tokens, then = self._state[operation]
        now = time.monotonic()
        tokens = min(float(PLANS[operation][1]), tokens + (now - then) * self._rates[operation])
        enough = tokens >= 1
        self._state[operation] = (tokens - 1 if enough else tokens, now)
        return enough
