"""What a decision unblocks goes on at once, each part in its turn; a stranger that is away holds up no other."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.logging import get_run_logger

from domain.errors import Refused, TryAgain
from flows.doors import Faults, amazon_named, chosen_accounts, utc_now, warehouse_named
from flows.forms import in_turn
from flows.inventory_sync import publish_stock
from flows.order_ingest import release_orders
from flows.story import told
from flows.tracking_push import confirm_parcels
from ledger.connection import Ledger
from ledger.register import Account, Connection, connection_of, connections
from tasks.orders import reading
from tasks.tracking import carriers


class Resuming:
    """Sends on what a decision set free, and remembers what could not go out now."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._late: list[str] = []
        self._paused: set[str] = set()  # a budget was used up: the rest goes out with the next scheduled runs
        self._offered: set[str] = set()  # where quantities were published

    def parcels(self, connection: str) -> None:
        """Confirm the parcels of every seller account that the connection serves, within Amazon's budget."""
        here, served = self._served(connection)
        faults = Faults(self._ledger, "tracking-push")
        for account in served:
            with (
                self._at(amazon_named(account.name)),
                in_turn(self._ledger, "tracking-push", account.name),
            ):
                confirm_parcels(self._ledger, account, faults)
        faults.beat()
        self._show_gaps(here)

    def orders(self, account: Account) -> None:
        """Decide the held orders of an account again, and hand what is ready to its warehouse."""
        with self._ledger.begin() as conn:
            connection = connection_of(conn, account.name)
        with (
            self._at(warehouse_named(connection.name)),
            in_turn(self._ledger, "order-ingest", account.name),
        ):
            maps = reading.load_order_maps(self._ledger, account, connection)
            reviewed = reading.review_orders(self._ledger, account, maps, utc_now())
            get_run_logger().info("%s: %s", account.name, told("decided again", reviewed))
            release_orders(self._ledger, account, connection, maps)

    def quantities(self, account: Account) -> None:
        """Publish what changed of an account's stock."""
        amazon = amazon_named(account.name)
        self._offered.add(amazon)
        with self._at(amazon), in_turn(self._ledger, "inventory-sync", account.name):
            publish_stock(self._ledger, account)

    def stock(self, connection: str) -> None:
        """Publish what changed of the stock of every seller account that the connection serves."""
        for account in self._served(connection)[1]:
            self.quantities(account)

    @property
    def published(self) -> str:
        """What became of the quantities, in a sentence."""
        slow = self._offered & self._paused
        return "Quantities go out as Amazon's budget allows." if slow else "Quantities are published."

    def end(self) -> None:
        """Say what could not go out.

        Raises:
            TryAgain: a stranger was away, or another run took long; the decision is kept.
        """
        if self._late:
            raise TryAgain(
                f"What you decided is kept, but not everything could go out now: {' '.join(self._late)}"
                " The next scheduled runs go on with it."
            )

    def _served(self, connection: str) -> tuple[Connection, list[Account]]:
        with self._ledger.begin() as conn:
            [here] = [one for one in connections(conn) if one.name == connection]
        return here, [one for one in chosen_accounts(self._ledger, "") if one.name in here.serves]

    def _show_gaps(self, connection: Connection) -> None:
        carriers.find_carrier_gaps(self._ledger, connection, utc_now())
        carriers.show(self._ledger, utc_now())

    @contextmanager
    def _at(self, stranger: str) -> Iterator[None]:
        try:
            yield
        except TryAgain as error:
            if error.pause:  # a used-up budget is no fault
                self._paused.add(stranger)
                get_run_logger().info("%s: %s", stranger, error)
            else:
                self._late.append(f"{stranger}: {error}")
        except Refused as error:
            self._late.append(f"{stranger}: {error}")
