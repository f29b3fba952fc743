"""The simulated 3PL's list of its open orders, right or with a mistake."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sandbox.packing import Job

_WORDS = {"RECEIVED": "new", "ACCEPTED": "picking", "DISPATCHED": "part shipped"}


def open_rows(
    jobs: Iterable[Job], now: datetime, *, leave_out: Collection[str], add: Collection[str]
) -> list[dict[str, object]]:
    """The rows of a census file: every open job but those left out, and references that have no business there."""
    as_of = now.isoformat(timespec="milliseconds")
    rows: dict[str, dict[str, object]] = {}
    for job in jobs:
        if not {job.order_ref, job.amazon_order_id} & set(leave_out):
            status = _WORDS.get(job.state, "open")
            rows[job.order_ref] = {
                "as_of": as_of,
                "order_ref": job.order_ref,
                "wms_ref": job.wms_ref,
                "status": status,
            }
    for order_ref in add:
        rows[order_ref] = {"as_of": as_of, "order_ref": order_ref, "wms_ref": "", "status": "open"}
    return list(rows.values())
