"""Calls by the hundred: several under way at once, every outcome kept within a blink."""

import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

from domain.errors import Denied, Refused, TryAgain
from ledger.tracking.confirms import Answered

LINES = 4  # calls under way at once: Amazon's answer takes longer than its budget's pace
_KEEP_EVERY = 0.2  # seconds after which outcomes are committed at the latest while calls go on
_GIVE_UP_AFTER = 3  # calls in a row without a useful answer: Amazon is away, the next run goes on

C = TypeVar("C")  # what is claimed for one call
O = TypeVar("O")  # how that call ended  # noqa: E741 - the outcome of a C


class Wave(ABC, Generic[C, O]):
    """Calls of one account to Amazon, most urgent first, until `until` (time.monotonic) or nothing waits.

    A call's intent is committed before it, by `claim`. What a process that dies leaves behind is settled by the
    next run. `lost` is the last call without a useful answer; `over`: Amazon is away or its budget used up.
    """

    def __init__(self, until: float) -> None:
        self.counts: Counter[str] = Counter()
        self.lost: TryAgain | None = None
        self.over = False
        self._until = until
        self._denied: Denied | None = None
        self._in_a_row = 0
        self._claimed: deque[C] = deque()
        self._ended: list[O] = []
        self._put_back = False
        self._kept_at = 0.0

    @abstractmethod
    def claim(self) -> Sequence[C]:
        """The next ones to call for, none when nothing waits; the intent is committed."""

    @abstractmethod
    def call(self, claimed: C) -> O:
        """Make one call. Raises what a door raises."""

    @abstractmethod
    def failed(self, claimed: C, answered: Answered, error: Refused | TryAgain | None) -> O:
        """The outcome of a call that did not end well, or was not made."""

    @abstractmethod
    def keep(self, outcomes: Sequence[O]) -> None:
        """Commit outcomes."""

    def run(self, told: Callable[[int], None]) -> None:
        """Call; `told` hears now and then how many have been answered.

        Raises:
            Denied: Amazon does not accept us; nothing more was sent.
        """
        self._kept_at = time.monotonic()
        with ThreadPoolExecutor(LINES, thread_name_prefix="wave") as pool:
            under_way: set[Future[tuple[O, Answered]]] = set()
            while self._fill() or under_way:
                while self._claimed and len(under_way) < LINES and not self.over:
                    under_way.add(pool.submit(self._send, self._claimed.popleft()))
                if under_way:
                    done, under_way = wait(under_way, timeout=_KEEP_EVERY, return_when=FIRST_COMPLETED)
                    self._take_in([future.result() for future in done])
                if time.monotonic() - self._kept_at > _KEEP_EVERY:
                    self._keep()
                    told(sum(self.counts.values()))
        self._keep()
        if self._denied is not None:
            raise self._denied

    def _fill(self) -> bool:
        """Whether there is anything to send; claims more when the last chunk is nearly gone."""
        if self.over or time.monotonic() > self._until:
            self._ended += [self.failed(one, Answered.UNSENT, None) for one in self._claimed]
            self._claimed.clear()
            return False
        if len(self._claimed) < LINES:
            if self._put_back:
                self._keep()  # what was put back may be claimed again
            self._claimed.extend(self.claim())
        return bool(self._claimed)

    def _send(self, claimed: C) -> tuple[O, Answered]:
        """One call; runs beside others."""
        try:
            return self.call(claimed), Answered.ACCEPTED
        except Denied as error:
            self._denied = error
            return self.failed(claimed, Answered.UNSENT, None), Answered.UNSENT
        except Refused as error:
            return self.failed(claimed, Answered.REFUSED, error), Answered.REFUSED
        except TryAgain as error:
            end = Answered.UNSENT if error.pause else Answered.UNANSWERED
            self._note_lost(error)
            return self.failed(claimed, end, error), end

    def _note_lost(self, error: TryAgain) -> None:
        """A pause is no fault and does not take the place of one."""
        if self.lost is None or self.lost.pause or not error.pause:
            self.lost = error

    def _take_in(self, ended: Sequence[tuple[O, Answered]]) -> None:
        """Whether to go on: a used-up budget, refused credentials or silence three times in a row end the wave."""
        for outcome, answered in ended:
            self._ended.append(outcome)
            useful = answered in (Answered.ACCEPTED, Answered.REFUSED)
            self._put_back = self._put_back or answered is Answered.UNSENT
            self._in_a_row = 0 if useful else self._in_a_row + 1
            self.counts[answered.value] += 1
        waits_long = self.lost is not None and self.lost.pause and self.lost.after is not None
        if self._denied is not None or self._in_a_row >= _GIVE_UP_AFTER or waits_long:
            self.over = True

    def _keep(self) -> None:
        if self._ended:
            self.keep(self._ended)
            self._ended, self._put_back = [], False
        self._kept_at = time.monotonic()
