"""Ship confirms by the hundred, most urgent first."""

from collections.abc import Callable, Sequence
from datetime import datetime

from domain.errors import Refused, TryAgain
from domain.ports import AmazonDoor
from ledger.connection import Ledger
from ledger.register import Account
from ledger.tracking.confirms import Answered, ClaimedConfirm, Outcome, claim_confirms, record_outcomes
from tasks.wave import Wave

_CHUNK = 40  # parcels claimed at once; a more urgent one that comes now waits for no more than these


class ConfirmWave(Wave[ClaimedConfirm, Outcome]):
    """The parcels of one account to Amazon.

    A process that dies leaves its parcels SENDING: the next run asks Amazon about them.
    """

    def __init__(
        self,
        ledger: Ledger,
        amazon: AmazonDoor,
        account: Account,
        clock: Callable[[], datetime],
        until: float,
    ) -> None:
        super().__init__(until)
        self._ledger, self._amazon, self._account, self._clock = ledger, amazon, account, clock

    def claim(self) -> Sequence[ClaimedConfirm]:
        """The most urgent parcels that wait."""
        with self._ledger.begin() as conn:
            return claim_confirms(conn, self._account.name, _CHUNK, self._clock())

    def call(self, claimed: ClaimedConfirm) -> Outcome:
        """Tell Amazon about one parcel."""
        self._amazon.confirm_shipment(claimed.claim)
        return Outcome(parcel_id=claimed.parcel_id, answered=Answered.ACCEPTED)

    def failed(
        self, claimed: ClaimedConfirm, answered: Answered, error: Refused | TryAgain | None
    ) -> Outcome:
        """The outcome with Amazon's words."""
        code = error.code if isinstance(error, Refused) else ""
        reason = str(error or "")
        return Outcome(parcel_id=claimed.parcel_id, answered=answered, reason=reason, code=code)

    def keep(self, outcomes: Sequence[Outcome]) -> None:
        """Commit how the calls ended."""
        with self._ledger.begin() as conn:
            record_outcomes(conn, outcomes, self._account.prove_within, self._clock())
