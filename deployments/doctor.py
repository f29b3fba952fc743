"""`lockstep doctor`: can every door be reached, are the credentials valid, are the maps complete."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import httpx

from deployments.doctor_channels import channel_looks
from deployments.ledger_place import open_ledger
from deployments.no_desk import NoDesk
from deployments.settings import Settings
from deployments.setup import missing_blocks, seller_block, warehouse_block
from deployments.stack import running_stack
from domain.errors import NeedsDecision, Refused, TryAgain
from domain.marketplaces import MARKETPLACES
from domain.problems import ProblemKind
from ledger import maps, register
from ledger.connection import Ledger
from ledger.problems import open_problems

_PROBE_SKU = (
    "lockstep-doctor"  # a listing nobody has: Amazon answers with none, for the price of one cheap call
)
_GAPS = (ProblemKind.CARRIER_UNMAPPED, ProblemKind.UNMAPPED_SKU, ProblemKind.UNMAPPED_SHIP_METHOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: what was found, or what to do about it."""

    what: str
    ok: bool
    found: str


def examine(settings: Settings, say: Callable[[str], None]) -> Iterator[Check]:
    """Look at everything, one check after the other; a broken one does not hide the next."""
    yield from _own_side(settings, say)
    for name in settings.amazon:
        yield _checked(f"Amazon {name}", partial(_amazon, settings, name))
    for name in settings.warehouse:
        yield _checked(f"Warehouse {name}", partial(_warehouse, settings, name))
    for what, look in channel_looks(settings):
        yield _checked(what, look)


def _own_side(settings: Settings, say: Callable[[str], None]) -> Iterator[Check]:
    with ExitStack() as open_until_done:
        try:
            ledger = open_until_done.enter_context(open_ledger(settings))
            yield Check(what="Ledger", ok=True, found="reached, its tables are up to date")
        except (Refused, TryAgain) as error:
            yield Check(what="Ledger", ok=False, found=str(error))
            return
        yield _checked("Prefect", partial(_prefect, settings, say))
        yield from _map_checks(settings, ledger)


def _prefect(settings: Settings, say: Callable[[str], None]) -> str:
    with running_stack(settings, say) as stack:
        missing = missing_blocks(settings)
        if missing:
            raise Refused(f"Prefect has no block for {', '.join(missing)}; run lockstep setup.")
        return f"answers at {stack.ui_url}"


def _amazon(settings: Settings, name: str) -> str:
    account = settings.amazon[name]
    door = seller_block(name, account).open(NoDesk())
    for marketplace in account.marketplaces:
        door.fetch_listings(marketplace, [_PROBE_SKU])
    return (
        f"the credentials are accepted in {', '.join(MARKETPLACES[m].country for m in account.marketplaces)}"
    )


def _warehouse(settings: Settings, name: str) -> str:
    return warehouse_block(name, settings.warehouse[name]).open(NoDesk()).check()


def _map_checks(settings: Settings, ledger: Ledger) -> Iterator[Check]:
    for name in settings.amazon:
        yield _checked(f"Ship methods {name}", partial(_services, ledger, name))
    yield _checked("Maps", partial(_gaps, ledger))


def _services(ledger: Ledger, name: str) -> str:
    with ledger.begin() as conn:
        account = register.account(conn, name)
        connection = register.connection_of(conn, name)
        rows = maps.load_services(conn, name, connection.name).rows
    mapped = {row.marketplace_id for row in rows}
    missing = [] if "" in mapped else [m for m in account.marketplaces if m not in mapped]
    if missing:
        raise Refused(
            f"No ship method is mapped for {', '.join(missing)}; add rows with lockstep import services FILE.csv."
        )
    return f"every marketplace has a ship method at {connection.name}"


def _gaps(ledger: Ledger) -> str:
    with ledger.begin() as conn:
        gaps = [problem for problem in open_problems(conn) if problem.kind in _GAPS]
    if gaps:
        first = gaps[0]
        more = f" (and {len(gaps) - 1} more; see lockstep status)" if len(gaps) > 1 else ""
        raise NeedsDecision(f"{first.summary} {first.next_step}{more}")
    return "nothing was seen that is not mapped"


def _checked(what: str, look: Callable[[], str]) -> Check:
    try:
        return Check(what=what, ok=True, found=look())
    except (Refused, TryAgain, NeedsDecision) as error:
        return Check(what=what, ok=False, found=str(error))
    except httpx.HTTPError as error:
        return Check(what=what, ok=False, found=f"It could not be reached ({type(error).__name__}).")
