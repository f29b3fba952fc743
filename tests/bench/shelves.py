"""The simulated Amazon with a large catalog, in a process of its own, that remembers every write to a listing.

`python -m tests.bench.shelves SKUS FOLDER SPEED` serves until told to end; one line of JSON says where.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from sandbox.amazon.feeds import Feed
from sandbox.amazon.limits import Buckets
from sandbox.amazon.server import AmazonServer
from sandbox.amazon.shelf import Channel, Listing
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from tests.bench.catalog import catalog
from tests.bench.strangers import GB, Strangers, counted, serve, started, throttled

# Amazon states neither: what it takes a patch to come into effect, and a feed to be worked through.
QUANTITY_AFTER, FEED_AFTER = 90.0, 60.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Amazon took in units of a listing: what was said of it before, and when this is in effect (since 1970)."""

    sku: str
    before: int | None
    units: int | None
    at: float
    effective_at: float

    @property
    def changed(self) -> bool:
        """Whether it said anything new."""
        return self.units != self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelves(Strangers):
    """Where this Amazon is, and what may be asked of it."""

    def writes(self) -> list[Write]:
        """Everything that was written to a listing, by patch or feed, oldest first."""
        return [Write(**told) for told in self._ask("writes")]

    def feeds(self) -> int:
        """How many feeds were created."""
        return int(self._ask("feeds"))

    def effective(self) -> dict[str, int]:
        """Units that buyers can order now, by SKU."""
        told: dict[str, int] = self._ask("effective")
        return told


@contextmanager
def shelves(skus: int, folder: Path, speed: float) -> Iterator[Shelves]:
    """Amazon with the offers of the first count in effect, until the block ends."""
    with started("tests.bench.shelves", str(skus), str(folder), str(speed)) as told:
        yield Shelves(**told)


class WatchedWorld(AmazonWorld):
    """Writes down every submission on its way to the shelf."""

    quantity_after, document_after = QUANTITY_AFTER, FEED_AFTER

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.written: list[Write] = []

    def submit(self, listing: Listing, submitted: dict[str, Channel], *, after: float) -> None:
        """Takes in a new availability, and remembers it."""
        now = self.now()
        write = Write(
            sku=listing.seller_sku,
            before=_units(listing.submitted),
            units=_units(submitted),
            at=now.timestamp(),
            effective_at=(now + timedelta(seconds=self.clock.scaled(after))).timestamp(),
        )
        self.written.append(write)
        super().submit(listing, submitted, after=after)


def main() -> None:
    """Serve until told to end."""
    number, folder, speed = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    world = WatchedWorld(Clock(speed))
    for sku, units in catalog(number).offers()[0].items():
        world.add_listing(sku, GB, units)
    server = AmazonServer(world)
    server.controls.update(
        requests=lambda _: counted(world),
        refill=lambda _: _refilled(world),
        throttled=lambda _: throttled(world),
        writes=lambda _: [asdict(write) for write in list(world.written)],
        feeds=lambda _: sum(isinstance(job, Feed) for job in list(world.jobs.values())),
        effective=lambda _: _effective(world),
    )
    serve(server, folder, (GB,))


def _units(submitted: Mapping[str, Channel]) -> int | None:
    found = submitted.get("DEFAULT", {}).get("quantity")
    return None if found is None else int(found)


def _refilled(world: AmazonWorld) -> None:
    with world.lock:
        world.buckets = Buckets(world.clock.speed)


def _effective(world: AmazonWorld) -> dict[str, int]:
    with world.lock:
        world.settle()
        return {listing.seller_sku: listing.quantity() or 0 for listing in world.listings.values()}


if __name__ == "__main__":
    main()
