"""How a row of each map is read from the cells a person filled in, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from deployments.csv_cells import Cells
from domain.amazon_carriers import OTHER, approved, near
from domain.marketplaces import MARKETPLACES
from ledger.maps import BufferEntry, CarrierEntry, OfferEntry, ServiceEntry, SkuEntry


@dataclass(frozen=True, slots=True)
class Known:
    """The names that a map may use: seller accounts, connections with the accounts they serve, warehouses.

    `warehouses` are those that each connection's counts have named.
    """

    accounts: frozenset[str]
    connections: dict[str, tuple[str, ...]]
    warehouses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def warehouses_of(self, account: str) -> tuple[str, ...]:
        """The warehouses that were counted at the connections that serve a seller account."""
        serving = [name for name, served in self.connections.items() if account in served]
        return tuple(sorted({place for name in serving for place in self.warehouses.get(name, ())}))


def read_carrier(cells: Cells, known: Known) -> CarrierEntry:
    """A row of the carrier map; its code is checked against Amazon's list."""
    entry = CarrierEntry(
        connection=cells.one_of("connection", known.connections, "a warehouse connection"),
        warehouse_carrier=cells.text("warehouse_carrier", needed=True),
        warehouse_service=cells.text("warehouse_service"),
        marketplace_id=cells.one_of("marketplace_id", MARKETPLACES, "a marketplace id of Amazon"),
        carrier_code=cells.exact("carrier_code"),
        carrier_name=cells.text("carrier_name"),
        shipping_method=cells.text("shipping_method"),
        signed_by=cells.text("signed_by"),
    )
    if entry.marketplace_id in MARKETPLACES:
        _check_code(cells, entry)
    if entry.carrier_code == OTHER:
        why = f'"{OTHER}" costs valid-tracking rate'
        for column in ("carrier_name", "signed_by"):
            if not getattr(entry, column):
                cells.fault(column, f"is empty; {why}, so it needs the carrier's name and a signature")
    elif entry.carrier_name:
        cells.fault("carrier_name", f'is only filled in with the carrier_code "{OTHER}"')
    return entry


def _check_code(cells: Cells, entry: CarrierEntry) -> None:
    code, shop = entry.carrier_code, MARKETPLACES[entry.marketplace_id]
    if code in approved(shop.id):
        return
    if not code.strip():
        cells.fault("carrier_code", "is empty")
    elif meant := near(code, shop.id):
        cells.fault("carrier_code", f'"{code}" is not Amazon\'s spelling; did you mean "{meant[0]}"?')
    else:
        reason = f'"{code}" is not in Amazon\'s list for {shop.country}; take a listed carrier, or "{OTHER}"'
        cells.fault("carrier_code", f"{reason} with carrier_name and signed_by")


def read_sku(cells: Cells, known: Known) -> SkuEntry:
    """A row of the SKU map."""
    return SkuEntry(
        seller_account=cells.one_of("seller_account", known.accounts, "a seller account"),
        seller_sku=cells.text("seller_sku", needed=True),
        connection=_serving(cells, known),
        warehouse_sku=cells.text("warehouse_sku", needed=True),
        units=cells.whole("units", least=1, needed=True) or 0,
    )


def read_service(cells: Cells, known: Known) -> ServiceEntry:
    """A row of the ship-method map."""
    return ServiceEntry(
        seller_account=cells.one_of("seller_account", known.accounts, "a seller account"),
        marketplace_id=cells.one_of(
            "marketplace_id", MARKETPLACES, "a marketplace id of Amazon", needed=False
        ),
        service_level=cells.text("service_level"),
        program=cells.text("program"),
        connection=_serving(cells, known),
        warehouse_service=cells.text("warehouse_service", needed=True),
    )


def read_buffer(cells: Cells, known: Known) -> BufferEntry:
    """A row of the stock buffers."""
    return BufferEntry(
        seller_account=cells.one_of("seller_account", known.accounts, "a seller account"),
        seller_sku=cells.text("seller_sku"),
        fixed=cells.whole("fixed", least=0),
        percent=cells.decimal("percent", most=100),
        odds=cells.decimal("odds", most=1, inside=True),
        share=cells.decimal("share", most=1),
    )


def read_offer(cells: Cells, known: Known) -> OfferEntry:
    """A row of the offer rules; a warehouse must have been counted, so that a slip does not hide its stock."""
    entry = OfferEntry(
        seller_account=cells.one_of("seller_account", known.accounts, "a seller account"),
        seller_sku=cells.text("seller_sku"),
        cap=cells.whole("cap", least=0),
        warehouses=cells.listed("warehouses"),
        stopped=cells.yes("stopped"),
    )
    counted = known.warehouses_of(entry.seller_account)
    for name in entry.warehouses if entry.seller_account in known.accounts else ():
        if name not in counted:
            there = f"there is: {', '.join(counted)}" if counted else "no count has come yet"
            cells.fault("warehouses", f'"{name}" was never counted ({there})')
    return entry


def _serving(cells: Cells, known: Known) -> str:
    """The row's connection, which must serve the row's seller account."""
    name = cells.one_of("connection", known.connections, "a warehouse connection")
    account = cells.text("seller_account")
    if account in known.accounts and account not in known.connections.get(name, (account,)):
        cells.fault("connection", f'"{name}" does not serve the seller account "{account}"')
    return name
