"""What a decision set free, in words: parcels that were blocked and orders that were held."""

from collections.abc import Mapping

from domain.orders.order import NOT_RELEASED, OrderState
from domain.tracking.parcels import SHOWN_TO_AMAZON, ParcelState


def parcels_in_words(states: Mapping[ParcelState, int]) -> str:
    """How the parcels that waited for a row of the carrier map stand now."""
    waited = sum(states.values())
    if not waited:
        return "No parcel waited for it."
    blocked = states.get(ParcelState.BLOCKED, 0)
    sent = sum(states.get(state, 0) for state in SHOWN_TO_AMAZON)
    ready = states.get(ParcelState.MAPPED, 0)
    said = [
        f"{_many(waited, 'parcel')} waited for it: {waited - blocked} unblocked, {sent} sent to Amazon now"
    ]
    if ready:
        said.append(f"{ready} waiting for Amazon and sent by the next runs, most urgent first")
    if refused := states.get(ParcelState.REJECTED, 0):
        said.append(f"{refused} refused by Amazon, as the open problems say")
    if blocked:
        said.append(f"{blocked} still blocked for another reason, as the open problems say")
    return f"{', '.join(said)}."


def orders_in_words(states: Mapping[OrderState, int]) -> str:
    """How the orders that were held for want of a row stand now."""
    waited = sum(states.values())
    if not waited:
        return "No order was held for want of it."
    held = states.get(OrderState.HELD, 0)
    ready = states.get(OrderState.READY, 0)
    given = sum(count for state, count in states.items() if state not in NOT_RELEASED)
    said = [f"{_many(waited, 'order')} held before: {given} handed to the warehouse now"]
    if ready:
        said.append(f"{ready} handed over by the next order-ingest")
    if held:
        said.append(f"{held} still held, as the open problems say")
    return f"{', '.join(said)}."


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
