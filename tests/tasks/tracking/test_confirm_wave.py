"""A wave of ship confirms: most urgent first, every outcome kept, over when Amazon is, and nothing left hanging."""

import threading
import time
from collections import Counter

import pytest
import sqlalchemy as sa

from domain.amazon import ShipConfirm
from domain.errors import Denied, Refused, TryAgain
from ledger.connection import Ledger
from tasks.tracking.confirm_wave import ConfirmWave
from tasks.wave import LINES
from tests.factories import HOUR, NOW, amazon_order, dispatch
from tests.ledger.walk import decide, release, ship
from tests.tasks.stock.test_proof import MAIN

AWAY = TryAgain("Amazon answered 503.", maybe_done=True)
THROTTLED = TryAgain("Amazon asked for fewer calls.", pause=True)
USED_UP = TryAgain("The budget is used up for 60 seconds.", after=60.0, pause=True)


class FakeAmazon:
    """Answers ship confirms as told, by order number, and takes the rest."""

    account = "main"

    def __init__(self, answers: dict[int, Exception] | None = None, always: Exception | None = None) -> None:
        self._answers, self._always = answers or {}, always
        self._lock = threading.Lock()
        self.asked: list[int] = []
        self.together = self._inside = 0

    def confirm_shipment(self, claim: ShipConfirm) -> None:
        """Take a parcel, or fail as told."""
        number = int(claim.order_id[-7:])
        with self._lock:
            self.asked.append(number)
            self._inside += 1
            self.together = max(self.together, self._inside)
        time.sleep(0.002)
        with self._lock:
            self._inside -= 1
        if answer := self._answers.pop(number, None) or self._always:
            raise answer


def _waiting(ledger: Ledger, parcels: int) -> None:
    """So many parcels that Amazon may be told about; the higher the order's number, the sooner it is due."""
    release(
        ledger, *(amazon_order(number=n, confirm_by=NOW + (999 - n) * HOUR) for n in range(1, parcels + 1))
    )
    ship(
        ledger,
        *(dispatch(number=n, package_ref=f"P{n}", tracking=f"RR{n:09}GB") for n in range(1, parcels + 1)),
    )
    decide(ledger)


def _wave(ledger: Ledger, amazon: FakeAmazon, seconds: float = 20.0) -> ConfirmWave:
    return ConfirmWave(ledger, amazon, MAIN, lambda: NOW, time.monotonic() + seconds)  # type: ignore[arg-type]


def _states(ledger: Ledger) -> Counter[str]:
    with ledger.begin() as conn:
        return Counter(conn.scalars(sa.text("SELECT state FROM ledger.parcels")))


def test_every_parcel_is_sent_once_and_several_at_a_time(ledger: Ledger) -> None:
    """A hundred parcels are accepted with one call each, most urgent first, up to four under way together."""
    _waiting(ledger, 100)
    amazon = FakeAmazon()
    wave = _wave(ledger, amazon)
    wave.run(lambda _: None)
    assert _states(ledger) == {"ACCEPTED": 100}
    assert sorted(amazon.asked) == list(range(1, 101))
    assert set(amazon.asked[:10]) <= set(range(80, 101))
    assert 1 < amazon.together <= LINES
    assert (wave.counts, wave.lost, wave.over) == ({"accepted": 100}, None, False)


def test_a_few_bad_answers_stop_nobody_else(ledger: Ledger) -> None:
    """One parcel refused and one without an answer leave the others accepted; each outcome is its own."""
    _waiting(ledger, 30)
    amazon = FakeAmazon({25: Refused("No.", code="InvalidInput"), 10: AWAY})
    wave = _wave(ledger, amazon)
    wave.run(lambda _: None)
    assert _states(ledger) == {"ACCEPTED": 28, "REJECTED": 1, "MAPPED": 1}
    with ledger.begin() as conn:
        row = conn.execute(sa.text("SELECT * FROM ledger.parcels WHERE state = 'MAPPED'")).mappings().one()
    assert row["attempts"] == 1
    assert row["next_try_at"] > NOW
    assert (wave.lost, wave.over) == (AWAY, False)


@pytest.mark.parametrize("always", [AWAY, THROTTLED, USED_UP])
def test_a_wave_ends_when_amazon_is_away(ledger: Ledger, always: TryAgain) -> None:
    """Silence or throttling in a row, or a budget that is used up for long, ends the wave; all parcels wait."""
    _waiting(ledger, 100)
    amazon = FakeAmazon(always=always)
    wave = _wave(ledger, amazon)
    wave.run(lambda _: None)
    assert wave.over
    assert len(amazon.asked) <= 3 + LINES
    assert _states(ledger) == {"MAPPED": 100}


def test_one_429_is_waited_out(ledger: Ledger) -> None:
    """A single refusal for speed puts its parcel back and the wave goes on; the parcel is sent in the same wave."""
    _waiting(ledger, 20)
    amazon = FakeAmazon({20: THROTTLED})
    wave = _wave(ledger, amazon)
    wave.run(lambda _: None)
    assert _states(ledger) == {"ACCEPTED": 20}
    assert len(amazon.asked) == 21


def test_refused_credentials_mark_no_parcel(ledger: Ledger) -> None:
    """When Amazon does not accept us, the wave fails with its words, and every parcel waits as if unsent."""
    _waiting(ledger, 50)
    amazon = FakeAmazon(always=Denied("Amazon does not accept the credentials."))
    with pytest.raises(Denied):
        _wave(ledger, amazon).run(lambda _: None)
    assert _states(ledger) == {"MAPPED": 50}
    with ledger.begin() as conn:
        assert set(conn.scalars(sa.text("SELECT attempts FROM ledger.parcels"))) == {0}


def test_a_wave_whose_time_is_over_leaves_nothing_under_way(ledger: Ledger) -> None:
    """At its end a wave finishes its calls and puts back what it had claimed."""
    _waiting(ledger, 200)
    amazon = FakeAmazon()
    wave = _wave(ledger, amazon, seconds=0.1)
    wave.run(lambda _: None)
    states = _states(ledger)
    assert set(states) == {"ACCEPTED", "MAPPED"}
    assert states["ACCEPTED"] == len(amazon.asked)
