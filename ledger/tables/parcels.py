"""Parcels and how far the word of each has traveled to Amazon."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from domain.parcels import ParcelState
from ledger.tables.declare import metadata, moment, one_of, told, words
from ledger.tables.orders import orders, releases

parcels = Table(
    "parcels",
    metadata,
    # The number is also Amazon's packageReferenceId: positive, chosen once, stored before the first call.
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("order_id", BigInteger, ForeignKey(orders.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("release_id", BigInteger, ForeignKey(releases.c.id, ondelete="CASCADE"), nullable=False),
    told("connection"),
    told("warehouse_parcel_id"),
    words("warehouse_carrier"),
    words("warehouse_service"),
    words("tracking"),
    Column("package_count", Integer),
    words("carrier_code"),
    words("carrier_name"),
    words("shipping_method"),
    told("state"),
    words("reason"),
    words("blocked_for"),
    Column("contents_known", Boolean, nullable=False, server_default=text("false")),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    moment("dispatched_at", nullable=False),
    moment("known_at", nullable=False),
    moment("sent_at"),
    moment("accepted_at"),
    moment("first_accepted_at"),
    moment("proven_at"),
    moment("looked_at"),
    UniqueConstraint("release_id", "warehouse_parcel_id"),
    one_of("state", ParcelState),
    Index(
        "parcels_open_idx",
        "state",
        postgresql_where=text("state NOT IN ('PROVEN', 'NOT_REQUIRED', 'VOIDED')"),
    ),
)

parcel_lines = Table(
    "parcel_lines",
    metadata,
    Column("parcel_id", BigInteger, ForeignKey(parcels.c.id, ondelete="CASCADE"), primary_key=True),
    Column("order_item_id", Text, primary_key=True),
    Column("quantity", Integer, nullable=False),
)

parcel_history = Table(
    "parcel_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("parcel_id", BigInteger, ForeignKey(parcels.c.id, ondelete="CASCADE"), nullable=False, index=True),
    moment("at", nullable=False),
    Column("from_state", Text),
    told("to_state"),
    words("reason"),
)
