"""The ledger's tables, as declared. Migrations must build exactly this; `tests/ledger` compares them."""

from ledger.tables.declare import SCHEMA, metadata
from ledger.tables.maps import buffer_rules, carrier_map, service_map, sku_map
from ledger.tables.orders import order_history, order_lines, orders, release_history, release_lines, releases
from ledger.tables.parcels import parcel_history, parcel_lines, parcel_told, parcels, shown_packages
from ledger.tables.record import accounts, budgets, calls, connections, deliveries, problems, watermarks
from ledger.tables.stock import listing_history, listings, snapshots, stock

__all__ = [
    "SCHEMA",
    "metadata",
    "carrier_map",
    "sku_map",
    "service_map",
    "buffer_rules",
    "orders",
    "order_lines",
    "order_history",
    "releases",
    "release_lines",
    "release_history",
    "parcels",
    "parcel_lines",
    "parcel_told",
    "shown_packages",
    "parcel_history",
    "accounts",
    "connections",
    "watermarks",
    "problems",
    "calls",
    "budgets",
    "deliveries",
    "snapshots",
    "stock",
    "listings",
    "listing_history",
]
