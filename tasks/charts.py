"""Charts: data in, a PNG out. No clock, no file, no shared state; colors that color-blind people tell apart."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from PIL import Image

_COLORS = 64
SPAN = 30  # days that a chart by day shows
WHOSE = ("warehouse", "seller", "lockstep", "amazon")
_INK, _LIMIT, _GRID = "#222222", "#a50026", "#dddddd"
# Okabe and Ito's palette; lines differ in their marks as well, bars in their hatching.
_LINES = (
    ("#0072b2", "o"),
    ("#e69f00", "s"),
    ("#009e73", "^"),
    ("#cc79a7", "D"),
    ("#56b4e9", "v"),
    ("#000000", "x"),
)
_BARS = {
    "warehouse": ("#0072b2", ""),
    "seller": ("#e69f00", "//"),
    "lockstep": ("#cc79a7", ".."),
    "amazon": ("#666666", "xx"),
}
NAMES = {"warehouse": "warehouse", "seller": "seller", "lockstep": "Lockstep", "amazon": "Amazon"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One marketplace's rate by day, as shares 0 to 1; `tonight` is the forecast for the last day's end."""

    name: str
    days: Sequence[date]
    shares: Sequence[float]
    tonight: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One rate: its lines, Amazon's limit, and on which side of it is good ("below" or "above")."""

    title: str
    limit: float
    good: str = "below"
    lines: Sequence[Line] = field(default_factory=tuple)


def rates_chart(title: str, panels: Sequence[Panel]) -> bytes:
    """Rates by day with Amazon's limit and tonight's forecast, two panels a row."""
    rows = (len(panels) + 1) // 2
    figure = _figure(title, rows)
    for place, panel in enumerate(panels):
        _draw_rates(figure.add_subplot(rows, 2, place + 1), panel)
    return _png(figure)


def late_chart(title: str, days: Mapping[date, Mapping[str, int]], *, weekly: bool = False) -> bytes:
    """Late parcels a day (or a week, by its Monday), stacked by who held them when they became late."""
    figure = _figure(title, 1)
    axes = figure.add_subplot(1, 1, 1)
    width, places = (5.0 if weekly else 0.8), [day.toordinal() for day in days]
    bottom = [0] * len(places)
    for who in WHOSE:
        color, hatch = _BARS[who]
        heights = [by.get(who, 0) for by in days.values()]
        axes.bar(
            places,
            heights,
            width,
            bottom,
            label=f"{NAMES[who]} ({sum(heights)})",
            color=color,
            hatch=hatch,
            edgecolor="white",
            linewidth=0.5,
        )
        bottom = [low + high for low, high in zip(bottom, heights, strict=True)]
    axes.set_ylabel("late parcels a week" if weekly else "late parcels a day", color=_INK)
    axes.set_xlabel("week from (Monday)" if weekly else "day on which they were due (UTC)", color=_INK)
    axes.set_ylim(0, max([*bottom, 1]) * 1.15)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    if weekly:
        axes.set_xticks(places, [f"{day:%b} {day.day}" for day in days])
    elif places:
        _dates(axes, max(places))
    _frame(axes)
    axes.legend(loc="upper left", bbox_to_anchor=(0, 1.13), ncols=4, frameon=False, fontsize=9)
    return _png(figure)


def style_of(number: int) -> tuple[str, str]:
    """Color and mark of a panel's lines, counted from 0; colors come again, with other marks."""
    round_of, place = divmod(number, len(_LINES))
    return _LINES[place][0], _LINES[(place + round_of) % len(_LINES)][1]


def _draw_rates(axes: Axes, panel: Panel) -> None:
    axes.set_title(panel.title, loc="left", fontsize=10, fontweight="bold", color=_INK)
    for number, line in enumerate(panel.lines):
        color, mark = style_of(number)
        places = [day.toordinal() for day in line.days]
        axes.plot(
            places, line.shares, color=color, marker=mark, markersize=3.5, linewidth=1.6, label=line.name
        )
        if line.tonight is not None and places:
            end = places[-1] + 1
            axes.plot(
                [places[-1], end], [line.shares[-1], line.tonight], color=color, linestyle=":", linewidth=1.4
            )
            axes.plot(end, line.tonight, marker=mark, markersize=8, markerfacecolor="white", color=color)
    side = "under" if panel.good == "below" else "at least"
    axes.axhline(panel.limit, color=_LIMIT, linestyle="--", linewidth=1.4)
    axes.annotate(
        f"Amazon asks for {side} {100 * panel.limit:g} %",
        (0.01, panel.limit),
        xycoords=("axes fraction", "data"),
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=8.5,
        color=_LIMIT,
    )
    axes.set_ylim(*_bounds(panel))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1, symbol=" %"))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    _frame(axes)
    last = max((line.days[-1].toordinal() for line in panel.lines if line.days), default=None)
    if last is None:
        axes.set_xticks([])
        axes.text(0.5, 0.5, "nothing to count yet", transform=axes.transAxes, ha="center", color=_INK)
    else:
        _dates(axes, last)
        axes.legend(loc="upper left", ncols=6, frameon=False, fontsize=8)


def _bounds(panel: Panel) -> tuple[float, float]:
    """From zero up for a rate that shall be low, down from all for one that shall be high; the limit in sight."""
    seen = [share for line in panel.lines for share in (*line.shares, *_some(line.tonight))]
    if panel.good == "below":
        return 0.0, min(1.05, max([panel.limit, *seen]) * 1.45)
    low = min([panel.limit, *seen])
    return max(0.0, low - 0.6 * (1 - low)), 1 + 0.35 * (1 - low)


def _some(value: float | None) -> tuple[float, ...]:
    return () if value is None else (value,)


def _figure(title: str, rows: int) -> Figure:
    figure = Figure(figsize=(9.6, 1.0 + 2.7 * rows), dpi=100, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", color=_INK)
    return figure


def _dates(axes: Axes, last: int) -> None:
    """The days up to the last one, as proleptic ordinals, with the name of each seventh."""
    axes.set_xlim(last - SPAN, last + 1.5)
    named = [date.fromordinal(last - 7 * weeks) for weeks in range(4, -1, -1)]
    axes.set_xticks([day.toordinal() for day in named], [f"{day:%b} {day.day}" for day in named])


def _frame(axes: Axes) -> None:
    axes.grid(axis="y", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=_INK, labelsize=8.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _png(figure: Figure) -> bytes:
    """Few colors make a file a third as large, and pictures are kept for ever."""
    drawn, out = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(_COLORS).save(out, format="PNG", optimize=True)
    return out.getvalue()
