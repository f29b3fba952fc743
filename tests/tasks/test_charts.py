"""Charts: the same data is the same picture, small, and drawn from little as well as from much."""

import io
from datetime import date, timedelta

import pytest
from PIL import Image

from tasks.charts import WHOSE, Line, Panel, late_chart, rates_chart, style_of

DAYS = [date(2026, 11, 25) - timedelta(days=back) for back in range(29, -1, -1)]


def _panel(days: list[date], tonight: float | None = None, good: str = "below") -> Panel:
    line = Line(name="GB", days=days, shares=[0.01 * (n % 4) for n, _ in enumerate(days)], tonight=tonight)
    return Panel(title="Late Shipment Rate over 10 days", limit=0.04, good=good, lines=[line] if days else [])


def _colors(png: bytes) -> set[tuple[int, ...]]:
    with Image.open(io.BytesIO(png)) as image:
        found = image.convert("RGB").getcolors(1_000_000)
    assert found is not None
    return {color for _, color in found if isinstance(color, tuple)}


def _near(colors: set[tuple[int, ...]], wanted: str) -> bool:
    """Whether a color is there, give or take what drawing with few colors changes."""
    rgb = tuple(int(wanted[at : at + 2], 16) for at in (1, 3, 5))
    return any(max(abs(a - b) for a, b in zip(color, rgb, strict=True)) < 24 for color in colors)


def test_rates_are_drawn_with_the_limit_line() -> None:
    """Four panels in two rows: the limit's red and the line's blue are there, and the picture is small."""
    panels = [_panel(DAYS, 0.05), _panel(DAYS), _panel(DAYS, good="above"), _panel(DAYS[-1:])]
    png = rates_chart("main", panels)
    assert png == rates_chart("main", panels)
    assert 5_000 < len(png) < 60_000
    assert _near(_colors(png), "#a50026")
    assert _near(_colors(png), "#0072b2")
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (960, 640)


@pytest.mark.parametrize("days", [[], DAYS[-1:], DAYS])
def test_a_rate_is_drawn_from_nothing_one_day_or_a_month(days: list[date]) -> None:
    """What the first day has to show is a picture as well."""
    assert rates_chart("main", [_panel(days, 0.02)]).startswith(b"\x89PNG")


def test_every_marketplace_has_a_line_of_its_own() -> None:
    """More marketplaces than colors: each is drawn, and no two lines have both the same color and the same mark."""
    lines = [Line(name=f"M{n}", days=DAYS, shares=[0.002 * n] * len(DAYS)) for n in range(12)]
    drawn = [
        rates_chart("main", [Panel(title="Rate", limit=0.04, lines=lines[:many])]) for many in range(1, 13)
    ]
    assert len(set(drawn)) == len(lines)
    assert len({style_of(number) for number in range(30)}) == 30


@pytest.mark.parametrize("weekly", [False, True])
def test_late_parcels_are_stacked_by_who_held_them(weekly: bool) -> None:
    """Each has a color of its own; with nothing late it is an empty chart and no fault."""
    png = late_chart("main", {day: dict.fromkeys(WHOSE, 3) for day in DAYS}, weekly=weekly)
    colors = _colors(png)
    assert all(_near(colors, one) for one in ("#0072b2", "#e69f00", "#cc79a7", "#666666"))
    assert len(png) < 60_000
    assert late_chart("main", {day: {} for day in DAYS}, weekly=weekly).startswith(b"\x89PNG")
    assert late_chart("main", {}, weekly=weekly).startswith(b"\x89PNG")
