"""What becomes of a feed: planned ahead by whoever rehearses."""

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.amazon.state import AmazonState

ENDINGS = ("DONE", "FATAL")
FOR_EVER = 1e9  # seconds; about thirty years


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPlan:
    """How Amazon treats one feed; see `AmazonFeedPlans.plan_feed`."""

    ending: str = "DONE"
    queued: float | None = None
    processing: float | None = None
    unread: int = 0
    rejected: frozenset[str] = frozenset()
    warned: frozenset[str] = frozenset()
    ineffective: frozenset[str] = frozenset()


class AmazonFeedPlans(AmazonState):
    """The feeds that are still to come. Thread-safe."""

    def plan_feed(  # noqa: PLR0913 - a feed can go wrong in these ways
        self,
        *,
        ending: str = "DONE",
        queued: float | None = None,
        processing: float | None = None,
        unread: int = 0,
        rejected: Iterable[str] = (),
        warned: Iterable[str] = (),
        ineffective: Iterable[str] = (),
    ) -> None:
        """Plans the next feed that Amazon takes; a further call plans the one after it.

        Args:
            ending: DONE, or FATAL: then there is no report, and what was read took effect all the same.
            queued: so many of Amazon's seconds IN_QUEUE; `FOR_EVER` is long enough for any test.
            processing: the same IN_PROGRESS.
            unread: so many messages, the last ones, are neither applied nor counted as processed.
            rejected: seller SKUs whose message gets an ERROR and no effect.
            warned: seller SKUs whose message gets a WARNING beside its effect.
            ineffective: seller SKUs whose message is accepted and has no effect.

        Raises:
            ValueError: the ending is none of the two.
        """
        if ending not in ENDINGS:
            raise ValueError(f"A feed ends {' or '.join(ENDINGS)}.")
        plan = FeedPlan(
            ending=ending,
            queued=queued,
            processing=processing,
            unread=unread,
            rejected=frozenset(rejected),
            warned=frozenset(warned),
            ineffective=frozenset(ineffective),
        )
        with self.lock:
            self.feed_plans.append(plan)

    def next_feed_plan(self) -> FeedPlan:
        """The plan for a feed that is taken now; without one all goes well."""
        with self.lock:
            return self.feed_plans.popleft() if self.feed_plans else FeedPlan()
