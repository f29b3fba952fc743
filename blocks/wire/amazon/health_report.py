"""The report of an account's health (GET_V2_SELLER_PERFORMANCE_REPORT), JSON.

Its published schema and the example in it do not agree; both spellings are read. `rate` is called a percentage
and is a fraction. Of late shipments the schema has one rate; the answers seen in public programs have a list beside
it, whose entries are the same rate over 10 and over 30 days. Where a report leaves out how many were good or bad,
that is reckoned from its rate.
"""

import json
from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import AliasChoices, Field, ValidationError

from blocks.wire.amazon.answer import Count, ForeignModel, Identifier, Moment, Word, fault_sentence
from domain.errors import TryAgain
from domain.health.reports import Measure, Reported

Number = Annotated[float, Field(strict=True, ge=0, le=1e6, allow_inf_nan=False)]
_GOOD_SHARE = frozenset(
    {Measure.TRACKING, Measure.DELIVERY, Measure.UNIT_DELIVERY}
)  # their rate counts the good
_SUSPENDED = {"SUSPENDED": "DEACTIVATED"}  # the example's word for the schema's


class _Range(ForeignModel):
    reporting_date_from: Moment
    reporting_date_to: Moment


class _Rate(ForeignModel):
    reporting_date_range: _Range | None = None
    status: Word = ""
    rate: Number | None = None


class _Late(_Rate):
    order_count: Count | None = None
    late_shipment_count: Count | None = None


class _Tracking(_Rate):
    shipment_count: Count | None = None
    valid_tracking_count: Count | None = None


class _Canceled(_Rate):
    order_count: Count | None = None
    cancellation_count: Count | None = None


class _Delivered(_Rate):
    shipment_count_with_valid_tracking: Count | None = None
    on_time_delivery_count: Count | None = None


class _Units(_Rate):
    total_unit_count: Count | None = None
    unit_on_time_delivery_count: Count | None = None


class _Counted(ForeignModel):
    count: Count | None = None


class _Defects(_Rate):
    order_count: Count | None = None
    order_with_defects: _Counted | None = None


class _Fulfillers(ForeignModel):
    mfn: _Defects | None = None


class _Metrics(ForeignModel):
    marketplace_id: Identifier
    late_shipment_rate: _Late | None = None
    late_shipment_rate_list: list[_Late | None] | None = None
    valid_tracking_rate: _Tracking | None = None
    on_time_delivery_rate: _Delivered | None = None
    unit_on_time_delivery_rate: _Units | None = None
    order_defect_rate: _Fulfillers | None = None
    cancellation: _Canceled | None = Field(
        default=None,
        validation_alias=AliasChoices("preFulfillmentCancellationRate", "prefulfillmentCancelRate"),
    )


class _Account(ForeignModel):
    marketplace_id: Identifier
    status: Word


class _Report(ForeignModel):
    account_statuses: list[_Account]
    performance_metrics: list[_Metrics]


def parse_health_report(content: bytes, _content_type: str = "") -> tuple[Reported, ...]:
    """What the report says of each marketplace. A measure that a marketplace does not have is absent.

    Raises:
        TryAgain: When it is not whole, or not what Amazon documents.
    """
    try:
        report = _Report.model_validate(json.loads(content.decode("utf-8-sig")))
    except ValidationError as error:
        raise TryAgain(f"In Amazon's report of the account's health {fault_sentence(error)}.") from None
    except ValueError:
        raise TryAgain("Amazon's report of the account's health is not whole: it is no JSON.") from None
    accounts = [
        Reported(
            marketplace_id=one.marketplace_id,
            measure=Measure.ACCOUNT,
            status=_SUSPENDED.get(one.status, one.status),
        )
        for one in report.account_statuses
    ]
    return (*accounts, *(found for one in report.performance_metrics for found in _measures(one)))


def _measures(one: _Metrics) -> Iterator[Reported]:
    shop = one.marketplace_id
    yield from _late(one)
    if tracked := one.valid_tracking_rate:
        lost = _less(tracked.shipment_count, tracked.valid_tracking_count)
        yield _reported(shop, Measure.TRACKING, tracked, lost, tracked.shipment_count)
    if canceled := one.cancellation:
        yield _reported(shop, Measure.CANCEL, canceled, canceled.cancellation_count, canceled.order_count)
    if on_time := one.on_time_delivery_rate:
        total = on_time.shipment_count_with_valid_tracking
        lost = _less(total, on_time.on_time_delivery_count)
        yield _reported(shop, Measure.DELIVERY, on_time, lost, total)
    if units := one.unit_on_time_delivery_rate:
        lost = _less(units.total_unit_count, units.unit_on_time_delivery_count)
        yield _reported(shop, Measure.UNIT_DELIVERY, units, lost, units.total_unit_count)
    if ours := one.order_defect_rate and one.order_defect_rate.mfn:
        defects = ours.order_with_defects.count if ours.order_with_defects else None
        yield _reported(shop, Measure.ORDER_DEFECTS, ours, defects, ours.order_count)


def _late(one: _Metrics) -> Iterator[Reported]:
    """The rate that the schema has, then those of the list over other days; without dates they say nothing."""
    listed = [late for late in one.late_shipment_rate_list or () if late and late.reporting_date_range]
    seen: set[int] = set()
    for late in filter(None, (one.late_shipment_rate, *listed)):
        found = _reported(one.marketplace_id, Measure.LATE, late, late.late_shipment_count, late.order_count)
        if found.days not in seen:
            yield found
        seen.add(found.days)


def _reported(shop: str, measure: Measure, said: _Rate, defects: int | None, total: int | None) -> Reported:
    dates, rate = said.reporting_date_range, _fraction(said.rate)
    if defects is None and total is not None and rate is not None:
        defects = round(total * (1 - rate if measure in _GOOD_SHARE else rate))
    return Reported(
        marketplace_id=shop,
        measure=measure,
        since=_day(dates.reporting_date_from) if dates else None,
        until=_day(dates.reporting_date_to) if dates else None,
        defects=defects,
        total=total,
        rate=rate,
        status=said.status,
    )


def _day(moment: Moment) -> date:
    return moment.date()


def _fraction(rate: float | None) -> float | None:
    """A rate above one can only be the percentage that the schema speaks of."""
    return rate / 100 if rate is not None and rate > 1 else rate


def _less(total: int | None, good: int | None) -> int | None:
    """What is not good of the total; Amazon's own example has more good ones than there are."""
    return None if total is None or good is None else max(0, total - good)
