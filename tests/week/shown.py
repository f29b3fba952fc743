"""What a played week came to, beside the same week under another house."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from tests.week.exposures import Exposures, exposures
from tests.week.history import History
from tests.week.judge import Blame, Judge
from tests.week.script import CountKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A week and its judgment. `verdicts` are what the house made of each count, in the order of their reading."""

    history: History
    blames: list[Blame]
    exposures: Exposures
    verdicts: tuple[str, ...] = ()

    @property
    def avoidable(self) -> int:
        """Oversold units that a house with the same runs could have known better than to offer."""
        return sum(blame.avoidable for blame in self.blames)

    @property
    def unavoidable(self) -> int:
        """Oversold units that went to buyers of whom nobody could know."""
        return sum(blame.unavoidable for blame in self.blames)

    @property
    def held(self) -> Counter[CountKind]:
        """Counts of each kind that were not believed, or not whole; of good ones only those that were newer."""
        read = zip(self.history.counts, self.verdicts, strict=False)
        return Counter(count.kind for count, verdict in read if _not_believed(count.kind, verdict))

    @property
    def planted(self) -> Counter[CountKind]:
        """Counts of each kind that came."""
        return Counter(count.kind for count in self.history.counts[: len(self.verdicts) or None])


def outcome(history: History, verdicts: list[str] | None = None) -> Outcome:
    """A judged week."""
    return Outcome(
        history=history,
        blames=Judge(history).blames(),
        exposures=exposures(history, verdicts or ()),
        verdicts=tuple(verdicts or ()),
    )


def table(title: str, odds: float, columns: dict[str, Outcome]) -> Table:
    """The figures of a week, a column for each house."""
    made = Table(title=title, title_justify="left", title_style="bold")
    made.add_column()
    for name in columns:
        made.add_column(name, justify="right")
    rows = [_figures(one, odds) for one in columns.values()]
    for name in rows[0]:
        made.add_row(name, *(row[name] for row in rows))
    return made


def _figures(one: Outcome, odds: float) -> dict[str, str]:
    history, exposed = one.history, one.exposures
    sales = history.sales
    wrong = [kind for kind in CountKind if kind is not CountKind.GOOD]
    found: dict[str, Any] = {
        "orders at Amazon": len({sale.order_id for sale in sales}),
        "units wanted": history.wanted,
        "units sold": sum(sale.units for sale in sales),
        "oversold units": one.avoidable + one.unavoidable,
        "  that knowledge would have avoided": one.avoidable,
        "  that nobody could have known of": one.unavoidable,
        "orders affected": len({sale.order_id for sale in history.oversold}),
        "exposures with something on offer": exposed.counted,
        "  with more taken unseen than kept back": f"{exposed.exceeded} ({exposed.share:.2%})",
        "  stated odds": f"{odds:.2%}",
        "  with something oversold": exposed.oversold,
        "listing hours that could be sold": round(exposed.sellable_hours),
        "  offered as zero": f"{exposed.lost_hours:.0f} ({exposed.lost_hours / exposed.sellable_hours:.2%})",
    }
    for kind in wrong:
        found[f"counts: {kind}, held of planted"] = (
            f"{one.held[kind]} of {one.planted[kind]}" if one.verdicts else f"none of {one.planted[kind]}"
        )
    found["counts: good, held of all"] = f"{one.held[CountKind.GOOD]} of {one.planted[CountKind.GOOD]}"
    found |= {f"calls: {name}": count for name, count in sorted(history.calls.items())}
    return _Figures(
        {name: f"{value:,}" if isinstance(value, int) else value for name, value in found.items()}
    )


class _Figures(dict[str, str]):
    """Figures by name; what one house never did is none of it."""

    def __missing__(self, name: str) -> str:
        return "0"


def _not_believed(kind: CountKind, verdict: str) -> bool:
    """OLD and OVERTAKEN say of a wrong count that it changed nothing; of a good one only that it came late."""
    return verdict == "HELD" or (kind is not CountKind.GOOD and verdict != "APPLIED")
