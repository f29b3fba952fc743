"""The report of an account's health, as published and as seen: two spellings, fractions called percentages."""

import json
from datetime import date
from typing import Any

import pytest

from blocks.wire.amazon.health_report import parse_health_report
from domain.errors import TryAgain
from domain.health.reports import Measure, Reported
from tests.sandbox.published_models import MODELS, PRESENT, WHY_SKIPPED

US = "ATVPDKIKX0DER"
RANGE = {"reportingDateFrom": "2026-11-18T00:00Z", "reportingDateTo": "2026-11-24T23:59Z"}


def _report(status: str = "NORMAL", **metrics: Any) -> bytes:
    return json.dumps(
        {
            "accountStatuses": [{"marketplaceId": US, "status": status}],
            "performanceMetrics": [{"marketplaceId": US, **metrics}],
        }
    ).encode()


def _found(content: bytes) -> dict[Measure, Reported]:
    return {one.measure: one for one in parse_health_report(content)}


@pytest.mark.skipif(not PRESENT, reason=WHY_SKIPPED)
def test_the_published_example_is_read() -> None:
    """Every measure of the schema's own example comes with its dates, counts, rate and status."""
    schema = json.loads((MODELS / "schemas/reports/accountHealthReport-2020-11-18.json").read_text("utf-8"))
    found = parse_health_report(json.dumps(schema["examples"][0]).encode())
    shops = [(one.marketplace_id, one.status) for one in found if one.measure is Measure.ACCOUNT]
    assert shops == [(US, "AT_RISK"), ("A2EUQ1WTGCTBG2", "NORMAL"), ("A1AM78C64UM0Y8", "DEACTIVATED")]
    by = {one.measure: one for one in found}
    assert by[Measure.LATE] == Reported(
        marketplace_id=US,
        measure=Measure.LATE,
        since=date(2020, 10, 21),
        until=date(2020, 11, 19),
        defects=27896,
        total=870669,
        rate=0.03203973037,
        status="GOOD",
    )
    assert (by[Measure.CANCEL].defects, by[Measure.CANCEL].total) == (551, 17197)
    assert (by[Measure.TRACKING].defects, by[Measure.TRACKING].rate) == (0, 0.9529)
    assert (by[Measure.ORDER_DEFECTS].defects, by[Measure.UNIT_DELIVERY].defects) == (1078, 19)
    assert set(by) == set(Measure)


@pytest.mark.parametrize("name", ["preFulfillmentCancellationRate", "prefulfillmentCancelRate"])
def test_both_spellings_of_a_cancellation_rate_are_read(name: str) -> None:
    """The schema and its own example spell it differently."""
    said = {
        "reportingDateRange": RANGE,
        "orderCount": 200,
        "cancellationCount": 3,
        "status": "GOOD",
        "rate": 0.015,
    }
    found = _found(_report(**{name: said}))[Measure.CANCEL]
    assert (found.defects, found.total, found.rate, found.dates) == (3, 200, 0.015, "Nov 18 to Nov 24")


@pytest.mark.parametrize(
    ("told", "read"), [("SUSPENDED", "DEACTIVATED"), ("AT_RISK", "AT_RISK"), ("NEW", "NEW")]
)
def test_a_status_is_the_schemas_word(told: str, read: str) -> None:
    """The example's word for a deactivated account is understood, and a new word is kept as it is."""
    assert _found(_report(told))[Measure.ACCOUNT].status == read


@pytest.mark.parametrize(("told", "read"), [(0.032, 0.032), (3.2, 0.032), (0, 0), (1, 1), (95.29, 0.9529)])
def test_a_rate_is_a_fraction(told: float, read: float) -> None:
    """A fraction is taken as it stands; a number above one can only be a percentage."""
    found = _found(_report(lateShipmentRate={"reportingDateRange": RANGE, "status": "BAD", "rate": told}))
    assert found[Measure.LATE].rate == pytest.approx(read)
    assert (found[Measure.LATE].total, found[Measure.LATE].is_bad) == (None, True)


def test_what_a_marketplace_does_not_have_is_absent() -> None:
    """A marketplace without a measure, or with an empty one, has no row for it or one without numbers."""
    assert set(_found(_report())) == {Measure.ACCOUNT}
    assert _found(_report(orderDefectRate={"mfn": None, "afn": {}})).keys() == {Measure.ACCOUNT}
    assert _found(_report(validTrackingRate={}))[Measure.TRACKING].rate is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b'{"accountStatuses": []}',
        _report(lateShipmentRate={"orderCount": -1}),
        _report(lateShipmentRate={"rate": "4 %"}),
        _report(lateShipmentRate={"reportingDateRange": {"reportingDateFrom": "last week"}}),
    ],
)
def test_what_is_not_whole_is_not_believed(content: bytes) -> None:
    """A report that is cut, or has other types than documented, is read again later."""
    with pytest.raises(TryAgain, match="report of the account's health"):
        parse_health_report(content)
