"""The form for a count that was held: a person accepts or dismisses it, and what it unblocks goes out at once."""

from typing import Literal

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from flows.doors import open_ledger, utc_now
from flows.endings import says_why
from flows.forms import signed
from flows.resuming import Resuming
from ledger.stock.snapshots import Decision
from tasks.stock.counts import decide, show_counts


@flow(name="accept-count", flow_run_name="accept-count {count} {decision}")
@says_why
def accept_count(count: int, decision: Literal["accept", "dismiss"], your_name: str) -> State[None]:
    """Say whether a stock count that was held is right. An accepted one is published at once.

    Args:
        count: The number of the count, as the problem and the table of stock counts show it.
        decision: accept: the count is right and its numbers are in force from now on, except that a SKU that it
            does not name keeps its number. dismiss: it is wrong; it is thrown away, with older held ones of the
            same warehouse, and the last good one stays in force.
        your_name: Who decides; it is kept with the count.
    """
    author = signed(your_name)
    with open_ledger() as ledger:
        decided = decide(ledger, count, decision, author, utc_now())
        show_counts(ledger, decided.count.connection)
        said = _story(decided, decision, author)
        get_run_logger().info("%s", said)
        if decision == "accept":
            resuming = Resuming(ledger)
            resuming.stock(decided.count.connection)
            resuming.end()
            said = f"{said} {resuming.published}"
    return Completed(message=said)


def _story(decided: Decision, decision: str, author: str) -> str:
    """What was done and what happens next, in one line."""
    count = decided.count
    where = f"count {count.id} of {count.place.subject} ({count.rows} rows)"
    if decision == "dismiss":
        return f"{author} dismissed {where}: the last good count stays, and the next one is compared with it."
    newer = f" Believed with it: {', '.join(map(str, decided.followed))}." if decided.followed else ""
    return f"{author} accepted {where}: its numbers are in force.{newer}"
