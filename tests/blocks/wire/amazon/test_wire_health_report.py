"""The report of an account's health, as published and as seen: two spellings, fractions called percentages."""

import json
from datetime import date
from typing import Any

import pytest

from blocks.wire.amazon.health_report import parse_health_report
from domain.errors import TryAgain
from domain.health.rates import Metric
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


def _over(first: str, rate: float, **more: Any) -> dict[str, Any]:
    dates = {"reportingDateFrom": f"2026-{first}T00:00:00Z", "reportingDateTo": "2026-11-24T23:59:59Z"}
    return {"rate": rate, "status": "BAD" if rate > 0.04 else "GOOD", "reportingDateRange": dates, **more}


def test_late_shipments_over_ten_days_are_read_from_the_list_beside() -> None:
    """Answers have a list that the schema does not know: other days count, the same days once, no days never."""
    month = _over("10-26", 0.03, orderCount=1000, lateShipmentCount=30)
    ten = _over("11-15", 0.09, orderCount=300, lateShipmentCount=27)
    listed = [month, ten, {"rate": 0.5, "status": "BAD"}, None]
    found = parse_health_report(_report(lateShipmentRate=month, lateShipmentRateList=listed))
    assert [(one.metric, one.defects, one.total, one.is_bad) for one in found[1:]] == [
        (Metric.LATE_30, 30, 1000, False),
        (Metric.LATE_10, 27, 300, True),
    ]
    (_, alone) = parse_health_report(_report(lateShipmentRateList=[ten]))
    assert alone.metric is Metric.LATE_10


@pytest.mark.parametrize(
    ("told", "measure", "counts"),
    [
        ({"validTrackingRate": _over("10-26", 0.8, shipmentCount=5)}, Measure.TRACKING, (1, 5)),
        ({"lateShipmentRate": _over("10-26", 0.04, orderCount=25)}, Measure.LATE, (1, 25)),
        (
            {"onTimeDeliveryRate": _over("10-26", 1, shipmentCountWithValidTracking=7)},
            Measure.DELIVERY,
            (0, 7),
        ),
        ({"validTrackingRate": _over("10-26", 0.8)}, Measure.TRACKING, (None, None)),
    ],
)
def test_a_count_that_is_left_out_is_reckoned_from_the_rate(told, measure: Measure, counts) -> None:
    """What is good is a share of the whole, and so is what is late; without the whole there is no count."""
    found = _found(_report(**told))[measure]
    assert (found.defects, found.total) == counts


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
        _report(lateShipmentRateList=[{"rate": "4 %"}]),
        _report(lateShipmentRate={"reportingDateRange": {"reportingDateFrom": "last week"}}),
    ],
)
def test_what_is_not_whole_is_not_believed(content: bytes) -> None:
    """A report that is cut, or has other types than documented, is read again later."""
    with pytest.raises(TryAgain, match="report of the account's health"):
        parse_health_report(content)
