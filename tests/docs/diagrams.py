"""The drawn and the copied parts of the docs. `python -m tests.docs.diagrams` writes them anew.

Between `<!-- drawn: NAME -->` and `<!-- end -->` stands what the code says; the words around it are people's.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from domain.orders.order import NEXT_STATES, OrderState
from domain.orders.releases import NEXT_RELEASE_STATES, ReleaseState
from domain.problems import MANNERS, ProblemKind
from domain.stock.feeds import NEXT_FEED_STATES, NEXT_REPORT_STATES, FeedState, ReportState
from domain.stock.listings import NEXT_LISTING_STATES, ListingState
from domain.tracking.parcels import NEXT_PARCEL_STATES, ParcelState

DOCS = Path(__file__).resolve().parents[2] / "docs"
STATES_PAGE = DOCS / "order-states.md"
MANUAL = DOCS / "operating-manual.md"

Steps = Mapping[StrEnum, frozenset[StrEnum]]

# Where each machine starts. An order starts where its first look at Amazon puts it.
_O = OrderState
MACHINES: dict[str, tuple[tuple[StrEnum, ...], Steps]] = {
    "order": ((_O.PENDING, _O.READY, _O.HELD, _O.CANCELED, _O.FOREIGN), NEXT_STATES),
    "release": ((ReleaseState.PLANNED,), NEXT_RELEASE_STATES),
    "parcel": ((ParcelState.RECORDED,), NEXT_PARCEL_STATES),
    "listing": ((ListingState.CANDIDATE,), NEXT_LISTING_STATES),
    "feed": ((FeedState.PLANNED,), NEXT_FEED_STATES),
    "report": ((ReportState.ASKING,), NEXT_REPORT_STATES),
}

_DRAWN = re.compile(r"(<!-- drawn: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_PROBLEM = re.compile(r"^\| `(\w+)` \| ([^|]*) \| [^|]* \| [^|]* \| (?:[^|]* \| )?[^|]* \|$", re.MULTILINE)


def diagram(name: str) -> str:
    """One machine as a Mermaid state diagram, every step that the code allows and no other."""
    starts, steps = MACHINES[name]
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    [*] --> {start}" for start in starts]
    for start, ends in steps.items():
        order = list(type(start))
        lines += [f"    {start} --> {end}" for end in sorted(ends, key=order.index)]
        lines += [] if ends else [f"    {start} --> [*]"]
    return "\n".join([*lines, "```"]) + "\n"


def with_diagrams(page: str) -> str:
    """The page with every drawn part as the code has it today."""
    return _DRAWN.sub(lambda found: f"{found[1]}{diagram(found[2])}{found[3]}", page)


def with_manners(page: str) -> str:
    """The page with team, severity, time and next step of each kind of problem as the code has them today."""
    return _PROBLEM.sub(lambda found: _problem_row(ProblemKind(found[1]), found[2]), page)


def problem_kinds(page: str) -> list[str]:
    """The kinds of problems that have a row, in the page's order."""
    return [found[0] for found in _PROBLEM.findall(page)]


def _problem_row(kind: ProblemKind, meaning: str) -> str:
    manner = MANNERS[kind]
    team = manner.owner.replace("_", " ")
    within = _within(manner.act_within)
    return f"| `{kind}` | {meaning} | {team} | {manner.severity} | {within} | {manner.next_step} |"


def _within(length: timedelta) -> str:
    hours = int(length.total_seconds()) // 3600
    number, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{number} {unit}{'s' if number > 1 else ''}"


def main() -> None:
    """Write the drawn parts into the docs."""
    STATES_PAGE.write_text(with_diagrams(STATES_PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    MANUAL.write_text(with_manners(MANUAL.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
