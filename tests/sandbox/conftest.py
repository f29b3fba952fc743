"""A fast simulated Amazon on a real socket for every test that asks for one."""

import time
from collections.abc import Callable, Iterator

import pytest

from sandbox.amazon.server import AmazonServer
from sandbox.amazon.world import AmazonWorld
from sandbox.clock import Clock
from tests.sandbox.seller import GB, Seller

SPEED = 2000.0  # the two minutes of hold-back take 60 ms


@pytest.fixture
def world() -> AmazonWorld:
    world = AmazonWorld(Clock(SPEED), limits=False)
    world.hang_seconds = 1
    world.add_listing("MUG/1 ü", GB, 10, lead_time_to_ship_max_days=2, restock_date="2026-12-01")
    return world


@pytest.fixture(scope="session")
def running() -> Iterator[AmazonServer]:
    with AmazonServer(AmazonWorld(Clock())) as server:
        yield server


@pytest.fixture
def server(running: AmazonServer, world: AmazonWorld) -> AmazonServer:
    """The one server of the session, with a world of the test's own."""
    running.world = world
    return running


@pytest.fixture
def seller(server: AmazonServer) -> Iterator[Seller]:
    seller = Seller(server)
    yield seller
    seller.http.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Waits until something is true, at most five seconds."""

    def wait(is_so: Callable[[], object]) -> None:
        end = time.monotonic() + 5
        while not is_so():
            assert time.monotonic() < end, "it did not come to pass within five seconds"
            time.sleep(0.01)

    return wait
