"""How a flow opens its doors, keeps one stranger's fault from stopping the others, and ends loudly."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

from prefect.blocks.core import Block
from prefect.logging import get_run_logger

from blocks.amazon.limits import DEFAULT_LIMITS
from blocks.ledger_connection import LedgerConnection
from blocks.seller_account import SellerAccount
from blocks.warehouse_connection import WarehouseConnection
from domain import strangers
from domain.budgets import TRACKING_NEEDS
from domain.errors import Denied, Refused, TryAgain
from domain.ports import AmazonDoor, WarehouseDoor
from domain.problems import ProblemKind
from ledger.calls import Desk
from ledger.connection import Ledger
from ledger.register import Account, Connection, account, accounts, connections
from ledger.watch.beats import record_beats
from tasks.watch.problems import note_reachable, note_unreachable

LEDGER_BLOCK = "lockstep"
# Calls per second and burst by operation; a folder has no limit, a warehouse's API has.
WAREHOUSE_LIMITS: dict[str, tuple[float, float]] = {}
B = TypeVar("B", bound=Block)


def utc_now() -> datetime:
    """The time, read here and handed down as an argument everywhere else."""
    return datetime.now(UTC)  # noqa: TID251 - flows are where time is read


@contextmanager
def open_ledger() -> Iterator[Ledger]:
    """The ledger that `lockstep setup` registered, closed when the run ends."""
    ledger = _load(LedgerConnection, LEDGER_BLOCK).open()
    try:
        yield ledger
    finally:
        ledger.close()


def amazon_named(account: str) -> str:
    """The simplest name of a seller account at Amazon: in problems, budgets and the record of calls."""
    return strangers.amazon_named(account)


def warehouse_named(connection: str) -> str:
    """The simplest name of a warehouse connection: in problems and the record of calls."""
    return strangers.warehouse_named(connection)


def open_amazon(ledger: Ledger, name: str, *, tracking: bool = False) -> AmazonDoor:
    """One seller account's door, with the budget that all its processes share.

    Whoever is not `tracking` leaves half of what tracking needs while peak mode is on.
    """
    leaves = () if tracking else TRACKING_NEEDS
    return _load(SellerAccount, name).open(Desk(ledger, amazon_named(name), DEFAULT_LIMITS, leaves=leaves))


def open_warehouse(ledger: Ledger, name: str, *, tracking: bool = False) -> WarehouseDoor:
    """One warehouse connection's door; all its calls are of one budget where the warehouse states one."""
    leaves = () if tracking else WAREHOUSE_LIMITS
    return _load(WarehouseConnection, name).open(
        Desk(ledger, warehouse_named(name), WAREHOUSE_LIMITS, leaves=leaves)
    )


def chosen_accounts(ledger: Ledger, name: str) -> tuple[Account, ...]:
    """The seller account of that name, or all of them when no name is given.

    Raises:
        Refused: there is no account of that name.
    """
    with ledger.begin() as conn:
        return (account(conn, name),) if name else accounts(conn)


def all_connections(ledger: Ledger) -> tuple[Connection, ...]:
    """Every warehouse connection."""
    with ledger.begin() as conn:
        return connections(conn)


def beat(ledger: Ledger, flow: str, carried: Mapping[str, int]) -> None:
    """Keep that a flow ran well for these subjects and how much it carried: silence is judged by it."""
    with ledger.begin(lasting=False) as conn:
        record_beats(conn, flow, carried, utc_now())


def _load(kind: type[B], name: str) -> B:
    try:
        block = kind.load(name)
    except ValueError:
        message = f'There is no {kind._block_type_name} block named "{name}": run lockstep setup.'  # noqa: SLF001 - Prefect's own name for it
        raise Refused(message) from None
    assert isinstance(block, kind)
    return block


class Faults:
    """Collects what went wrong on one side of a run, so that the other sides still get their turn.

    `street` is part of the problem's name: another street that has nothing to say to the same stranger must
    not clear it. What went well is a beat of the street, with how much it carried.
    """

    def __init__(self, ledger: Ledger, street: str) -> None:
        self._ledger = ledger
        self._street = street
        self._said: list[str] = []
        self._beats: Counter[str] = Counter()

    @contextmanager
    def at(self, stranger: str) -> Iterator[None]:
        """Keep a stranger's fault until the run's end and show it as a problem; clear it when it answers."""
        started = utc_now()
        try:
            yield
        except TryAgain as error:
            if error.pause:  # a used-up budget is no fault
                get_run_logger().info("%s: %s", stranger, error)
                self.carried(stranger, 0)
                return
            self._note(stranger, ProblemKind.STRANGER_UNREACHABLE, error)
        except Denied as error:
            self._note(stranger, ProblemKind.CREDENTIALS_REFUSED, error)
        except Refused as error:
            self._note(stranger, ProblemKind.STRANGER_UNREACHABLE, error)
        else:
            self.carried(stranger, 0)
            note_reachable(self._ledger, stranger, self._subject(stranger), started, utc_now())

    def carried(self, subject: str, volume: int) -> None:
        """Count what the street carried for a stranger, or for a part of it such as a marketplace."""
        self._beats[subject] += volume

    def beat(self) -> None:
        """Keep now what went well so far; a long run does so in between."""
        beat(self._ledger, self._street, self._beats)
        self._beats.clear()

    @property
    def any(self) -> bool:
        """Whether anything went wrong so far."""
        return bool(self._said)

    def end(self) -> None:
        """Keep what went well, and fail the run when anything went wrong.

        Raises:
            TryAgain: what went wrong, in one sentence per stranger.
        """
        self.beat()
        if self._said:
            raise TryAgain(" ".join(self._said))

    def _subject(self, stranger: str) -> str:
        return f"{stranger}, {self._street}"

    def _note(self, stranger: str, kind: ProblemKind, error: Exception) -> None:
        said = f"{stranger}: {error}"
        self._said.append(said)
        get_run_logger().error("%s", said)
        note_unreachable(self._ledger, self._subject(stranger), kind, said, utc_now())
