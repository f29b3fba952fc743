"""What every call to Amazon has in common: its turn in the budget, one fresh token, and the record of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from blocks.amazon.faults import Deed, lost, outcome_of, verdict
from blocks.amazon.guard import Answer, Fault, Session
from domain.errors import Refused, TryAgain
from domain.ports import CallDesk

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class AmazonCalls:
    """One seller account and the way its calls are made. `patience` is how many seconds one may wait."""

    account: str
    seller_id: str
    marketplaces: tuple[str, ...]
    session: Session = field(repr=False)
    desk: CallDesk = field(repr=False)
    patience: float

    def call(self, deed: Deed, send: Callable[[], Any], read: Callable[[Answer], _T]) -> _T:
        """One call, and once more with a fresh token when Amazon did not take the one it was made with."""
        try:
            return self._once(deed, send, read)
        except Fault as fault:
            if deed.presigned or fault.status not in {401, 403}:
                raise verdict(deed, fault) from None
        try:
            return self._once(deed, send, read)
        except Fault as fault:
            raise verdict(deed, fault) from None

    def _wait_for_turn(self, deed: Deed) -> None:
        wait = self.desk.admit(deed.operation, self.patience)
        if wait > self.patience:
            told = f"The budget for {deed.operation} is used up for {wait:.0f} seconds; {deed.doing} has to wait."
            raise TryAgain(told, after=wait, pause=True)
        if wait > 0:
            time.sleep(wait)

    def _once(self, deed: Deed, send: Callable[[], Any], read: Callable[[Answer], _T]) -> _T:
        self._wait_for_turn(deed)
        # Without an outcome of its own a call was not sent for want of a token, which a document needs none of.
        started, outcome = time.monotonic(), "not understood" if deed.presigned else "no token"
        try:
            answer: Answer = send()
            outcome = "not understood"
            self._correct(deed, answer.rate)
            value = read(answer)
            outcome = "ok"
            return value
        except Fault as fault:
            outcome = outcome_of(fault)
            self._correct(deed, fault.rate)
            if fault.status == httpx.codes.TOO_MANY_REQUESTS:
                self.desk.throttled(deed.operation)
            raise
        except httpx.HTTPError as error:
            outcome = outcome_of(error)
            raise lost(deed, error) from error
        finally:
            took = round((time.monotonic() - started) * 1000)
            self.desk.record(deed.operation, deed.subject, outcome, took)

    def _correct(self, deed: Deed, rate: float | None) -> None:
        if rate is not None:
            self.desk.correct(deed.operation, rate)


def check_segment(what: str, value: str) -> None:
    """A blank or dotted part of a path would address something else than what was meant."""
    if value.strip() in {"", ".", ".."}:
        raise Refused(f"Amazon cannot be asked about the {what} {value!r}.", code="InvalidInput")
