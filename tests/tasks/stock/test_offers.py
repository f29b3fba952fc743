"""The stock table: totals per marketplace and what differs, in units."""

from tasks.stock.offers import compare


def _row(marketplace: str, sku: str, publishable: int, effective: int | None) -> dict[str, object]:
    return {
        "marketplace_id": marketplace,
        "seller_sku": sku,
        "state": "EFFECTIVE",
        "available": publishable + 2,
        "reserved": 1,
        "buffer": 1,
        "publishable": publishable,
        "effective": effective,
    }


def test_totals_add_up_per_marketplace() -> None:
    """Each marketplace shows its listings, how many are in effect, and the units on both sides."""
    totals, _ = compare([_row("GB", "A", 8, 8), _row("GB", "B", 5, 9), _row("DE", "A", 8, 8)])

    assert totals == [
        {"marketplace_id": "DE", "listings": 1, "in_effect": 1, "to_offer": 8, "at_amazon": 8, "reserved": 1},
        {
            "marketplace_id": "GB",
            "listings": 2,
            "in_effect": 1,
            "to_offer": 13,
            "at_amazon": 17,
            "reserved": 2,
        },
    ]


def test_the_largest_difference_comes_first_in_either_direction() -> None:
    """Too few and too many units rank by how far they are off; what is in effect is left out."""
    _, differing = compare([_row("GB", "A", 8, 8), _row("GB", "B", 5, 7), _row("GB", "C", 9, 1)])

    assert [(row["seller_sku"], row["difference"]) for row in differing] == [("C", -8), ("B", 2)]


def test_a_quantity_amazon_does_not_show_counts_as_none() -> None:
    """A listing never read back differs by all that is to be offered; no listing at all is no difference."""
    _, differing = compare([_row("GB", "A", 8, None)])

    assert [row["difference"] for row in differing] == [-8]
    assert compare([]) == ([], [])
