"""A simulated 3PL that works through a folder: reads orders, picks, dispatches, counts."""

import threading
import zlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sandbox import filedrop
from sandbox.clock import Clock
from sandbox.filedrop import DropFolder, Row
from sandbox.labels import LabelDesk
from sandbox.miscounts import MISCOUNTS, miscounted
from sandbox.open_orders import open_rows
from sandbox.packing import Job
from sandbox.parcels import CARRIERS, dispatch_rows


class Warehouse(LabelDesk):
    """The 3PL. Every public method is thread-safe; what it can be told to do is in its two bases.

    Args:
        folder: the file drop; `in/` and `out/` are made when missing.
        clock: shortens the delays below.
        name: the warehouse column of stock files.
        stock: units on hand per warehouse SKU; an unknown SKU makes it reject an order.
        accept_after: seconds from reading an order to its acknowledgment.
        dispatch_after: shortest and longest time in seconds from reading an order to its dispatch.
        stock_every: seconds between stock files; one is written when anything changed, or the third time.
        carriers: carrier and service strings, spread over the orders.
        census_every: seconds until and between lists of the open orders; None: none is written but by `list_open`.
    """

    def __init__(  # noqa: PLR0913 - a warehouse's habits, each with a plain default
        self,
        folder: Path | str,
        clock: Clock,
        *,
        name: str = "SIM1",
        stock: Mapping[str, int],
        accept_after: float = 120.0,
        dispatch_after: tuple[float, float] = (600.0, 1800.0),
        stock_every: float = 300.0,
        carriers: Sequence[tuple[str, str]] = CARRIERS,
        census_every: float | None = None,
    ) -> None:
        super().__init__(DropFolder(Path(folder), clock), clock, stock, carriers)
        self.name = name
        self.accept_after, self.dispatch_after, self.stock_every = accept_after, dispatch_after, stock_every
        self.census_every = census_every
        self.jobs: dict[str, Job] = {}
        self.duplicates: list[str] = []  # order_refs handed over more than once
        self._open: dict[str, Job] = {}  # received or accepted
        self._seen: set[str] = set()
        self._last_stock: dict[str, int] | None = None
        self._next_stock = clock.now()
        self._next_census = clock.now() + timedelta(seconds=clock.scaled(census_every or 0.0))
        self._quiet = 0
        self._mistakes: list[str] = []

    @property
    def complaints(self) -> list[str]:
        """What was wrong with files of the seller's: file, row, column, reason."""
        return self.drop.complaints

    @property
    def accepted(self) -> dict[str, str]:
        """Order reference to the warehouse's own, of all that was accepted and not rejected."""
        with self.lock:
            return {
                ref: job.wms_ref
                for ref, job in self.jobs.items()
                if job.state not in ("RECEIVED", "REJECTED")
            }

    def seen(self, amazon_order_id: str) -> bool:
        """Whether a file with this order was read."""
        with self.lock:
            return amazon_order_id in self._seen

    def available(self, sku: str) -> int:
        """Units on hand that no accepted order needs."""
        with self.lock:
            return max(0, self.on_hand.get(sku, 0) - self._held[sku])

    def miscount(self, kind: str, times: int = 1) -> None:
        """Gets the next counts wrong; the first of them is due at once.

        Args:
            kind: missing: no file is written. Otherwise a mistake of `sandbox.miscounts`: empty, half, one-gone,
                zero, negative, duplicate (harmless), contradiction, cases, foreign, old, future.
            times: for how many counts.

        Raises:
            ValueError: there is no such mistake.
        """
        if kind not in MISCOUNTS:
            raise ValueError(f"Nobody miscounts by {kind!r}; there are {', '.join(MISCOUNTS)}.")
        with self.lock:
            self._mistakes += [kind] * times
            self.recount()

    def recount(self) -> None:
        """Makes the next count due at once, moved or not."""
        with self.lock:
            self._next_stock, self._last_stock = self.clock.now(), None

    def list_open(self, *, leave_out: Collection[str] = (), add: Collection[str] = ()) -> Path:
        """Writes the list of open orders now.

        Args:
            leave_out: order references, or Amazon's ids, that it forgets.
            add: order references that have no business in it.
        """
        with self.lock:
            jobs = [*self._open.values(), *(rest.job for rest in self._rests)]
            rows = open_rows(jobs, self.clock.now(), leave_out=leave_out, add=add)
            return self.drop.put("census", filedrop.CENSUS, rows)

    def busy(self) -> bool:
        """Whether an order waits for its acceptance or dispatch, or a part of one will follow by itself."""
        with self.lock:
            return bool(self._open) or self._awaited()

    def run(self, stop: threading.Event, every: float = 0.2) -> None:
        """Works until told to stop, with real seconds between two passes."""
        while not stop.wait(every):
            self.work()

    def work(self) -> None:
        """One pass: read, accept, dispatch, answer cancellations, count."""
        with self.lock:
            self._read_orders()
            self._read_cancels()
            self._accept()
            self._dispatch()
            self._count()
            self._list_in_time()

    def _list_in_time(self) -> None:
        now = self.clock.now()
        if self.census_every is not None and now >= self._next_census:
            self._next_census = now + timedelta(seconds=self.clock.scaled(self.census_every))
            self.list_open()

    def _read_orders(self) -> None:
        for rows in self.drop.taken("orders", filedrop.read_orders):
            for order_ref in dict.fromkeys(row["order_ref"] for row in rows):
                self._receive(order_ref, [row for row in rows if row["order_ref"] == order_ref])

    def _receive(self, order_ref: str, rows: list[Row]) -> None:
        if order_ref in self.jobs:
            self.duplicates.append(order_ref)
            if self.jobs[order_ref].state != "RECEIVED":
                self._acknowledge([self._verdict(self.jobs[order_ref])])
            return
        now, spread = self.clock.now(), zlib.crc32(order_ref.encode()) % 1000 / 1000
        shortest, longest = self.dispatch_after
        job = Job(
            order_ref=order_ref,
            amazon_order_id=rows[0]["amazon_order_id"],
            wms_ref=f"{self.name}-{len(self.jobs) + 1:06d}",
            lines=[(row["line_ref"], row["sku"], int(row["qty"])) for row in rows],
            received_at=now,
            accept_at=now + timedelta(seconds=self.clock.scaled(self.accept_after)),
            dispatch_at=now + timedelta(seconds=self.clock.scaled(shortest + spread * (longest - shortest))),
        )
        self.jobs[order_ref] = self._open[order_ref] = job
        self._seen.add(job.amazon_order_id)

    def _accept(self) -> None:
        now, verdicts = self.clock.now(), []
        for job in list(self._open.values()):
            if job.state == "RECEIVED" and job.accept_at <= now:
                if all(sku in self.on_hand for _, sku, _ in job.lines):
                    job.state = "ACCEPTED"
                    self._hold(job.lines, 1)
                else:
                    self._close(job, "REJECTED")
                verdicts.append(self._verdict(job))
        self._acknowledge(verdicts)

    def _close(self, job: Job, state: str) -> None:
        if job.state == "ACCEPTED":
            self._hold(job.lines, -1)
        job.state = state
        del self._open[job.order_ref]

    def _verdict(self, job: Job) -> dict[str, str]:
        if job.state == "REJECTED":
            unknown = next(sku for _, sku, _ in job.lines if sku not in self.on_hand)
            return {"order_ref": job.order_ref, "result": "REJECTED", "reason": f"Unknown SKU {unknown}"}
        result = "CANCELLED" if job.state == "CANCELLED" else "ACCEPTED"
        return {"order_ref": job.order_ref, "result": result, "wms_ref": job.wms_ref}

    def _read_cancels(self) -> None:
        for rows in self.drop.taken("cancel", filedrop.read_cancels):
            self._acknowledge([self._canceled(row) for row in rows])

    def _canceled(self, row: Row) -> dict[str, str]:
        job = self.jobs.get(row["order_ref"])
        if job is None:
            return {"order_ref": row["order_ref"], "result": "REJECTED", "reason": "Unknown order"}
        verdict = {"order_ref": job.order_ref, "wms_ref": job.wms_ref}
        if job.state == "DISPATCHED":
            return verdict | {"result": "TOO_LATE", "reason": "Already dispatched"}
        if job.order_ref in self._open:
            self._take_back(job, row["line_ref"])
        return verdict | {"result": "CANCELLED"}

    def _take_back(self, job: Job, line_ref: str) -> None:
        gone = [line for line in job.lines if line_ref in ("", line[0])]
        if len(gone) == len(job.lines):
            self._close(job, "CANCELLED")
            return
        job.lines = [line for line in job.lines if line not in gone]
        if job.state == "ACCEPTED":
            self._hold(gone, -1)

    def _acknowledge(self, verdicts: list[dict[str, str]]) -> None:
        if verdicts:
            self.drop.put("ack", filedrop.ACK, verdicts)

    def _dispatch(self) -> None:
        now = self.clock.now()
        rows = self._belated(now)
        for job in list(self._open.values()):
            if job.state == "ACCEPTED" and job.dispatch_at <= now and self._on_shelf(job):
                self._close(job, "DISPATCHED")
                rows += [row for parcel in self._packed(job) for row in dispatch_rows(parcel)]
        self._tell(rows)

    def _on_shelf(self, job: Job) -> bool:
        """Whether all of an order is there; what is not waits for a delivery of goods."""
        wanted: Counter[str] = Counter()
        for _, sku, quantity in job.lines:
            wanted[sku] += quantity
        return all(self.on_hand[sku] >= quantity for sku, quantity in wanted.items())

    def _count(self) -> None:
        now = self.clock.now()
        if now < self._next_stock:
            return
        self._next_stock = now + timedelta(seconds=self.clock.scaled(self.stock_every))
        available = {sku: self.available(sku) for sku in self.on_hand}
        self._quiet += 1
        if available == self._last_stock and self._quiet < 3 and not self._mistakes:
            return
        self._last_stock, self._quiet = available, 0
        rows, mistake = self._counted(now, available), self._mistakes.pop(0) if self._mistakes else ""
        if mistake != "missing":
            self.drop.put("stock", filedrop.STOCK, miscounted(mistake, rows) if mistake else rows)

    def _counted(self, now: datetime, available: Mapping[str, int]) -> list[dict[str, object]]:
        return [
            {
                "as_of": now.isoformat(timespec="milliseconds"),
                "warehouse": self.name,
                "sku": sku,
                "on_hand": units,
                "allocated": units - available[sku],
                "available": available[sku],
                "quarantine": 0,
                "on_order": 0,
            }
            for sku, units in self.on_hand.items()
        ]
