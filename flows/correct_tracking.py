"""A form: correct a parcel's tracking number, or give the one that is missing, and tell Amazon now."""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed
from pydantic import Field

from flows.doors import open_ledger, utc_now
from flows.endings import says_why
from flows.forms import signed
from flows.parcel_forms import tell_amazon
from ledger.tracking.corrections import Correction
from tasks.orders.decisions import find_order
from tasks.tracking.parcel_words import correct


@flow(name="correct-tracking", flow_run_name="correct-tracking {amazon_order_id} {parcel}")
@says_why
def correct_tracking(
    amazon_order_id: Annotated[
        str, Field(min_length=1, description="Amazon's id of the order, such as 026-1234567-1234567.")
    ],
    parcel: Annotated[
        str,
        Field(
            min_length=1,
            description="The warehouse's name of the parcel, as the problem shows it after the order.",
        ),
    ],
    tracking_number: Annotated[
        str, Field(min_length=1, max_length=64, description="The number on the parcel's label.")
    ],
    your_name: Annotated[
        str, Field(min_length=1, description="Who read the label; it is kept with the parcel.")
    ],
    carrier: Annotated[
        str,
        Field(
            max_length=100,
            description="The carrier as the warehouse spells it, when that was wrong, too; empty: it stays.",
        ),
    ] = "",
) -> State[None]:
    """Put your number in the place of the warehouse's. The same old number from the warehouse does not undo it.

    Args:
        amazon_order_id: Amazon's id of the order, such as 026-1234567-1234567.
        parcel: The warehouse's name of the parcel, as the problem shows it after the order.
        tracking_number: The number on the parcel's label.
        your_name: Who read the label; it is kept with the parcel.
        carrier: The carrier as the warehouse spells it, when that was wrong, too; empty: it stays.
    """
    wish = Correction(
        order_id=amazon_order_id.strip(),
        parcel=parcel.strip(),
        tracking=" ".join(tracking_number.split()),
        carrier=carrier.strip(),
        author=signed(your_name),
    )
    with open_ledger() as ledger:
        account, connection = find_order(ledger, wish.order_id)
        corrected = correct(ledger, connection, wish, utc_now())
        get_run_logger().info("%s", corrected.said)
        told = [corrected.said]
        if corrected.changed:
            told += tell_amazon(ledger, account, connection, wish.order_id, [wish.parcel])
    return Completed(message=" ".join(told))
