"""One order as Amazon writes it, with everything the house reads, and the same with one part changed."""

import copy

ORDER = {
    "orderId": "111-1111111-1111111",
    "createdTime": "2026-11-01T08:00:00.000Z",
    "lastUpdatedTime": "2026-11-01T09:00:00.000Z",
    "programs": ["PRIME"],
    "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER"},
    "recipient": {
        "deliveryAddress": {
            "name": "Jane Doe",
            "addressLine1": "1 High Street",
            "city": "Leeds",
            "districtOrCounty": "Yorkshire",
            "stateOrRegion": "England",
            "postalCode": "LS1 1AA",
            "countryCode": "GB",
            "phone": "+44 1",
        },
        "deliveryPreference": {"dropOffLocation": "PORCH", "addressInstruction": "Ring twice."},
    },
    "fulfillment": {
        "fulfillmentStatus": "PARTIALLY_SHIPPED",
        "fulfilledBy": "MERCHANT",
        "fulfillmentServiceLevel": "EXPEDITED",
        "shipByWindow": {"latestDateTime": "2026-11-02T23:59:59Z"},
        "deliverByWindow": {"latestDateTime": "2026-11-05T23:59:59Z"},
    },
    "orderItems": [
        {
            "orderItemId": "11",
            "quantityOrdered": 3,
            "product": {"sellerSku": "SKU-1"},
            "fulfillment": {
                "quantityFulfilled": 1,
                "quantityUnfulfilled": 2,
                "packing": {"giftOption": {"giftMessage": "Happy birthday."}},
            },
            "cancellation": {"cancellationRequest": {"requester": "BUYER", "cancelReason": "Mistake."}},
        },
        {
            "orderItemId": "12",
            "quantityOrdered": 1,
            "product": {},
            "fulfillment": {
                "quantityFulfilled": 1,
                "quantityUnfulfilled": 0,
                "packing": {"giftOption": {"giftMessage": "And many more."}},
            },
        },
    ],
    "packages": [
        {
            "packageReferenceId": "7",
            "carrier": "UPS",
            "trackingNumber": "1Z999",
            "packageStatus": {"status": "IN_TRANSIT", "detailedStatus": "PICKED_UP"},
            "packageItems": [{"orderItemId": "11", "quantity": 1}, {"orderItemId": "12", "quantity": 1}],
        }
    ],
}


def changed(path, value):
    """The order with one part replaced, or left out when the value is `...`."""
    order = copy.deepcopy(ORDER)
    *way, last = path
    place = order
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return order
