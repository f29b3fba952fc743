"""Sold more than was there: told as soon as the orders are read, with the orders affected and the choices."""

from collections.abc import Mapping
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.maps import SkuMap
from domain.stock.oversell import Shelf, Standing, Unfilled, choices
from ledger.connection import Ledger
from ledger.maps import load_skus
from ledger.register import Connection
from ledger.stock.oversell import find_oversold, settle_oversold
from tasks.tables import Rows, show_table

_SHOWN = 200
_NONE: Rows = [{"order": "none"}]


@task(
    task_run_name="watch for oversold SKUs at {connection.name}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
)
def watch_oversell(
    ledger: Ledger, connection: Connection, skus: dict[str, SkuMap] | None, now: datetime
) -> int:
    """Find the orders that the last counts do not reach, open and clear their problems, and show them; how many.

    `skus` holds the SKU map of each account that the connection serves; None: they are read here.
    """
    with ledger.begin() as conn:
        known = skus or {
            name: load_skus(conn, name, connection.name, same_skus=connection.same_skus)
            for name in connection.serves
        }
        found = find_oversold(conn, connection.name, known)
        settle_oversold(conn, connection.name, found, now)
    rows = [_cells(one, found.shelves) for one in found.orders[:_SHOWN]]
    show_table(f"oversold-{connection.name}", rows or _NONE, _words(len(found.orders)), now, empty=_NONE)
    return len(found.orders)


def _cells(one: Unfilled, shelves: Mapping[str, Shelf]) -> dict[str, object]:
    claim = one.claim
    return {
        "SKU": ", ".join(sorted(one.short)),
        "units short": sum(one.short.values()),
        "order": claim.order_id,
        "account": claim.seller_account,
        "ship by (UTC)": f"{claim.confirm_by:%Y-%m-%d %H:%M}" if claim.confirm_by else "",
        "placed (UTC)": f"{claim.placed_at:%Y-%m-%d %H:%M}",
        "paid": "no" if claim.standing is Standing.UNPAID else "yes",
        "choices": choices(one, shelves),
    }


def _words(many: int) -> str:
    if not many:
        return "Every open order can be filled from the last counts."
    more = f" The first {_SHOWN} are shown." if many > _SHOWN else ""
    return (
        f"{many} open orders cannot be filled from the last counts, in the order of their turns.{more} What the"
        " warehouse accepted goes first, then what was placed first, then what is not paid."
    )
