"""What Amazon shows: the listings whose turn it is, and every night all of them."""

from collections import Counter

from domain.errors import Denied, Refused, TryAgain
from domain.ports import AmazonDoor
from flows.doors import utc_now
from ledger.connection import Ledger
from ledger.register import Account
from tasks.stock import proof, sweep

GIVE_UP_AFTER = 3  # groups in a row that could not be read: Amazon is away, the next run goes on


def read_back(
    ledger: Ledger, amazon: AmazonDoor, account: Account
) -> tuple[Counter[str], TryAgain | Refused | None]:
    """Look at the listings whose turn it is, urgent ones first: how many are now in which state, and the fault.

    A group of listings that cannot be read does not keep the others from it, until Amazon seems away.
    """
    urgent = proof.prove_urgent(
        ledger, amazon, account, proof.choose_urgent(ledger, account, utc_now()), clock=utc_now
    )
    seen: Counter[str] = Counter(urgent.counts)
    fault: TryAgain | Refused | None = urgent.lost
    in_a_row = 0
    if urgent.over:
        return seen, fault
    for marketplace, asked in proof.choose_reads(ledger, account, utc_now()):
        try:
            seen.update(proof.prove(ledger, amazon, account, marketplace, asked, clock=utc_now))
            in_a_row = 0
        except Denied:
            raise
        except TryAgain as error:
            fault, in_a_row = error, in_a_row + 1
            if error.pause or in_a_row >= GIVE_UP_AFTER:
                break
        except Refused as error:
            fault = error
    return seen, fault


def sweep_all(ledger: Ledger, amazon: AmazonDoor, account: Account) -> TryAgain | None:
    """One step of the nightly sweep: its report is asked for, waited for, or compared; the fault, if any."""
    try:
        if sweep.advance_sweep(ledger, amazon, account, utc_now()):
            sweep.show_sweep(ledger, account)
    except TryAgain as error:
        return error
    return None
