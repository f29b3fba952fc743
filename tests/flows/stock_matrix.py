"""What must hold for every quantity after anything went wrong, and how the time that waits take is let pass."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote

import sqlalchemy as sa

from sandbox.amazon.feeds import Feed
from sandbox.amazon.shelf import Listing
from sandbox.amazon.world import AmazonWorld
from tests.flows.conftest import Street
from tests.flows.matrix import Verdict

HANDLING_DAYS, RESTOCK = 4, "2031-05-01"  # what the seller set at Amazon, and nobody here may touch
Place = tuple[str, str]  # seller SKU and marketplace
Row = Mapping[str, Any]


def judge_stock(street: Street, account: str, world: AmazonWorld, wanted: Mapping[str, int]) -> Verdict:
    """Compare every listing at one Amazon with the ledger, its problems, and the units that may be offered.

    `wanted` is by SKU, computed without the house: what was counted, less what buyers wait for.
    """
    told = {(row["seller_sku"], row["marketplace_id"]): row for row in _listings(street, account)}
    open_ones = [row for row in street.rows("problems") if row["cleared_at"] is None]
    mine = [row for row in open_ones if f"Amazon ({account})" in row["subject"] or _named(row, account)]
    proven, lost, contradicting = 0, [], [*_touched(world), *_both_ways(street, account, world)]
    for place in list(world.listings):
        row, shown, units = told.get(place), world.effective_quantity(*place), wanted[place[0]]
        if row is not None and row["state"] == "EFFECTIVE" and shown != row["effective"]:
            contradicting.append(
                f"{account}: {place} is {shown} at Amazon and in effect as {row['effective']}"
            )
        elif row is not None and row["state"] == "EFFECTIVE" and shown == units == row["published"]:
            proven += 1
        elif not any(_covers(problem, account, place) for problem in mine):
            state = row and (row["state"], row["published"])
            lost.append(f"{account}: {place} is {state}, {shown} at Amazon, {units} wanted: nobody's problem")
    return Verdict(
        things=len(world.listings),
        proven=proven,
        problems=Counter(f"{row['kind']} ({row['owner']})" for row in mine),
        lost=tuple(lost),
        contradicting=tuple(contradicting),
    )


def _listings(street: Street, account: str) -> Sequence[Row]:
    words = "SELECT * FROM ledger.listings WHERE seller_account = :account"
    with street.ledger.begin() as conn:
        return list(conn.execute(sa.text(words), {"account": account}).mappings())


def _named(problem: Row, account: str) -> bool:
    """Whether a problem is about a listing or a feed of this account."""
    return str(problem["subject"]).startswith(f"{account} ")


def _covers(problem: Row, account: str, place: Place) -> bool:
    """Whether a problem, which must have an owner, speaks for this listing: of it, or of its Amazon."""
    about = (f"{account} {place[0]} in {place[1]}", f"Amazon ({account})")
    return bool(problem["owner"]) and str(problem["subject"]).startswith(about)


def _touched(world: AmazonWorld) -> list[str]:
    """Listings that are offered through another channel, or whose other fields are not the seller's."""
    with world.lock:
        world.settle()
        all_ = list(world.listings.values())
    return [f"{one.seller_sku} is {one.effective}, {one.submitted}" for one in all_ if not _is_kept(one)]


def _is_kept(listing: Listing) -> bool:
    rest = {
        "fulfillment_channel_code": "DEFAULT",
        "lead_time_to_ship_max_days": HANDLING_DAYS,
        "restock_date": RESTOCK,
    }
    shown = (listing.effective, listing.submitted)
    return all(
        {**each, "DEFAULT": {**each["DEFAULT"], "quantity": 0}} == {"DEFAULT": {**rest, "quantity": 0}}
        for each in shown
    )


def _both_ways(street: Street, account: str, world: AmazonWorld) -> list[str]:
    """Patches that reached Amazon while a feed with the same listing was open there.

    A feed that is overdue does not count: its listings go on without it.
    """
    let_go = _overdue(street, account)
    with world.lock:
        jobs = [job for job in world.jobs.values() if isinstance(job, Feed)]
        calls = [one for one in world.requests if one.operation == "patchListingsItem"]
    found = []
    for feed in jobs:
        end = min(one for one in (feed.ended, let_go.get(feed.feed_id), world.now()) if one)
        inside = {
            (unquote(one.path.rsplit("/", 1)[1]), _market(one.query))
            for one in calls
            if feed.created < one.at < end
        }
        found += [
            f"{account}: {place} was patched while in feed {feed.feed_id}"
            for place in inside & set(_in(feed))
        ]
    return found


def _market(query: str) -> str:
    return parse_qs(query)["marketplaceIds"][0]


def _in(feed: Feed) -> Iterator[Place]:
    content = feed.input.content or b"{}"
    document = json.loads(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
    for message in document["messages"]:
        yield from ((message["sku"], market) for market in feed.marketplace_ids)


def _overdue(street: Street, account: str) -> dict[str, datetime]:
    """When the ledger let go of feeds that Amazon was silent about, by Amazon's id."""
    words = (
        "SELECT feed.feed_id, history.at FROM ledger.feeds AS feed JOIN ledger.feed_history AS history"
        " ON history.feed_id = feed.id WHERE feed.seller_account = :account AND history.to_state = 'OVERDUE'"
    )
    with street.ledger.begin() as conn:
        return dict(tuple(row) for row in conn.execute(sa.text(words), {"account": account}))


_WAITS = {
    "listings": ("planned_at", "published_at", "accepted_at", "seen_at"),
    "feeds": ("planned_at", "sent_at", "submitted_at"),
    "asked_reports": ("asked_at", "polled_at"),
}


def stock_waits(street: Street, account: str = "", span: timedelta = timedelta(hours=1)) -> None:
    """Let time pass for everything that waits for Amazon: quantities, feeds and reports; budgets are full again.

    After a report that has come, or failed, it is the next night.
    """
    with street.ledger.begin() as conn:
        for table, names in _WAITS.items():
            back = ", ".join(f"{name} = {name} - :span" for name in names)
            words = f"UPDATE ledger.{table} SET {back} WHERE :account IN ('', seller_account)"
            conn.execute(sa.text(words), {"span": span, "account": account})
        words = "UPDATE ledger.asked_reports SET asked_at = asked_at - interval '1 day'"
        ended = "state IN ('READ', 'FAILED') AND :account IN ('', seller_account)"
        conn.execute(sa.text(f"{words} WHERE {ended}"), {"account": account})
        conn.execute(sa.text("UPDATE ledger.budgets SET tokens = burst, at = now()"))
