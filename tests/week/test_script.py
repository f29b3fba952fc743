"""The generated week: the same each time, and as uneven as life."""

from collections import Counter
from itertools import pairwise

from tests.week.baseline import Mirror
from tests.week.catalog import MARKETS
from tests.week.play import Stage
from tests.week.script import DAY, HOUR, CountKind, Script, script


def small(seed: int = 4, days: int = 2) -> Script:
    return script(seed, days=days, skus=200, orders_a_day=400)


def test_a_seed_names_a_week() -> None:
    """The same arguments make the same week, another seed another one."""
    assert small() == small()
    assert small() != small(5)


def test_a_week_has_what_the_trade_has() -> None:
    """Fast movers and a tail, nights and evenings, kits, multiples, unpaid and canceled orders, wrong counts."""
    week = small()
    wished = Counter(sku for wish in week.wishes for sku, _ in wish.items)
    tenth = sum(units for _, units in wished.most_common(len(week.catalog.listed) // 10))
    hours = Counter(int(wish.at % DAY // HOUR) for wish in week.wishes)

    assert tenth > 0.4 * sum(wished.values())
    assert hours[20] > 4 * hours[3]
    assert {wish.market for wish in week.wishes} == set(MARKETS)
    assert any(len(one.parts) > 1 for one in week.catalog.listed)
    assert any(one.parts[0].units > 1 and len(one.parts) == 1 for one in week.catalog.listed)
    assert any(wish.pays_after is None for wish in week.wishes)
    assert any(wish.cancels_after for wish in week.wishes)
    assert {count.kind for count in week.counts} == set(CountKind)
    assert max(later.at - count.at for count, later in pairwise(week.counts)) > 1.5 * HOUR
    assert max(count.arrives - count.at for count in week.counts) > HOUR


def test_two_plays_of_a_week_are_the_same() -> None:
    """Delays, orders and counts depend on the week alone: what is oversold is the same twice."""
    sold = []
    for _ in range(2):
        stage = Stage(small(days=1))
        played = stage.play(Mirror(stage))
        sold.append([(sale.order_id, sale.at, sale.units, sale.fillable) for sale in played.sales])

    assert sold[0] == sold[1]
    assert len(sold[0]) > 200
