"""A warehouse in memory that keeps the contract of the port and misbehaves on demand."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from domain.errors import Refused, TryAgain
from domain.ports import CallDesk
from domain.warehouse import (
    CancelRequest,
    Delivery,
    DeliveryKind,
    Finding,
    FulfillmentOrder,
    ReleaseAnswer,
    ReleaseResult,
)
from tests.fakes.warehouse_desk import KeptDesk


class FakeWarehouse:
    """A `domain.ports.WarehouseDoor` without files or sockets.

    Script it by setting: `result` for every release or `answers` by reference, `findings` by reference,
    `unreachable` (that many calls fail before anything happens), `lose_answers` (that many hand-overs
    happen and their answer is lost).
    """

    def __init__(
        self, connection: str = "main", *, desk: CallDesk | None = None, result: ReleaseResult | None = None
    ) -> None:
        self.desk = desk or KeptDesk()
        self.result = result or ReleaseResult.SUBMITTED
        self.answers: dict[str, ReleaseAnswer] = {}
        self.findings: dict[str, Finding] = {}
        self.unreachable = 0
        self.lose_answers = 0
        self.batches: dict[str, tuple[FulfillmentOrder, ...]] = {}
        self.cancels: dict[str, tuple[CancelRequest, ...]] = {}
        self.waiting: dict[DeliveryKind, list[Delivery]] = {kind: [] for kind in DeliveryKind}
        self.acknowledged: list[Delivery] = []
        self._connection = connection

    @property
    def connection(self) -> str:
        return self._connection

    @property
    def orders(self) -> dict[str, FulfillmentOrder]:
        """Every order handed over, by reference."""
        return {order.reference: order for batch in self.batches.values() for order in batch}

    def deliver(self, kind: DeliveryKind, delivery: Delivery) -> Delivery:
        """Let the warehouse say something; an empty key or name is filled in."""
        name = delivery.name or f"{kind}-{len(self.waiting[kind]) + len(self.acknowledged) + 1}"
        key = delivery.key or f"{name}@{hashlib.sha256(repr(delivery).encode()).hexdigest()[:16]}"
        said = replace(delivery, name=name, key=key)
        self.waiting[kind].append(said)
        return said

    def release(self, batch: str, orders: Sequence[FulfillmentOrder]) -> tuple[ReleaseAnswer, ...]:
        self._reach("release", batch)
        if self.batches.setdefault(batch, tuple(orders)) != tuple(orders):
            self.desk.record("release", batch, "refused", 0)
            raise Refused(f"Batch {batch} was handed over before, with another content.", code="batch")
        self._answer("release", batch)
        return tuple(self._said(order.reference) for order in orders)

    def find(self, batch: str, reference: str) -> Finding:
        self._reach("find", reference)
        known = Finding.FOUND if reference in self.orders else Finding.ABSENT
        self._answer("find", reference, loses=False)
        return self.findings.get(reference, known)

    def request_cancel(self, batch: str, requests: Sequence[CancelRequest]) -> None:
        self._reach("cancel", batch)
        if self.cancels.setdefault(batch, tuple(requests)) != tuple(requests):
            raise Refused(f"Batch {batch} was handed over before, with another content.", code="batch")
        self._answer("cancel", batch)

    def fetch(self, kind: DeliveryKind) -> tuple[Delivery, ...]:
        self._reach(f"fetch-{kind}", kind)
        self._answer(f"fetch-{kind}", kind, loses=False)
        return tuple(self.waiting[kind])

    def acknowledge(self, delivery: Delivery) -> None:
        self._reach("acknowledge", delivery.name)
        for kept in self.waiting.values():
            if delivery in kept:
                kept.remove(delivery)
                self.acknowledged.append(delivery)
        self._answer("acknowledge", delivery.name, loses=False)

    def check(self) -> str:
        self._reach("check", self.connection)
        self._answer("check", self.connection, loses=False)
        return f"The warehouse {self.connection} answers: {len(self.orders)} orders known."

    def _said(self, reference: str) -> ReleaseAnswer:
        return self.answers.get(reference, ReleaseAnswer(reference=reference, result=self.result))

    def _reach(self, operation: str, subject: str) -> None:
        if self.unreachable > 0:
            self.unreachable -= 1
            self.desk.record(operation, subject, "unreachable", 0)
            raise TryAgain(f"The warehouse {self.connection} cannot be reached.")

    def _answer(self, operation: str, subject: str, *, loses: bool = True) -> None:
        if loses and self.lose_answers > 0:
            self.lose_answers -= 1
            self.desk.record(operation, subject, "unreachable", 0)
            raise TryAgain(f"The answer of the warehouse {self.connection} was lost.", maybe_done=True)
        self.desk.record(operation, subject, "done", 0)
