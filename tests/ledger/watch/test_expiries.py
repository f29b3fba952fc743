"""Credentials that end: warned of 30 days before, renewed and stated days are followed, and no secret is kept."""

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from domain.problems import ProblemKind
from domain.watch.expiries import Credential, Expiry, expiring, good_until
from ledger.connection import Ledger
from ledger.secrecy import Seal, new_key
from ledger.watch.expiries import Held, record_expiries, record_expiring
from tests.factories import DAY, NOW

SECRET = Credential.CLIENT_SECRET
HOLDER = "Amazon (main)"


def keep(ledger: Ledger, secret: str, now: datetime, stated: date | None = None) -> list[str]:
    held = [Held(holder=HOLDER, what=SECRET, secret=secret, stated=stated)]
    with ledger.begin() as conn:
        return record_expiries(conn, held, ledger.seal, now)


def warned(ledger: Ledger, now: datetime) -> list[tuple[str, datetime]]:
    with ledger.begin() as conn:
        record_expiring(conn, now)
        found = conn.execute(
            sa.text("SELECT subject, act_by FROM report.problems WHERE cleared_at IS NULL ORDER BY subject")
        )
        return [(row.subject, row.act_by) for row in found]


def test_a_secret_is_warned_of_a_month_before_and_clears_when_renewed(ledger: Ledger) -> None:
    """Without a stated day Amazon's 180 days count from when the secret was first seen; a new one starts anew."""
    assert keep(ledger, "one", NOW) == ["Client secret of Amazon (main): good until 2027-05-26."]
    assert keep(ledger, "one", NOW + 100 * DAY) == [], "the same secret is as old as it was"
    assert warned(ledger, NOW + 149 * DAY) == []
    assert warned(ledger, NOW + 150 * DAY) == [("Amazon (main), client secret", NOW + 180 * DAY)]
    keep(ledger, "two", NOW + 151 * DAY)
    assert warned(ledger, NOW + 151 * DAY) == []


def test_a_stated_day_is_believed(ledger: Ledger) -> None:
    """A day in lockstep.toml counts instead, earlier or later, from the moment it is stated."""
    keep(ledger, "one", NOW)
    assert keep(ledger, "one", NOW + DAY, date(2026, 12, 20))
    assert [act_by for _, act_by in warned(ledger, NOW + DAY)] == [
        datetime.fromisoformat("2026-12-20T00:00Z")
    ]
    keep(ledger, "one", NOW + 2 * DAY, date(2028, 1, 1))
    assert warned(ledger, NOW + 2 * DAY) == []


def test_what_lockstep_toml_has_no_more_is_forgotten(ledger: Ledger) -> None:
    """An account that is gone leaves neither its row nor its warning behind."""
    keep(ledger, "one", NOW)
    assert warned(ledger, NOW + 170 * DAY)
    with ledger.begin() as conn:
        record_expiries(conn, [], ledger.seal, NOW + 170 * DAY)
    assert warned(ledger, NOW + 170 * DAY) == []


def test_no_secret_is_kept(ledger: Ledger) -> None:
    """The ledger holds a keyed fingerprint: another key makes another one, and nothing prints the secret."""
    keep(ledger, "correct horse", NOW)
    with ledger.begin() as conn:
        kept = str(conn.execute(sa.text("SELECT * FROM ledger.expiries")).all())
    assert "correct" not in kept
    assert Seal(new_key()).fingerprint("x") != Seal(new_key()).fingerprint("x")
    assert ledger.seal.fingerprint("x") == ledger.seal.fingerprint("x")
    assert "correct" not in repr(Held(holder=HOLDER, what=SECRET, secret="correct horse"))


@pytest.mark.parametrize(
    ("what", "stated", "until"),
    [
        (Credential.CLIENT_SECRET, None, NOW + timedelta(days=180)),
        (Credential.AUTHORIZATION, None, NOW + timedelta(days=365)),
        (Credential.PASSWORD, None, None),
        (Credential.PASSWORD, date(2027, 3, 31), datetime.fromisoformat("2027-03-31T00:00Z")),
    ],
)
def test_each_credential_is_good_as_long_as_its_issuer_allows(
    what: Credential, stated: date | None, until: datetime | None
) -> None:
    """180 days, a year, or as long as nobody says otherwise."""
    assert good_until(what, NOW, stated) == until


def test_the_sentence_says_why_that_day() -> None:
    """A day that Lockstep reckoned is explained, a stated one is not, and one that has passed is said to have."""
    reckoned = Expiry(holder=HOLDER, what=SECRET, since=NOW, until=NOW + 180 * DAY)
    found = expiring(reckoned, NOW + 160 * DAY)
    assert found is not None
    assert found.kind is ProblemKind.CREDENTIALS_EXPIRING
    assert found.summary == (
        "The client secret of Amazon (main) ends on 2027-05-26, 180 days after Lockstep first saw it, which is"
        " what Amazon allows; from then on Amazon answers no call."
    )
    stated = Expiry(holder="Warehouse (main)", what=Credential.PASSWORD, since=NOW, until=NOW + DAY)
    found = expiring(stated, NOW + 2 * DAY)
    assert found is not None
    assert found.summary == (
        "The password of Warehouse (main) ended on 2026-11-28; from then on the warehouse's server lets nobody in."
    )
