"""The seller's own maps, every version of every row."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from ledger.tables.declare import metadata, moment, told, words


def map_row(name: str, *columns: Column[Any]) -> Table:
    """A map keeps every version of a row: `until` is empty on the one in force."""
    return Table(
        name,
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        *columns,
        moment("since", nullable=False),
        moment("until"),
        told("author"),
        Index(f"{name}_current_idx", columns[0].name, postgresql_where=text("until IS NULL")),
    )


carrier_map = map_row(
    "carrier_map",
    told("connection"),
    told("warehouse_carrier"),
    words("warehouse_service"),
    told("marketplace_id"),
    told("carrier_code"),
    words("carrier_name"),
    words("shipping_method"),
    words("signed_by"),
)

sku_map = map_row(
    "sku_map",
    told("seller_account"),
    told("seller_sku"),
    told("connection"),
    told("warehouse_sku"),
    Column("units", Integer, nullable=False),
)

service_map = map_row(
    "service_map",
    told("seller_account"),
    words("marketplace_id"),
    words("service_level"),
    words("program"),
    told("connection"),
    told("warehouse_service"),
)

buffer_rules = map_row(
    "buffer_rules",
    told("seller_account"),
    words("seller_sku"),
    Column("fixed", Integer),
    Column("percent", Double),
    Column("odds", Double),
    Column("share", Double),
)

offer_rules = map_row(
    "offer_rules",
    told("seller_account"),
    words("seller_sku"),
    Column("cap", Integer),
    Column("warehouses", ARRAY(Text, as_tuple=True), nullable=False, server_default=text("'{}'")),
    Column("stopped", Boolean, nullable=False, server_default=text("false")),
)
