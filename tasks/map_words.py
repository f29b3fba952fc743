"""What a form put in force, in a sentence, and what it is about as problems name it."""

from collections.abc import Sequence

from domain.marketplaces import MARKETPLACES
from domain.tracking.carrier_gaps import carrier_subject
from ledger.maps import BufferEntry, CarrierEntry, ServiceEntry, SkuEntry


def carrier_words(entry: CarrierEntry, *, changed: bool) -> tuple[str, str]:
    """(Subject, sentence) of a row of the carrier map."""
    service = f' with the service "{entry.warehouse_service}"' if entry.warehouse_service else ""
    code = f'"{entry.carrier_code}"'
    if entry.carrier_name:
        code += f" ({entry.carrier_name}, signed by {entry.signed_by})"
    method = f', shipping method "{entry.shipping_method}"' if entry.shipping_method else ""
    subject = carrier_subject(
        entry.connection, entry.warehouse_carrier, entry.warehouse_service, entry.marketplace_id
    )
    said = (
        f'The carrier "{entry.warehouse_carrier}"{service} of the warehouse {entry.connection} is Amazon\'s'
        f" {code}{method} in {MARKETPLACES[entry.marketplace_id].called}{_since(changed=changed)}."
    )
    return subject, said


def sku_words(entries: Sequence[SkuEntry], new: Sequence[SkuEntry], *, changed: bool) -> str:
    """The sentence of a whole kit; `new` are the parts that the warehouse never counted."""
    first = entries[0]
    parts = " + ".join(f"{entry.units} x {entry.warehouse_sku}" for entry in entries)
    unknown = ", ".join(entry.warehouse_sku for entry in new)
    hint = f" The warehouse has not counted {unknown} yet: check the spelling." if new else ""
    return (
        f"One {first.seller_sku} of {first.seller_account} is {parts} at the warehouse"
        f" {first.connection}{_since(changed=changed)}.{hint}"
    )


def service_words(entry: ServiceEntry, *, changed: bool) -> tuple[str, str]:
    """(Subject, sentence) of a row of the ship-method map."""
    shop = MARKETPLACES[entry.marketplace_id].called if entry.marketplace_id else "every marketplace"
    level = f"service level {entry.service_level}" if entry.service_level else "any service level"
    program = f" in the program {entry.program}" if entry.program else ""
    said = (
        f'Orders of {entry.seller_account} from {shop} with {level}{program} are asked for as "'
        f'{entry.warehouse_service}" at the warehouse {entry.connection}{_since(changed=changed)}.'
    )
    words = (entry.marketplace_id, entry.service_level, entry.program)
    return f"{entry.seller_account} {' '.join(word or 'any' for word in words)}", said


def buffer_words(entry: BufferEntry, *, changed: bool) -> tuple[str, str]:
    """(Subject, sentence) of a buffer."""
    parts = []
    if entry.fixed is not None:
        parts.append(f"{entry.fixed} units")
    if entry.percent is not None:
        parts.append(f"{entry.percent:g} % of what is available")
    if entry.odds is not None:
        parts.append(f"what its own demand asks for at odds of {entry.odds:g}")
    what = entry.seller_sku or "every SKU without a buffer of its own"
    kept = f"the largest of: {', '.join(parts)}" if len(parts) > 1 else "".join(parts) or "nothing"
    share = f" Of the rest, the share {entry.share:g} is offered." if entry.share is not None else ""
    said = f"Kept back of {what} in {entry.seller_account}{_since(changed=changed)}: {kept}.{share}"
    return f"{entry.seller_account} {entry.seller_sku or '(default)'}", said


def _since(*, changed: bool) -> str:
    return " from now on" if changed else ", as before"
