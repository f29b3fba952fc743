"""What a row of each map must be, whoever wrote it: a spreadsheet that is imported or a form that is filled in."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from domain.marketplaces import MARKETPLACES
from domain.ranges import CAP, FIXED, ODDS, PERCENT, SHARE, UNITS, Range
from domain.tracking.carriers import OTHER, OTHER_ABROAD, approved, near
from ledger import register
from ledger.maps import BufferEntry, CarrierEntry, OfferEntry, ServiceEntry, SkuEntry
from ledger.stock.on_hand import counted_warehouses

Fault = tuple[str, str]  # the field, and what is wrong with it


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


def known_names(conn: sa.Connection) -> Known:
    """The seller accounts and connections that `lockstep setup` wrote down, and the warehouses counted so far."""
    return Known(
        accounts=frozenset(one.name for one in register.accounts(conn)),
        connections={one.name: one.serves for one in register.connections(conn)},
        warehouses=counted_warehouses(conn),
    )


def carrier_faults(entry: CarrierEntry, known: Known) -> Iterator[Fault]:
    """What is wrong with a row of the carrier map; its code is checked against Amazon's list."""
    yield from _one_of("connection", entry.connection, known.connections, "a warehouse connection")
    yield from _filled("warehouse_carrier", entry.warehouse_carrier)
    yield from _one_of("marketplace_id", entry.marketplace_id, MARKETPLACES, "a marketplace id of Amazon")
    if entry.marketplace_id in MARKETPLACES:
        yield from _code_faults(entry)
    if entry.carrier_code == OTHER:
        why = f'"{OTHER}" costs valid-tracking rate'
        for name in ("carrier_name", "signed_by"):
            if not getattr(entry, name):
                yield name, f"is empty; {why}, so it needs the carrier's name and a signature"
    elif entry.carrier_name:
        yield "carrier_name", f'is only filled in with the code "{OTHER}"'


def sku_faults(entry: SkuEntry, known: Known) -> Iterator[Fault]:
    """What is wrong with a row of the SKU map."""
    yield from _account_faults(entry.seller_account, known)
    yield from _filled("seller_sku", entry.seller_sku)
    yield from _serving(entry.seller_account, entry.connection, known)
    yield from _filled("warehouse_sku", entry.warehouse_sku)
    yield from _number("units", entry.units, UNITS)


def service_faults(entry: ServiceEntry, known: Known) -> Iterator[Fault]:
    """What is wrong with a row of the ship-method map."""
    yield from _account_faults(entry.seller_account, known)
    if entry.marketplace_id:
        yield from _one_of("marketplace_id", entry.marketplace_id, MARKETPLACES, "a marketplace id of Amazon")
    yield from _serving(entry.seller_account, entry.connection, known)
    yield from _filled("warehouse_service", entry.warehouse_service)


def buffer_faults(entry: BufferEntry, known: Known) -> Iterator[Fault]:
    """What is wrong with a row of the stock buffers."""
    yield from _account_faults(entry.seller_account, known)
    for name, numbers in (("fixed", FIXED), ("percent", PERCENT), ("odds", ODDS), ("share", SHARE)):
        yield from _number(name, getattr(entry, name), numbers)


def offer_faults(entry: OfferEntry, known: Known) -> Iterator[Fault]:
    """What is wrong with an offer rule; a warehouse must have been counted, so that a slip does not hide stock."""
    yield from _account_faults(entry.seller_account, known)
    yield from _number("cap", entry.cap, CAP)
    counted = known.warehouses_of(entry.seller_account)
    for name in entry.warehouses if entry.seller_account in known.accounts else ():
        if name not in counted:
            there = f"there is: {', '.join(counted)}" if counted else "no count has come yet"
            yield "warehouses", f'"{name}" was never counted ({there})'


def _code_faults(entry: CarrierEntry) -> Iterator[Fault]:
    code, shop = entry.carrier_code, MARKETPLACES[entry.marketplace_id]
    codes = approved(shop.id) - OTHER_ABROAD
    if code in codes:
        return
    if not code.strip():
        yield "carrier_code", "is empty"
    elif meant := [known for known in near(code, shop.id) if known in codes]:
        yield "carrier_code", f'"{code}" is not Amazon\'s spelling; did you mean "{meant[0]}"?'
    else:
        listed = f"not in Amazon's list for {shop.country}"
        wrong = f'"{OTHER}" in another language' if code in OTHER_ABROAD else listed
        reason = f'"{code}" is {wrong}; take a listed carrier, or "{OTHER}"'
        yield "carrier_code", f"{reason} with the carrier's name and a signature"


def _account_faults(account: str, known: Known) -> Iterator[Fault]:
    yield from _one_of("seller_account", account, known.accounts, "a seller account")


def _serving(account: str, connection: str, known: Known) -> Iterator[Fault]:
    """The connection must be known, and serve the row's seller account."""
    yield from _one_of("connection", connection, known.connections, "a warehouse connection")
    if account in known.accounts and account not in known.connections.get(connection, (account,)):
        yield "connection", f'"{connection}" does not serve the seller account "{account}"'


def _one_of(name: str, value: str, known: Collection[str], what: str) -> Iterator[Fault]:
    yield from _filled(name, value)
    if value and value not in known:
        names = ", ".join(sorted(known)) or "none yet; run lockstep setup"
        yield name, f'"{value}" is not {what} (there is: {names})'


def _filled(name: str, value: str) -> Iterator[Fault]:
    if not value.strip():
        yield name, "is empty"


def _number(name: str, value: float | None, numbers: Range) -> Iterator[Fault]:
    if value is not None and not numbers.holds(value):
        yield name, f'"{value}" is not {numbers.words}'
