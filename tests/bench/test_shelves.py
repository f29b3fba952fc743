"""What the stock bench's Amazon remembers of writes."""

from sandbox.clock import Clock
from tests.bench.shelves import WatchedWorld
from tests.bench.strangers import GB


def test_every_write_is_remembered_with_what_was_said_before() -> None:
    """A number that was said already is a write that changed nothing, before it is even in effect."""
    world = WatchedWorld(Clock(1_000.0))
    world.add_listing("A", GB, 5)
    listing = world.listings["A", GB]
    for units in (3, 3, 5):
        world.submit(
            listing, {"DEFAULT": {"fulfillment_channel_code": "DEFAULT", "quantity": units}}, after=90
        )
    assert [(write.before, write.units, write.changed) for write in world.written] == [
        (5, 3, True),
        (3, 3, False),
        (3, 5, True),
    ]


def test_a_write_names_its_moment_of_effect() -> None:
    """At ten times Amazon's pace a quantity is in effect nine seconds after it was taken in."""
    world = WatchedWorld(Clock(10.0))
    world.add_listing("A", GB, 5)
    submitted = {"DEFAULT": {"fulfillment_channel_code": "DEFAULT", "quantity": 4}}
    world.submit(world.listings["A", GB], submitted, after=world.quantity_after)
    (write,) = world.written
    assert round(write.effective_at - write.at, 3) == 9
