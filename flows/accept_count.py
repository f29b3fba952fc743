"""The form for a count that was held: a person accepts or dismisses it, and what it unblocks goes out at once."""

from typing import Literal

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from flows.doors import Faults, all_connections, amazon_named, chosen_accounts, open_ledger, utc_now
from flows.endings import says_why
from flows.forms import signed
from flows.inventory_sync import publish_stock
from ledger.connection import Ledger
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
            _publish(ledger, decided.count.connection)
    return Completed(message=said)


def _publish(ledger: Ledger, connection: str) -> None:
    """Publish for every account that the connection serves; who has its turn already publishes it all the same."""
    [served] = [one.serves for one in all_connections(ledger) if one.name == connection]
    faults = Faults(ledger, "accept-count")
    for account in chosen_accounts(ledger, ""):
        if account.name not in served:
            continue
        with ledger.only_one("inventory-sync", account.name) as alone:
            if alone:
                with faults.at(amazon_named(account.name)):
                    publish_stock(ledger, account)
            else:
                get_run_logger().info(
                    "Another run publishes for %s now; the rest goes out next.", account.name
                )
    faults.end()


def _story(decided: Decision, decision: str, author: str) -> str:
    """What was done and what happens next, in one line."""
    count = decided.count
    where = f"count {count.id} of {count.place.subject} ({count.rows} rows)"
    if decision == "dismiss":
        return f"{author} dismissed {where}: the last good count stays, and the next one is compared with it."
    newer = f" Believed with it: {', '.join(map(str, decided.followed))}." if decided.followed else ""
    return f"{author} accepted {where}: its numbers are in force and published now.{newer}"
