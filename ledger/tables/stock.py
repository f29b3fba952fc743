"""What the warehouse counted and what is offered at Amazon."""

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Integer, Table, Text, UniqueConstraint

from domain.listings import ListingState
from ledger.tables.declare import metadata, moment, one_of, told, words

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    told("connection"),
    words("warehouse"),
    moment("as_of", nullable=False),
    moment("received_at", nullable=False),
    told("source"),
    told("outcome"),
    words("reason"),
    Column("rows", Integer, nullable=False),
    one_of("outcome", ("APPLIED", "HELD", "OLD")),
    Index("snapshots_connection_idx", "connection", "warehouse", "as_of"),
)

stock = Table(
    "stock",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("warehouse", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("available", Integer, nullable=False),
    Column("on_hand", Integer),
    Column("allocated", Integer),
    Column("quarantine", Integer),
    Column("on_order", Integer),
    moment("as_of", nullable=False),
)

listings = Table(
    "listings",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    told("seller_account"),
    told("marketplace_id"),
    told("seller_sku"),
    told("state"),
    words("reason"),
    Column("available", Integer),
    Column("reserved", Integer),
    Column("buffer", Integer),
    Column("publishable", Integer),
    Column("published", Integer),
    Column("effective", Integer),
    moment("published_at"),
    moment("accepted_at"),
    moment("effective_at"),
    moment("seen_at"),
    UniqueConstraint("seller_account", "marketplace_id", "seller_sku"),
    one_of("state", ListingState),
    Index("listings_state_idx", "seller_account", "state"),
)

listing_history = Table(
    "listing_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "listing_id", BigInteger, ForeignKey(listings.c.id, ondelete="CASCADE"), nullable=False, index=True
    ),
    moment("at", nullable=False),
    Column("from_state", Text),
    told("to_state"),
    words("reason"),
)
