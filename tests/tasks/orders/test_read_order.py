"""One order read back while a person waits: what Amazon shows is kept, and what cannot be read stops nothing."""

import pytest

from domain.amazon import AmazonOrder
from domain.errors import Denied, Refused
from ledger.connection import Ledger
from ledger.tracking.named_parcels import to_look_at
from tasks.tracking.confirms import read_order
from tests.factories import MINUTE, NOW, amazon_order, dispatch, order_id, package
from tests.ledger.walk import confirm, parcel_row, release, ship, states
from tests.tasks.stock.test_proof import MAIN


class FakeAmazon:
    """Shows one order, or fails as told."""

    def __init__(self, shown: AmazonOrder | Exception) -> None:
        self._shown = shown

    def fetch_order(self, _order_id: str) -> AmazonOrder:
        """The order, or the fault."""
        if isinstance(self._shown, Exception):
            raise self._shown
        return self._shown


def read(ledger: Ledger, shown: AmazonOrder | Exception) -> bool:
    """Read the first order back a minute later."""
    with ledger.begin() as conn:
        asked = to_look_at(conn, order_id())
    found: bool = read_order.fn(
        ledger, FakeAmazon(shown), MAIN, "main", asked, clock=lambda: NOW + 2 * MINUTE
    )
    return found


@pytest.fixture
def reference(ledger: Ledger) -> str:
    """The package reference of the first order's one parcel, which Amazon took."""
    release(ledger, amazon_order())
    ship(ledger, dispatch())
    (claimed,) = confirm(ledger)
    return claimed.claim.package_reference_id


@pytest.mark.parametrize("shows", [True, False])
def test_what_a_read_shows_is_kept(ledger: Ledger, reference: str, shows: bool) -> None:
    """Shown, the parcel is proven and nothing is waited for; not shown yet, it still is."""
    packages = [package(reference)] if shows else []
    assert read(ledger, amazon_order(updated_at=NOW + MINUTE, packages=packages)) is not shows
    assert states(ledger, "parcels") == ["PROVEN" if shows else "ACCEPTED"]


@pytest.mark.usefixtures("reference")
def test_an_order_that_cannot_be_read_stops_nothing(ledger: Ledger) -> None:
    """The look is noted, nobody waits for another one, and only a refusal of our account is a fault."""
    assert not read(ledger, Refused("Amazon does not know the order."))
    assert parcel_row(ledger)["looked_at"] == NOW + 2 * MINUTE
    with pytest.raises(Denied):
        read(ledger, Denied("The account is locked."))
