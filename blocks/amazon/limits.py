"""Amazon's default usage plans for the operations Lockstep calls, per seller account.

Source: the operation descriptions in Amazon's Swagger models (orders_2026-01-01, ordersV0,
listingsItems_2021-08-01, feeds_2021-06-30, reports_2021-06-30). Amazon changes them per seller; the header of
an answer corrects them at the desk. Uploads and downloads of documents have none.
"""

# operation: (calls per second, calls that may be made at once)
DEFAULT_LIMITS: dict[str, tuple[float, float]] = {
    "searchOrders": (0.0056, 20),
    "getOrder": (0.5, 30),
    "confirmShipment": (2, 10),
    "patchListingsItem": (5, 5),
    "searchListingsItems": (5, 5),
    "getListingsItem": (5, 10),
    "createFeedDocument": (0.5, 15),
    "createFeed": (0.0083, 15),
    "getFeeds": (0.0222, 10),
    "getFeed": (2, 15),
    "cancelFeed": (2, 15),
    "getFeedDocument": (0.0222, 10),
    "createReport": (0.0167, 15),
    "getReport": (2, 15),
    "getReportDocument": (0.0167, 15),
}
