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
from sqlalchemy.dialects.postgresql import JSONB

from domain.tracking.parcels import ParcelState
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
    # Calls without a useful answer since the last one with it; the next is made at `next_try_at`.
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    moment("next_try_at"),
    # How often Amazon took another word for a package it had taken: it allows some number of edits.
    Column("edits", Integer, nullable=False, server_default=text("0")),
    words("refused_code"),
    Column("refusals", Integer, nullable=False, server_default=text("0")),
    # The parcel that speaks for this one, too: a unit packed in several boxes is confirmed once.
    words("joined"),
    # Amazon confirms it itself (Ship+, Buy Shipping) and does not show it yet.
    Column("awaits_amazon", Boolean, nullable=False, server_default=text("false")),
    # The package reference under which Amazon shows the parcel when it was not us who confirmed it.
    words("shown_as"),
    words("tracking_key"),
    # What the warehouse said while a person's word stands instead, the number that person gave, and who it is.
    words("told_tracking"),
    words("told_carrier"),
    words("corrected"),
    words("corrected_by"),
    moment("corrected_at"),
    words("doubt"),
    moment("dispatched_at", nullable=False),
    moment("known_at", nullable=False),
    moment("sent_at"),
    moment("accepted_at"),
    moment("proven_at"),
    moment("looked_at"),
    # The first time of each step: a re-label or a second try does not make a late parcel punctual.
    moment("first_dispatched_at"),
    moment("first_tracked_at"),
    moment("first_ready_at"),
    moment("first_sent_at"),
    moment("first_accepted_at"),
    UniqueConstraint("release_id", "warehouse_parcel_id"),
    Index("parcels_awaits_amazon_idx", "order_id", postgresql_where=text("awaits_amazon")),
    Index("parcels_known_at_idx", "known_at"),
    Index("parcels_tracking_key_idx", "tracking_key", postgresql_where=text("tracking_key <> ''")),
    one_of("state", ParcelState),
    Index(
        "parcels_open_idx",
        "state",
        postgresql_where=text("state NOT IN ('PROVEN', 'NOT_REQUIRED', 'VOIDED')"),
    ),
    # What the watch asks every minute: the open parcels of an order, and what Amazon took lately.
    Index(
        "parcels_open_order_idx",
        "order_id",
        postgresql_where=text("state NOT IN ('PROVEN', 'NOT_REQUIRED', 'VOIDED')"),
    ),
    Index(
        "parcels_first_accepted_idx",
        "first_accepted_at",
        postgresql_where=text("first_accepted_at IS NOT NULL"),
    ),
)

parcel_lines = Table(
    "parcel_lines",
    metadata,
    Column("parcel_id", BigInteger, ForeignKey(parcels.c.id, ondelete="CASCADE"), primary_key=True),
    Column("order_item_id", Text, primary_key=True),
    Column("quantity", Integer, nullable=False),
)

# What the warehouse said is in the parcel, in its own words; what Amazon is told is worked out from all boxes.
parcel_told = Table(
    "parcel_told",
    metadata,
    Column("parcel_id", BigInteger, ForeignKey(parcels.c.id, ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    words("line_ref"),
    told("sku"),
    Column("quantity", Integer, nullable=False),
)

# Every package Amazon ever showed of an order that is open here: the evidence.
shown_packages = Table(
    "shown_packages",
    metadata,
    Column("order_id", BigInteger, ForeignKey(orders.c.id, ondelete="CASCADE"), primary_key=True),
    Column("reference_id", Text, primary_key=True),
    words("tracking"),
    words("carrier"),
    words("status"),
    Column("contents", JSONB, nullable=False),
    moment("first_seen_at", nullable=False),
    moment("seen_at", nullable=False),
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
