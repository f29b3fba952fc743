"""A form: start peak mode, in which tracking goes first and ordinary quantities go out less often, or end it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed
from pydantic import Field

from domain.peaks import EVERY, LONGEST, LONGEST_EVERY, SHORTEST_EVERY, PeakWish
from flows.doors import Faults, amazon_named, chosen_accounts, open_ledger, utc_now
from flows.endings import says_why
from flows.forms import in_turn, signed
from flows.inventory_sync import publish_stock
from ledger.connection import Ledger
from tasks import peaks

_MINUTE = timedelta(minutes=1)


@flow(name="peak-mode", flow_run_name="peak-mode {decision}")
@says_why
def peak_mode(
    *,
    decision: Annotated[
        Literal["start", "end"],
        Field(description="start: tracking goes first from now on. end: everything is as before, at once."),
    ],
    your_name: Annotated[
        str, Field(min_length=1, description="Who decides this; it is kept with the decision.")
    ],
    hours: Annotated[
        int,
        Field(ge=1, le=LONGEST // timedelta(hours=1), description="It ends by itself after so many hours."),
    ] = 24,
    until: Annotated[
        datetime | None,
        Field(
            description="The moment at which it ends by itself, instead of hours; without a zone it is UTC."
        ),
    ] = None,
    inventory_every: Annotated[
        int,
        Field(
            ge=SHORTEST_EVERY // _MINUTE,
            le=LONGEST_EVERY // _MINUTE,
            description="Minutes between two publications of quantities that are not urgent.",
        ),
    ] = EVERY // _MINUTE,
    reason: Annotated[str, Field(description="What for, in a few words, such as Black Friday.")] = "",
) -> State[None]:
    """Let tracking go first for a while, or end that: it keeps its pace, inventory slows, buffers rise to match.

    Args:
        decision: start: tracking goes first from now on. end: everything is as before, at once.
        your_name: Who decides this; it is kept with the decision.
        hours: It ends by itself after so many hours.
        until: The moment at which it ends by itself, instead of hours; without a zone it is UTC.
        inventory_every: Minutes between two publications of quantities that are not urgent.
        reason: What for, in a few words, such as Black Friday.
    """
    author, now = signed(your_name), utc_now()
    with open_ledger() as ledger:
        if decision == "end":
            peaks.end(ledger, author, now)
            said = "Peak mode has ended; everything is as before it."
        else:
            wish = PeakWish(
                author=author,
                ends_at=_in_utc(until) if until else now + timedelta(hours=hours),
                every=inventory_every * _MINUTE,
                reason=" ".join(reason.split()),
            )
            said = peaks.start(ledger, wish, now).tell()
        get_run_logger().info("%s", said)
        peaks.settle(ledger, utc_now())
        _publish(ledger)
    return Completed(message=said)


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _publish(ledger: Ledger) -> None:
    """The buffers of the peak, or those of everyday times again, for every account at once."""
    faults = Faults(ledger, "inventory-sync")  # whose next run clears what went wrong here
    for account in chosen_accounts(ledger, ""):
        with in_turn(ledger, "inventory-sync", account.name), faults.at(amazon_named(account.name)):
            publish_stock(ledger, account)
    faults.end()
