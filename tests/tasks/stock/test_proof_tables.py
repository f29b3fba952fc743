"""The tables of what looks found: one row per pattern of another writer, and a true count beside 100 rows."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from domain.stock.drift import Number, OtherWriter
from ledger.connection import Ledger
from ledger.stock.drifts import Returning
from tasks.stock import proof_tables
from tasks.stock.proof_tables import patterns, show_looks
from tests.factories import DAY, DE, GB, NOW
from tests.ledger.quantities import effective
from tests.tasks.stock.test_proof import MAIN


def _returning(sku: str, rhythm: str = "every 60 minutes", times: int = 3, market: str = GB) -> Returning:
    writer = OtherWriter(
        times=times,
        today=2,
        rhythm=rhythm,
        number=Number.CONSTANT,
        shown=999,
        together=7,
        last_between=(None, NOW + timedelta(minutes=times)),
    )
    return Returning(marketplace_id=market, seller_sku=sku, published=9, writer=writer)


def test_listings_with_one_cause_are_one_row() -> None:
    """The same number at the same times is one writer; the row of most listings comes first."""
    rows = patterns(
        (
            _returning("A", ""),
            _returning("B"),
            _returning("C", times=5),
            _returning("D", market=DE),
        )
    )
    assert [(row["marketplace_id"], row["listings"], row["returns"], row["for_example"]) for row in rows] == [
        (GB, 2, 8, "B"),
        (GB, 1, 3, "A"),
        (DE, 1, 3, "D"),
    ]
    assert rows[0] == {
        "marketplace_id": GB,
        "number": "always the same number",
        "rhythm": "every 60 minutes",
        "listings": 2,
        "returns": 8,
        "in_a_day": 4,
        "for_example": "B",
        "last": "999 instead of 9",
        "last_at": "2026-11-27 09:05 UTC",
    }
    assert patterns(()) == []


def test_the_tables_say_how_many_there_are(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most a hundred rows are shown, and the description has the true count."""
    made: dict[str, Mapping[str, Any]] = {}
    monkeypatch.setattr(
        proof_tables, "create_table_artifact", lambda **what: made.update({what["key"]: what})
    )
    assert show_looks.fn(ledger, MAIN, NOW) == {"issues": 0, "written by others": 0}
    assert made["listing-issues-main"]["description"] == "Amazon finds nothing wrong with the offers."
    effective(ledger, 9, "A", "B")
    with ledger.begin() as conn:
        issues = "'[' || string_agg('{\"severity\":\"INFO\",\"code\":\"' || n || '\"}', ',') || ']'"
        conn.execute(
            sa.text(
                f"UPDATE ledger.listings SET issues = (SELECT CAST({issues} AS jsonb)"
                " FROM generate_series(1, 60) n)"
            )
        )
        conn.execute(
            sa.text(
                "INSERT INTO ledger.drifts (listing_id, at, published, shown)"
                " SELECT 1, CAST(:now AS timestamptz) - n * interval '1 hour', 9, 999 FROM generate_series(1, 3) n"
            ),
            {"now": NOW},
        )
    assert show_looks.fn(ledger, MAIN, NOW) == {"issues": 120, "written by others": 1}
    assert len(made["listing-issues-main"]["table"]) == 100
    assert made["listing-issues-main"]["description"].startswith("120 issues of offers")
    assert made["other-writers-main"]["table"][0]["for example"] == "A"
    assert show_looks.fn(ledger, MAIN, NOW + 9 * DAY)["written by others"] == 0
