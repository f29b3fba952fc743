"""The ways of a quantity to Amazon within one run, and what the run remembers of them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from domain.errors import Refused, TryAgain
from domain.ports import AmazonDoor
from flows.doors import utc_now
from flows.story import Progress
from ledger.connection import Ledger
from ledger.peaks import current_peak, record_publication
from ledger.register import Account
from ledger.stock.listings import count_waiting
from tasks.stock import bulk, quantities
from tasks.stock.quantities import Batch
from tasks.tracking.confirms import Sent


@dataclass(slots=True)
class Publishing:
    """One account's publishing in one run, begun at `started` (UTC): what it did, and the worst that happened.

    `whole`: everything goes out. Else it is peak mode and not the turn of what is not urgent: that stays planned.
    """

    ledger: Ledger
    amazon: AmazonDoor
    account: Account
    started: datetime
    whole: bool = True
    counts: Counter[str] = field(default_factory=Counter)
    lost: TryAgain | None = None

    def urgent(self) -> None:
        """What must fall or come back at once, by patches; a feed that holds such a listing is taken back."""
        self._note(bulk.take_back(self.ledger, self.amazon, self.account, utc_now))
        self._patch(Batch(urgent=True, started=self.started))

    def bulk(self) -> None:
        """Many ordinary changes into a feed, and every feed that is under way one step on."""
        if self.whole:
            bulk.fill(self.ledger, self.account, self.started, utc_now())
        self._note(bulk.follow(self.ledger, self.amazon, self.account, utc_now))

    def ordinary(self) -> None:
        """Everything that is planned and in no feed, by patches."""
        if self.whole:
            self._patch(Batch(urgent=False, started=self.started))

    def end(self, unread: TryAgain | Refused | None) -> None:
        """Raise the first fault that is none of waiting, else a wait, if there was one.

        A pause is no fault, but one that keeps quantities waiting for hours is: people hear of it.
        """
        lost = self.lost
        fault = lost if unread is None or (lost is not None and not lost.pause) else unread
        if fault is None:
            return
        if isinstance(fault, TryAgain) and fault.pause:
            told = quantities.long_waiting(self.ledger, self.account, utc_now())
            if told:
                raise TryAgain(f"{fault} {told}") from fault
        raise fault

    def keep_turn(self) -> None:
        """Keep in peak mode that everything went out, or count what waits for its turn."""
        with self.ledger.begin() as conn:
            peak = current_peak(conn, self.started)
            if peak is None:
                return
            waiting = count_waiting(conn, self.account.name, self.started).values()
            ordinary = sum(one for _, one in waiting)
            if not self.whole:
                self.counts["waiting for their turn in peak mode"] = ordinary
            elif not ordinary and self.lost is None:
                record_publication(conn, peak, self.account.name, self.started)

    def _patch(self, batch: Batch) -> None:
        progress = Progress(
            f"quantities-{self.account.name}", f"Publishing the quantities of {self.account.name}"
        )
        sent = quantities.publish(
            self.ledger,
            self.amazon,
            self.account,
            batch,
            clock=utc_now,
            told=lambda done, waiting: progress.at(100 * done / waiting),
        )
        self._note(sent)

    def _note(self, sent: Sent) -> None:
        """Keep what a step did; a pause does not take the place of a fault."""
        self.counts.update(sent.counts)
        if sent.lost is not None and (self.lost is None or self.lost.pause):
            self.lost = sent.lost
