"""The one encrypted column: readable with its key and its order, and with nothing else."""

import base64
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refused, TryAgain
from domain.recipient import Recipient
from ledger.connection import Ledger
from ledger.secrecy import Seal, new_key
from tests.factories import amazon_order, order_id, recipient
from tests.ledger.walk import claim, ingest, order_row

_PARTS = {name: st.text(max_size=30) for name in Recipient().as_dict()}


@given(person=st.builds(Recipient, **_PARTS))
def test_what_is_sealed_opens_again(person: Recipient) -> None:
    """Any name and address in any script come back as they were."""
    seal = Seal(KEY)
    assert seal.open(seal.close(person, order_id()), order_id()) == person


KEY = new_key()


def test_the_same_address_never_looks_the_same(privacy_key: str) -> None:
    """Two orders of one person cannot be told to be of one person, nor can one order sealed twice."""
    seal = Seal(privacy_key)
    assert seal.close(recipient(), order_id()) != seal.close(recipient(), order_id())


def test_another_key_does_not_open_it() -> None:
    """A wrong key is refused with the order it failed for and what to do, not with half an address."""
    sealed = Seal(new_key()).close(recipient(), order_id())
    with pytest.raises(Refused, match=f"{order_id()}.*restore the key"):
        Seal(new_key()).open(sealed, order_id())


def test_a_row_that_was_swapped_does_not_open(privacy_key: str) -> None:
    """An address that was moved to another order is refused: nobody's parcel goes to somebody else."""
    seal = Seal(privacy_key)
    with pytest.raises(Refused):
        seal.open(seal.close(recipient(), order_id(1)), order_id(2))


@pytest.mark.parametrize("length", [0, 1, 5, 13, 20, -1])
def test_a_damaged_row_does_not_open(privacy_key: str, length: int) -> None:
    """Whatever is left of a sealed address, even nothing, is refused in plain words."""
    seal = Seal(privacy_key)
    sealed = seal.close(recipient(), order_id())
    with pytest.raises(Refused, match=order_id()):
        seal.open(sealed[:length], order_id())


def test_a_changed_bit_does_not_open(privacy_key: str) -> None:
    """A sealed address of which one bit was changed is refused."""
    seal = Seal(privacy_key)
    sealed = bytearray(seal.close(recipient(), order_id()))
    sealed[-1] ^= 1
    with pytest.raises(Refused):
        seal.open(bytes(sealed), order_id())


@pytest.mark.parametrize("key", ["", "short", "x" * 44, "schlüssel", base64.b64encode(b"k" * 31).decode()])
def test_a_key_that_cannot_be_one_is_refused(key: str) -> None:
    """A key of the wrong length or alphabet is answered with what a key looks like."""
    with pytest.raises(Refused, match="32 bytes as base64"):
        Seal(key)


def test_neither_key_nor_password_is_ever_printed(privacy_key: str) -> None:
    """Printing the ledger or failing to reach it shows no key, no password and no address of the database."""
    url = "postgresql+psycopg2://seller:hush-hush@127.0.0.1:1/books"
    ledger = Ledger(url, privacy_key)
    shown = [repr(ledger), str(ledger), repr(ledger.seal), repr(ledger.engine)]
    with pytest.raises(TryAgain) as failed, ledger.begin():
        pass
    shown += traceback.format_exception(failed.value)
    for text in shown:
        assert privacy_key not in text
        assert "hush-hush" not in text


def test_a_release_with_a_lost_key_is_refused_and_loses_nothing(ledger: Ledger, ledger_url: str) -> None:
    """Without the key nothing is handed over, and with it everything is there as before."""
    ingest(ledger, amazon_order())
    stranger = Ledger(ledger_url, new_key())
    with pytest.raises(Refused, match="restore the key"):
        claim(stranger)
    stranger.close()
    assert order_row(ledger)["state"] == "RELEASING"
    batch = claim(ledger)
    assert batch is not None
    assert batch.orders[0].recipient == recipient()
