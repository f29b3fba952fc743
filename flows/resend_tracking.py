"""A form: send a tracking number to Amazon again, now."""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed
from pydantic import Field

from flows.doors import open_ledger, utc_now
from flows.endings import says_why
from flows.fields import trimmed
from flows.forms import signed
from flows.parcel_forms import tell_amazon
from tasks.orders.decisions import find_order
from tasks.tracking.parcel_words import free_parcels


@flow(name="resend-tracking", flow_run_name="resend-tracking {amazon_order_id}")
@says_why
def resend_tracking(
    amazon_order_id: Annotated[
        str, Field(min_length=1, description="Amazon's id of the order, such as 026-1234567-1234567.")
    ],
    your_name: Annotated[
        str, Field(min_length=1, description="Who asks for this; it is kept with the parcel.")
    ],
    parcel: Annotated[
        str,
        Field(
            description="The warehouse's name of one parcel, as the problem shows it after the order; empty: every"
            " parcel of the order that Amazon does not show yet."
        ),
    ] = "",
) -> State[None]:
    """Tell Amazon about refused, unproven or waiting parcels of an order again, and read back what it shows.

    Args:
        amazon_order_id: Amazon's id of the order, such as 026-1234567-1234567.
        your_name: Who asks for this; it is kept with the parcel.
        parcel: The warehouse's name of one parcel, as the problem shows it after the order; empty: every parcel of
            the order that Amazon does not show yet.
    """
    order = amazon_order_id.strip()
    with open_ledger() as ledger:
        author = signed(your_name)
        account, connection = find_order(ledger, order)
        plan = free_parcels(ledger, order, trimmed("parcel", parcel), author, utc_now())
        for said in plan.said:
            get_run_logger().info("%s", said)
        told = list(plan.said)
        if plan.parcels:
            told += tell_amazon(ledger, account, connection, order, plan.parcels)
    return Completed(message=" ".join(told))
