"""The bench of the simulated 3PL: puts orders into boxes, labels them, and tells of it in dispatch files."""

import threading
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox import filedrop
from sandbox.clock import Clock
from sandbox.filedrop import DropFolder
from sandbox.habits import PLAIN, Habit, Line
from sandbox.parcels import Parcel, dispatch_rows, split, tracking_number

FileRow = dict[str, object]


@dataclass(slots=True, kw_only=True)
class Job:
    """One order in the warehouse. Its state: RECEIVED, ACCEPTED, REJECTED, CANCELLED or DISPATCHED."""

    order_ref: str
    amazon_order_id: str
    wms_ref: str
    lines: list[Line]
    received_at: datetime
    accept_at: datetime
    dispatch_at: datetime
    state: str = "RECEIVED"


@dataclass(slots=True, kw_only=True)
class Rest:
    """Boxes of a dispatched order that are still here; without a moment they wait for a word."""

    job: Job
    boxes: list[tuple[int, list[Line]]]  # which box it is, what is in it
    count: int
    habit: Habit
    due: datetime | None


class PackingBench:
    """Dispatches orders by the plain way or by a habit. Every public method is thread-safe."""

    def __init__(
        self, drop: DropFolder, clock: Clock, stock: Mapping[str, int], carriers: Sequence[tuple[str, str]]
    ) -> None:
        self.drop, self.clock, self.carriers = drop, clock, tuple(carriers)
        self.lock = threading.RLock()
        self.on_hand = dict(stock)
        self.usual: Habit | None = None  # of every order without a plan of its own
        self.dispatched: list[Parcel] = []  # as they are now: with their last label, without the voided
        self.withdrawn: list[Parcel] = []  # old labels and voided parcels
        self._plans: dict[str, Habit] = {}
        self._rests: list[Rest] = []
        self._untracked: list[tuple[datetime, str]] = []  # when a parcel's tracking number is sent by itself
        self._held: Counter[str] = Counter()  # units of accepted orders that are still here
        self._labels = 0

    def plan(self, amazon_order_id: str, habit: Habit) -> None:
        """Has an order dispatched in a special way; in time until it is dispatched."""
        with self.lock:
            self._plans[amazon_order_id] = habit

    def one_box(self, *amazon_order_ids: str, tracking: str = "") -> str:
        """Plans one box, and so one tracking number, for several orders; returns the number."""
        with self.lock:
            carrier = self._choice(amazon_order_ids[0])
            tracking = tracking or self._label(carrier[0])
            for order_id in amazon_order_ids:
                habit = self._plans.get(order_id, self.usual or PLAIN)
                self._plans[order_id] = replace(habit, tracking=(tracking,), carrier=carrier)
            return tracking

    def parcels_of(self, amazon_order_id: str) -> list[Parcel]:
        """The parcels of an order that left and were not taken back, oldest first."""
        with self.lock:
            return [parcel for parcel in self.dispatched if parcel.amazon_order_id == amazon_order_id]

    def send_rest(self, amazon_order_id: str) -> list[Parcel]:
        """Dispatches the next box of an order whose rest is still here; returns the parcels."""
        with self.lock:
            waiting = [rest for rest in self._rests if rest.job.amazon_order_id == amazon_order_id]
            sent = [self._next_box(rest) for rest in waiting]
            self._tell([row for parcel in sent for row in dispatch_rows(parcel)])
            return sent

    def _packed(self, job: Job) -> list[Parcel]:
        """Puts an order into boxes; returns the parcels that leave now."""
        plan = self._plans.get(job.amazon_order_id, self.usual)
        habit = plan or PLAIN
        boxes = habit.packed(job.lines) if plan else split(job.order_ref, job.lines)
        rest = Rest(job=job, boxes=list(enumerate(boxes, start=1)), count=len(boxes), habit=habit, due=None)
        self._rests.append(rest)
        self._hold([line for box in boxes for line in box], 1)
        return [self._next_box(rest) for _ in (boxes if habit.rest_after == 0 else boxes[:1])]

    def _next_box(self, rest: Rest) -> Parcel:
        number, lines = rest.boxes.pop(0)
        parcel = self._labeled(rest, number, lines)
        self._hold(lines, -1)
        self._put_back(parcel, -1)
        self.dispatched.append(parcel)
        rest.due = self._after(rest.habit.rest_after)
        if not rest.boxes:
            self._rests.remove(rest)
        return parcel

    def _labeled(self, rest: Rest, number: int, lines: Sequence[Line]) -> Parcel:
        job, habit = rest.job, rest.habit
        carrier, service = habit.carrier or self._choice(job.amazon_order_id)
        name, due = f"{job.wms_ref}-{number}", self._after(habit.tracking_after)
        if due is not None and habit.tracking_after:
            self._untracked.append((due, name))
        return Parcel(
            order_ref=job.order_ref,
            amazon_order_id=job.amazon_order_id,
            package_ref=name,
            carrier=carrier,
            service=service,
            tracking=self._number_of(habit, number, carrier) if habit.tracking_after == 0 else "",
            shipped_at=self._moment(),
            lines=tuple(lines),
            number=number,
            count=rest.count,
            habit=habit,
        )

    def _awaited(self) -> bool:
        """Whether something of a dispatched order will follow by itself."""
        return bool(self._untracked) or any(rest.due is not None for rest in self._rests)

    def _tell(self, rows: Sequence[FileRow]) -> None:
        if rows:
            self.drop.put("dispatch", filedrop.DISPATCH, rows)

    def _number_of(self, habit: Habit, number: int, carrier: str) -> str:
        return habit.tracking[number - 1] if number <= len(habit.tracking) else self._label(carrier)

    def _label(self, carrier: str) -> str:
        self._labels += 1
        return tracking_number(carrier, 1_000_000 + self._labels - 1)

    def _choice(self, amazon_order_id: str) -> tuple[str, str]:
        return self.carriers[zlib.crc32(amazon_order_id.encode()) % len(self.carriers)]

    def _hold(self, lines: Sequence[Line], sign: int) -> None:
        for _, sku, quantity in lines:
            self._held[sku] += sign * quantity

    def _put_back(self, parcel: Parcel, sign: int) -> None:
        for _, sku, quantity in parcel.lines:
            self.on_hand[sku] += sign * quantity

    def _moment(self) -> datetime:
        return self.clock.now().replace(microsecond=0)

    def _after(self, seconds: float | None) -> datetime | None:
        return None if seconds is None else self.clock.now() + timedelta(seconds=self.clock.scaled(seconds))
