"""Tables in the Prefect UI have words that people know."""

from tasks.tables import for_people


def test_rows_are_told_in_words() -> None:
    """Headings lose their underscores, ids become names, states small letters, moments UTC, true a yes."""
    row = {
        "marketplace_id": "A1F83G8C2ARO7P",
        "seller_sku": "MUG_RED",
        "state": "PART_DISPATCHED",
        "units_an_hour": 0.5,
        "suppressed": True,
        "effective": None,
        "since": "2026-11-25T20:43:00+01:00",
        "message": "Not sold in A1PA6795UKMFR9",
    }
    assert for_people([row]) == [
        {
            "marketplace": "Amazon UK",
            "seller SKU": "MUG_RED",
            "state": "part dispatched",
            "units an hour": 0.5,
            "suppressed": "yes",
            "effective": "",
            "since": "2026-11-25 19:43 UTC",
            "message": "Not sold in Amazon DE",
        }
    ]
