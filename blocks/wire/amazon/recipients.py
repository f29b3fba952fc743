"""The person an Amazon order goes to, in the form a label and a warehouse need."""

from blocks.wire.amazon.order_models import Address, DeliveryPreference, Line, Order
from domain.amazon import AmazonStatus
from domain.recipient import Recipient

# Amazon shows no address before the payment stands; one that showed up would not be a promise to ship there.
_UNPAID = {AmazonStatus.PENDING_AVAILABILITY, AmazonStatus.PENDING}


def recipient_of(order: Order, status: AmazonStatus) -> Recipient | None:
    """Whom the order goes to; None while payment is pending and where Amazon withholds the address."""
    if status in _UNPAID or order.recipient is None or order.recipient.delivery_address is None:
        return None
    address = order.recipient.delivery_address
    city = address.city or address.municipality or ""
    region = address.state_or_region or address.district_or_county or ""
    return Recipient(
        name=address.name or "",
        company=address.company_name or "",
        address_line_1=address.address_line1 or "",
        address_line_2=address.address_line2 or "",
        address_line_3=address.address_line3 or _district(address, city, region),
        city=city,
        region=region,
        postcode=address.postal_code or "",
        country=address.country_code or "",
        phone=address.phone or "",
        gift_message=_gift_messages(order.order_items),
        notes=_notes(order.recipient.delivery_preference),
    )


def _district(address: Address, city: str, region: str) -> str:
    """The part of an address our words have no place for; without it some countries do not deliver."""
    parts = dict.fromkeys(part for part in (address.district_or_county, address.municipality) if part)
    return ", ".join(part for part in parts if part not in {city, region})


def _gift_messages(lines: list[Line]) -> str:
    packings = (line.fulfillment.packing for line in lines if line.fulfillment is not None)
    gifts = (packing.gift_option for packing in packings if packing is not None)
    messages = (gift.gift_message for gift in gifts if gift is not None)
    return "\n".join(dict.fromkeys(message for message in messages if message))


def _notes(wish: DeliveryPreference | None) -> str:
    if wish is None:
        return ""
    return "; ".join(part for part in (wish.drop_off_location, wish.address_instruction) if part)
