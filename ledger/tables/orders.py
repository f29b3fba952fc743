"""Orders, what was released of them, and how they got where they are."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from domain.orders.order import OrderState
from domain.orders.releases import CancelState, ReleaseState
from ledger.tables.declare import metadata, moment, one_of, told, words

orders = Table(
    "orders",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    told("seller_account"),
    told("amazon_order_id"),
    told("marketplace_id"),
    words("connection"),
    told("state"),
    words("held_for"),
    # A person does not want it shipped: it is not handed over, or the warehouse was asked to stop it.
    Column("held_by_person", Boolean, nullable=False, server_default=text("false")),
    words("held_by"),
    # Who wants it shipped although the buyer asks to cancel it; empty as soon as the buyer does not ask any more.
    words("wanted_by"),
    told("amazon_status"),
    words("service_level"),
    Column("programs", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("address_gaps", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("cancel_requested", Boolean, nullable=False, server_default=text("false")),
    words("canceled_by"),
    moment("amazon_created_at", nullable=False),
    moment("amazon_updated_at", nullable=False),
    moment("confirm_by"),
    moment("deliver_by"),
    Column("recipient", LargeBinary),
    moment("imported_at", nullable=False),
    moment("released_at"),
    moment("accepted_at"),
    moment("canceled_at"),
    # When Lockstep saw who canceled it, or lines of it while the rest goes on.
    moment("part_canceled_at"),
    moment("closed_at"),
    UniqueConstraint("seller_account", "amazon_order_id"),
    one_of("state", OrderState),
    # The hot question is always "what is open": history must not slow it down.
    Index(
        "orders_open_idx",
        "state",
        "confirm_by",
        postgresql_where=text("state NOT IN ('CLOSED', 'CANCELED', 'FOREIGN')"),
    ),
    Index(
        "orders_forget_idx",
        text("coalesce(deliver_by, confirm_by, amazon_created_at)"),
        postgresql_where=text("recipient IS NOT NULL"),
    ),
    Index("orders_amazon_order_id_idx", "amazon_order_id"),
    Index("orders_placed_idx", "seller_account", "amazon_created_at"),
    # The account's health is counted over windows of these two dates, never over all of history.
    Index("orders_due_idx", "seller_account", "confirm_by"),
    Index("orders_promised_idx", "seller_account", "deliver_by"),
    Index(
        "orders_canceled_idx",
        "seller_account",
        "canceled_at",
        postgresql_where=text("canceled_at IS NOT NULL"),
    ),
    Index(
        "orders_part_canceled_idx",
        "seller_account",
        "part_canceled_at",
        postgresql_where=text("part_canceled_at IS NOT NULL"),
    ),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", BigInteger, ForeignKey(orders.c.id, ondelete="CASCADE"), primary_key=True),
    Column("order_item_id", Text, primary_key=True),
    words("seller_sku"),
    Column("quantity", Integer, nullable=False),
    Column("unfulfilled", Integer, nullable=False),
)

order_history = Table(
    "order_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("order_id", BigInteger, ForeignKey(orders.c.id, ondelete="CASCADE"), nullable=False, index=True),
    moment("at", nullable=False),
    Column("from_state", Text),
    told("to_state"),
    words("reason"),
)

releases = Table(
    "releases",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("order_id", BigInteger, ForeignKey(orders.c.id, ondelete="CASCADE"), nullable=False),
    Column("release_no", Integer, nullable=False),
    Column("reference", Text, nullable=False, unique=True),
    told("connection"),
    told("service"),
    told("state"),
    words("batch"),
    words("warehouse_order_id"),
    words("reason"),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    moment("planned_at", nullable=False),
    moment("sent_at"),
    moment("answered_at"),
    words("cancel_state"),
    words("cancel_reason"),
    words("cancel_batch"),
    moment("cancel_sent_at"),
    UniqueConstraint("order_id", "release_no"),
    one_of("state", ReleaseState),
    one_of("cancel_state", CancelState),
    Index(
        "releases_open_idx",
        "connection",
        "state",
        postgresql_where=text("state IN ('PLANNED','SENDING','SUBMITTED','UNKNOWN','REJECTED')"),
    ),
    Index("releases_cancel_idx", "connection", postgresql_where=text("cancel_state IN ('PLANNED','SENT')")),
    Index("releases_answered_idx", "connection", "answered_at"),
)

release_lines = Table(
    "release_lines",
    metadata,
    Column("release_id", BigInteger, ForeignKey(releases.c.id, ondelete="CASCADE"), primary_key=True),
    Column("line_ref", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("quantity", Integer, nullable=False),
    Column("per_unit", Integer, nullable=False),
)

release_history = Table(
    "release_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "release_id", BigInteger, ForeignKey(releases.c.id, ondelete="CASCADE"), nullable=False, index=True
    ),
    moment("at", nullable=False),
    Column("from_state", Text),
    told("to_state"),
    words("reason"),
)
