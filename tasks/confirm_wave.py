"""Ship confirms by the hundred: several calls under way at once, every outcome kept within a blink."""

import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime

from domain.errors import Denied, Refused, TryAgain
from domain.ports import AmazonDoor
from ledger.confirms import Answered, ClaimedConfirm, Outcome, claim_confirms, record_outcomes
from ledger.connection import Ledger
from ledger.register import Account

LINES = 4  # calls under way at once: Amazon's answer takes longer than its budget's pace of two a second
_CHUNK = 40  # parcels claimed at once; a more urgent one that comes now waits for no more than these
_KEEP_EVERY = 0.2  # seconds after which outcomes are committed at the latest while calls go on
_GIVE_UP_AFTER = 3  # calls in a row without a useful answer: Amazon is away, the next run goes on


@dataclass(slots=True)
class Wave:
    """The parcels of one account to Amazon, most urgent first, until `until` (time.monotonic) or nothing waits.

    A call's intent is committed before it. A process that dies leaves its parcels SENDING: the next run asks
    Amazon about them.
    """

    ledger: Ledger
    amazon: AmazonDoor
    account: Account
    clock: Callable[[], datetime]
    until: float
    counts: Counter[str] = field(default_factory=Counter)
    lost: TryAgain | None = None
    over: bool = False
    _denied: Denied | None = None
    _in_a_row: int = 0
    _claimed: deque[ClaimedConfirm] = field(default_factory=deque)
    _ended: list[Outcome] = field(default_factory=list)
    _kept_at: float = 0.0

    def run(self, told: Callable[[int], None]) -> None:
        """Send; `told` hears now and then how many parcels have been answered.

        Raises:
            Denied: Amazon does not accept us; nothing more was sent.
        """
        self._kept_at = time.monotonic()
        with ThreadPoolExecutor(LINES, thread_name_prefix="confirm") as pool:
            under_way: set[Future[Outcome]] = set()
            while self._fill() or under_way:
                while self._claimed and len(under_way) < LINES and not self.over:
                    under_way.add(pool.submit(self._send, self._claimed.popleft()))
                if under_way:
                    done, under_way = wait(under_way, timeout=_KEEP_EVERY, return_when=FIRST_COMPLETED)
                    self._ended += [future.result() for future in done]
                    self._weigh([future.result() for future in done])
                if time.monotonic() - self._kept_at > _KEEP_EVERY:
                    self._keep()
                    told(sum(self.counts.values()))
        self._keep()
        if self._denied is not None:
            raise self._denied

    def _fill(self) -> bool:
        """Whether there is anything to send; claims more when the last chunk is nearly gone."""
        if self.over or time.monotonic() > self.until:
            self._ended += [
                Outcome(parcel_id=one.parcel_id, answered=Answered.UNSENT) for one in self._claimed
            ]
            self._claimed.clear()
            return False
        if len(self._claimed) < LINES:
            if any(outcome.answered is Answered.UNSENT for outcome in self._ended):
                self._keep()  # what was put back may be claimed again
            with self.ledger.begin() as conn:
                self._claimed.extend(claim_confirms(conn, self.account.name, _CHUNK, self.clock()))
        return bool(self._claimed)

    def _send(self, claimed: ClaimedConfirm) -> Outcome:
        """One call; runs beside others."""
        end = Answered.ACCEPTED
        reason = code = ""
        try:
            self.amazon.confirm_shipment(claimed.claim)
        except Denied as error:
            self._denied, end = error, Answered.UNSENT
        except Refused as error:
            end, reason, code = Answered.REFUSED, str(error), error.code
        except TryAgain as error:
            end = Answered.UNSENT if error.pause else Answered.UNANSWERED
            self.lost, reason = error, str(error)
        return Outcome(parcel_id=claimed.parcel_id, answered=end, reason=reason, code=code)

    def _weigh(self, outcomes: list[Outcome]) -> None:
        """Whether to go on: a used-up budget, refused credentials or silence three times in a row end the wave."""
        for outcome in outcomes:
            useful = outcome.answered in (Answered.ACCEPTED, Answered.REFUSED)
            self._in_a_row = 0 if useful else self._in_a_row + 1
            self.counts[outcome.answered.value] += 1
        waits_long = self.lost is not None and self.lost.pause and self.lost.after is not None
        if self._denied is not None or self._in_a_row >= _GIVE_UP_AFTER or waits_long:
            self.over = True

    def _keep(self) -> None:
        if self._ended:
            with self.ledger.begin() as conn:
                record_outcomes(conn, self._ended, self.account.prove_within, self.clock())
            self._ended.clear()
        self._kept_at = time.monotonic()
