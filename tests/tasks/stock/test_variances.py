"""The daily variances: what is explained is taken out, and the rest ranks by how far it is off."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.stock.variances import SHOWN, count_variances, offer_variances
from tests.domain.examples import RULES


def _offer(sku: str = "A", **other: object) -> dict[str, object]:
    """A listing that shows what it should: 20 counted, 3 reserved, 2 buffer, 15 to offer."""
    row: dict[str, object] = {
        "marketplace_id": "GB",
        "seller_sku": sku,
        "state": "EFFECTIVE",
        "available": 20,
        "reserved": 3,
        "buffer": 2,
        "publishable": 15,
        "effective": 15,
        "explanation": "20 available, 3 in orders the warehouse had not seen, 2 buffer: 15",
        "sold": 0,
    }
    return row | other


def _count(sku: str = "A", **other: object) -> dict[str, object]:
    """A count that our own orders explain: 20, then 15."""
    row: dict[str, object] = {
        "warehouse": "W1",
        "sku": sku,
        "opening": 20,
        "closing": 15,
        "ours": 5,
        "fell": 0,
        "rose": 0,
    }
    return row | other


def test_what_is_as_it_should_be_is_not_shown() -> None:
    """A number in effect leaves no row; the totals still count it."""
    found = offer_variances([_offer(), _offer("B")])
    assert found.rows == []
    assert found.totals == {
        "listings": 2,
        "differing": 0,
        "difference": 0,
        "on its way": 0,
        "sold since": 0,
        "unexplained": 0,
        "not explained": 0,
    }


@pytest.mark.parametrize(
    ("row", "way", "sold", "unexplained"),
    [
        ({"state": "ACCEPTED", "effective": 20}, 5, 0, 0),
        ({"state": "PLANNED", "effective": 12, "sold": 2}, -3, 0, 0),
        ({"state": "SUBMITTED", "effective": None}, -15, 0, 0),
        ({"effective": 12, "sold": 3}, 0, -3, 0),
        ({"effective": 12, "sold": 9}, 0, -3, 0),
        ({"effective": 12, "sold": 2}, 0, -2, -1),
        ({"effective": 18, "sold": 2}, 0, 0, 3),
        ({"state": "DRIFTED", "effective": 40}, 0, 0, 25),
        ({"state": "INVALID", "effective": 10}, 0, 0, -5),
    ],
)
def test_each_difference_is_taken_apart(
    row: dict[str, object], way: int, sold: int, unexplained: int
) -> None:
    """What is on its way and what Amazon sold explain as much as they can; the rest is shown."""
    found = offer_variances([_offer(**row)])
    totals = {name: found.totals[name] for name in ("on its way", "sold since", "unexplained")}
    assert totals == {"on its way": abs(way), "sold since": abs(sold), "unexplained": abs(unexplained)}
    shown = [(one["on its way"], one["sold since"], one["unexplained"]) for one in found.rows]
    assert shown == ([(way, sold, unexplained)] if unexplained else [])


def test_what_a_rule_holds_back_stands_between_the_count_and_the_offer() -> None:
    """A cap or a stop is no variance: it is shown in units beside the reason."""
    (row,) = offer_variances([_offer(publishable=10, effective=11, explanation="capped at 10")]).rows
    assert (row["counted"], row["reserved"], row["buffer"], row["held back"]) == (20, 3, 2, 5)
    assert (row["to offer"], row["at Amazon"], row["unexplained"], row["why"]) == (10, 11, 1, "capped at 10")


def test_the_largest_come_first_in_either_direction_and_a_hundred_at_most() -> None:
    """Too few and too many units rank by how far they are off."""
    found = offer_variances([_offer("A", effective=16), _offer("B", effective=5), _offer("C", effective=17)])
    assert [row["SKU"] for row in found.rows] == ["B", "C", "A"]
    many = offer_variances([_offer(f"S{number}", effective=16 + number) for number in range(SHOWN + 20)])
    assert (len(many.rows), many.totals["not explained"]) == (SHOWN, SHOWN + 20)


def test_our_own_orders_explain_a_count() -> None:
    """A count that fell by what we shipped leaves no row."""
    found = count_variances([_count()])
    assert (found.rows, found.totals) == (
        [],
        {"skus": 1, "ours": 5, "fell": 0, "rose": 0, "not explained": 0},
    )


def test_what_fell_and_rose_besides_is_shown() -> None:
    """Another channel's sale and a receipt do not hide each other, even when they come to the same."""
    rows = [_count("A", closing=12, fell=3), _count("B", fell=4, rose=4), _count("C")]
    found = count_variances(rows)
    keys = ("SKU", "expected", "last count", "difference", "fell", "rose", "unexplained")
    assert [tuple(row[key] for key in keys) for row in found.rows] == [
        ("B", 15, 15, 0, 4, 4, 8),
        ("A", 15, 12, -3, 3, 0, 3),
    ]
    assert found.totals == {"skus": 3, "ours": 15, "fell": 7, "rose": 4, "not explained": 2}


def test_nothing_counted_is_no_variance() -> None:
    """Without rows both tables are empty and their totals zero."""
    assert offer_variances([]).rows == []
    assert count_variances([]).totals == {"skus": 0, "ours": 0, "fell": 0, "rose": 0, "not explained": 0}


_UNITS = st.integers(0, 50)
_OFFERS = st.lists(
    st.builds(
        lambda state, publishable, effective, sold: _offer(
            state=state, publishable=publishable, effective=effective, sold=sold
        ),
        st.sampled_from(["IDLE", "PLANNED", "ACCEPTED", "EFFECTIVE", "DRIFTED", "INVALID"]),
        _UNITS,
        st.none() | _UNITS,
        _UNITS,
    ),
    max_size=20,
)


@RULES
@given(rows=_OFFERS)
def test_the_parts_always_add_up(rows: list[dict[str, object]]) -> None:
    """To offer, on its way, sold and unexplained are what Amazon shows; what is explained never overshoots."""
    for row in offer_variances(rows).rows:
        parts = [int(str(row[name])) for name in ("to offer", "on its way", "sold since", "unexplained")]
        assert sum(parts) == row["at Amazon"]
        assert abs(parts[3]) <= abs(int(str(row["difference"])))
        assert all(type(value) in (int, str) for value in row.values())


@RULES
@given(rows=_OFFERS)
def test_the_order_of_the_rows_does_not_change_the_totals(rows: list[dict[str, object]]) -> None:
    """Totals are sums: shuffled rows give the same."""
    shuffled = pd.Series(range(len(rows))).sample(frac=1, random_state=1).tolist()
    assert offer_variances([rows[at] for at in shuffled]).totals == offer_variances(rows).totals
