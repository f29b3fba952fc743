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
    def filled(self) -> int:
        """Units that were sold and there."""
        return sum(sale.fillable for sale in self.history.sales)

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
    """The figures of a week, a column for each house, and in the small print what they mean."""
    made = Table(title=title, title_justify="left", title_style="bold", caption=_small_print(odds))
    made.caption_justify, made.caption_style = "left", "dim"
    made.add_column()
    for name in columns:
        made.add_column(name, justify="right")
    rows = [_figures(one) for one in columns.values()]
    for name in dict.fromkeys(name for row in rows for name in row):
        made.add_row(name, *(row.get(name, "0") for row in rows))
    return made


def _small_print(odds: float) -> str:
    return (
        "The same buyers, the same other sales channel and the same counts, late, missing and wrong ones among"
        " them, under two houses that run at the same times. Units wanted beyond what is in stock cannot be sold by"
        " anybody. Oversold is what a buyer ordered when it was not there any more. Avoidable: a house that makes"
        " the same runs, reads every order that Amazon shows by then and tells good counts from bad ones would not"
        " have offered it. Unavoidable: it was gone in the minutes in which nobody could know, before the order"
        " could be read, the next count had come or the next number was in effect at Amazon.\n"
        "An exposure is one number on offer, from its planning until the next one is in effect. Exceeded: more was"
        f" taken in it unseen than the house keeps back; the odds of {odds:.0%} that the buffers are set to say how"
        " often that may be. A buffer is a whole number of units, so it mostly covers more than that.\n"
        "Offered as zero is the price: hours in which a listing could have been sold and was not on offer. A count"
        " that is not believed changes nothing, or lets numbers only go down."
    )


def _figures(one: Outcome) -> dict[str, str]:
    found = {**_sold(one), **_exposed(one), **_counts(one)}
    found |= {f"calls: {name}": count for name, count in sorted(one.history.calls.items())}
    return {name: f"{value:,}" if isinstance(value, int) else value for name, value in found.items()}


def _sold(one: Outcome) -> dict[str, Any]:
    sales = one.history.sales
    return {
        "orders at Amazon": len({sale.order_id for sale in sales}),
        "units that buyers wanted": one.history.wanted,
        "units sold that were there": one.filled,
        "oversold units": one.avoidable + one.unavoidable,
        "  avoidable": one.avoidable,
        "  unavoidable": one.unavoidable,
        "orders with oversold units": len({sale.order_id for sale in one.history.oversold}),
    }


def _exposed(one: Outcome) -> dict[str, Any]:
    exposed = one.exposures
    return {
        "exposures": exposed.counted,
        "  exceeded: more taken unseen than kept back": f"{exposed.exceeded:,} ({exposed.share:.2%})",
        "  the same in the tenth of the listings that sold most": f"{exposed.busiest:.2%}",
        "  with oversold units": exposed.oversold,
        "hours in which listings could be sold": round(exposed.sellable_hours),
        "  offered as zero": f"{exposed.lost_hours:,.0f} ({exposed.lost_hours / exposed.sellable_hours:.2%})",
    }


def _counts(one: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in CountKind:
        name = (
            "good counts, not believed" if kind is CountKind.GOOD else f"wrong counts, {kind}: not believed"
        )
        found[name] = (
            f"{one.held[kind]} of {one.planted[kind]}" if one.verdicts else f"0 of {one.planted[kind]}"
        )
    return found


def _not_believed(kind: CountKind, verdict: str) -> bool:
    """OLD and OVERTAKEN say of a wrong count that it changed nothing; of a good one only that it came late."""
    return verdict == "HELD" or (kind is not CountKind.GOOD and verdict != "APPLIED")
