"""`lockstep stock`: why a quantity is what it is. Needs no Prefect and changes nothing."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from deployments.config import find_config, load
from deployments.ledger_place import open_ledger
from domain.errors import Refused
from domain.marketplaces import MARKETPLACES
from domain.stock.sellable import BufferRule, OfferRule, stretched
from ledger.register import Account, account, accounts, clock, connection_of
from ledger.stock.explain import SkuStory, tell_sku
from ledger.stock.offers import similar_sku

_LEDGER = {"ledger"}
_OUT = Console(highlight=False, markup=False, soft_wrap=True)
_NAMED = 5  # orders named in one cell


def explain(seller_sku: str, account_name: str, config: Path | None) -> None:
    """Show, per account and marketplace, every number behind the quantity of a seller SKU.

    Raises:
        Refused: no account lists the SKU or has it counted.
    """
    settings = load(find_config(config), needed=_LEDGER)
    with open_ledger(settings) as ledger, ledger.begin() as conn:
        chosen = (account(conn, account_name),) if account_name else accounts(conn)
        stories = [
            story
            for one in chosen
            if (story := tell_sku(conn, one, connection_of(conn, one.name), seller_sku, clock(conn)))
            is not None
        ]
        if not stories:
            raise Refused(_unknown(conn, chosen, seller_sku))
    for story in stories:
        _OUT.print(_numbers(story, seller_sku))
        _OUT.print(_shown(story) if story.listings else "  No listing of it is known at Amazon yet.")
        for row in story.listings:
            if row["explanation"]:
                _OUT.print(f"  {_shop(row)}: {row['explanation']}")


def _unknown(conn: sa.Connection, chosen: tuple[Account, ...], seller_sku: str) -> str:
    names = ", ".join(one.name for one in chosen) or "any account"
    meant = next((found for one in chosen if (found := similar_sku(conn, one.name, seller_sku))), "")
    hint = f' Did you mean "{meant}"?' if meant else " Copy the seller SKU from Seller Central."
    return f'There is no listing and no count of "{seller_sku}" in {names}.{hint}'


def _numbers(story: SkuStory, seller_sku: str) -> Table:
    table = Table(show_header=False, title=f"{seller_sku} in {story.account}", title_justify="left")
    for name, value in _rows(story):
        table.add_row(name, value)
    return table


def _rows(story: SkuStory) -> Iterator[tuple[str, str]]:
    """What is so for every marketplace, in units of the warehouse's SKUs."""
    takes = " + ".join(f"{part.units} x {part.warehouse_sku}" for part in story.parts)
    yield "takes", takes or "nothing: nobody mapped it"
    for one in story.counted:
        doubt = f"; not believed since: {one.doubt}" if one.doubt else ""
        where = f"{story.connection} {one.warehouse}".strip()
        yield f"counted, {one.sku}", f"{one.available} in {where} at {_minute(one.as_of)} UTC{doubt}"
    if not story.counted:
        yield "counted", f"never at {story.connection}"
    for sku, pool in sorted(story.pools.items()):
        yield f"reserved, {sku}", f"{pool.reserved}{_orders(story, sku)}"
        if story.buffer.odds is not None:
            yield f"expected, {sku}", f"{pool.expected:.2f} units before a number is replaced by the next one"
        if pool.doubt:
            yield f"doubt, {sku}", pool.doubt
    yield "buffer", _buffer(story.buffer)
    if story.peak is not None:
        yield "buffer in peak mode", _buffer(stretched(story.buffer, story.exposure.stretch))
        yield "peak mode", story.peak.tell()
    yield "share", f"{story.buffer.share:g}"
    yield from _offer_rows(story.offer)


def _orders(story: SkuStory, sku: str) -> str:
    names = [claim.order_id for claim in story.claims if sku in claim.units]
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f" in {len(names)} order{'' if len(names) == 1 else 's'}: {', '.join(names[:_NAMED])}{more}"


def _buffer(rule: BufferRule) -> str:
    parts = [f"{rule.fixed} units"] if rule.fixed else []
    parts += [f"{rule.percent:g} % of available"] if rule.percent else []
    parts += [f"adaptive, exceeded with odds of {rule.odds:g}"] if rule.odds else []
    return "the largest of " + ", ".join(parts) if len(parts) > 1 else (parts or ["none"])[0]


def _offer_rows(rule: OfferRule) -> Iterator[tuple[str, str]]:
    yield "cap", "none" if rule.cap is None else str(rule.cap)
    yield "warehouses", ", ".join(rule.warehouses) or "all"
    yield "stopped", "yes" if rule.stopped else "no"


def _shown(story: SkuStory) -> Table:
    """One column for each marketplace: as many as there are, they fit a terminal better than one row each."""
    table = Table("", *[_shop(row) for row in story.listings])
    for name in ("available", "reserved", "buffer", "publishable", "published", "effective"):
        cells = ["" if row[name] is None else str(row[name]) for row in story.listings]
        table.add_row(name, *cells)
    states = [f"{row['state']}{', hidden by Amazon' if row['suppressed'] else ''}" for row in story.listings]
    table.add_row("state", *states)
    for name, words in (("published_at", "published at (UTC)"), ("seen_at", "seen at (UTC)")):
        table.add_row(words, *[_when(row[name]) for row in story.listings])
    return table


def _shop(row: Mapping[str, object]) -> str:
    known = MARKETPLACES.get(str(row["marketplace_id"]))
    return f"{known.country} {known.id}" if known else str(row["marketplace_id"])


def _when(moment: object) -> str:
    return _minute(moment) if isinstance(moment, datetime) else ""


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
