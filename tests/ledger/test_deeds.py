"""What people decided stays known."""

from datetime import timedelta

from ledger.connection import Ledger
from ledger.deeds import Deed, last_deeds, record_deed
from tests.factories import NOW


def test_deeds_are_kept_newest_first(ledger: Ledger) -> None:
    """Each decision keeps its author, form, subject and sentence; the last one is shown first."""
    told = [
        Deed(
            at=NOW + timedelta(minutes=n),
            author=f"Ann {n}",
            form="map-carrier",
            subject="DPD",
            said="Mapped.",
        )
        for n in range(3)
    ]
    with ledger.begin() as conn:
        for deed in told:
            record_deed(conn, deed)
        assert last_deeds(conn, 2) == (told[2], told[1])
