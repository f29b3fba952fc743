"""How a row of each map is read from the cells a person filled in; what is wrong with it is noted at its cell."""

from collections.abc import Iterable

from deployments.csv_cells import Cells
from domain.ranges import CAP, FIXED, ODDS, PERCENT, SHARE, UNITS
from ledger.map_rules import (
    Fault,
    Known,
    buffer_faults,
    carrier_faults,
    offer_faults,
    service_faults,
    sku_faults,
)
from ledger.maps import BufferEntry, CarrierEntry, OfferEntry, ServiceEntry, SkuEntry

_ANY = 1  # stands in for units that cannot be read: the row is refused for its cell already


def read_carrier(cells: Cells, known: Known) -> CarrierEntry:
    """A row of the carrier map; its code is taken to the character."""
    entry = CarrierEntry(
        connection=cells.text("connection"),
        warehouse_carrier=cells.text("warehouse_carrier"),
        warehouse_service=cells.text("warehouse_service"),
        marketplace_id=cells.text("marketplace_id"),
        carrier_code=cells.exact("carrier_code"),
        carrier_name=cells.text("carrier_name"),
        shipping_method=cells.text("shipping_method"),
        signed_by=cells.text("signed_by"),
    )
    _note(cells, carrier_faults(entry, known))
    return entry


def read_sku(cells: Cells, known: Known) -> SkuEntry:
    """A row of the SKU map."""
    entry = SkuEntry(
        seller_account=cells.text("seller_account"),
        seller_sku=cells.text("seller_sku"),
        connection=cells.text("connection"),
        warehouse_sku=cells.text("warehouse_sku"),
        units=cells.whole("units", UNITS, needed=True) or _ANY,
    )
    _note(cells, sku_faults(entry, known))
    return entry


def read_service(cells: Cells, known: Known) -> ServiceEntry:
    """A row of the ship-method map."""
    entry = ServiceEntry(
        seller_account=cells.text("seller_account"),
        marketplace_id=cells.text("marketplace_id"),
        service_level=cells.text("service_level"),
        program=cells.text("program"),
        connection=cells.text("connection"),
        warehouse_service=cells.text("warehouse_service"),
    )
    _note(cells, service_faults(entry, known))
    return entry


def read_buffer(cells: Cells, known: Known) -> BufferEntry:
    """A row of the stock buffers."""
    entry = BufferEntry(
        seller_account=cells.text("seller_account"),
        seller_sku=cells.text("seller_sku"),
        fixed=cells.whole("fixed", FIXED),
        percent=cells.decimal("percent", PERCENT),
        odds=cells.decimal("odds", ODDS),
        share=cells.decimal("share", SHARE),
    )
    _note(cells, buffer_faults(entry, known))
    return entry


def read_offer(cells: Cells, known: Known) -> OfferEntry:
    """A row of the offer rules."""
    entry = OfferEntry(
        seller_account=cells.text("seller_account"),
        seller_sku=cells.text("seller_sku"),
        cap=cells.whole("cap", CAP),
        warehouses=cells.listed("warehouses"),
        stopped=cells.yes("stopped"),
    )
    _note(cells, offer_faults(entry, known))
    return entry


def _note(cells: Cells, faults: Iterable[Fault]) -> None:
    for column, reason in faults:
        cells.fault(column, reason)
