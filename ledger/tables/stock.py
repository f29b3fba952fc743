"""What the warehouse counted and what is offered at Amazon."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.stock.feeds import FeedState, ReportState
from domain.stock.listings import ListingState
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
    # Rows that were not believed one by one, and rows of SKUs that nobody sells.
    Column("rows_held", Integer, nullable=False, server_default=text("0")),
    Column("rows_unknown", Integer, nullable=False, server_default=text("0")),
    # The person who accepted or dismissed a held count.
    words("decided_by"),
    moment("decided_at"),
    one_of("outcome", ("APPLIED", "HELD", "OLD", "OVERTAKEN", "DISMISSED")),
    Index("snapshots_connection_idx", "connection", "warehouse", "as_of"),
)

# The rows of a held count, kept until a person or a newer count has decided about it.
snapshot_rows = Table(
    "snapshot_rows",
    metadata,
    Column("snapshot_id", BigInteger, ForeignKey(snapshots.c.id, ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    told("sku"),
    Column("available", Integer, nullable=False),
    Column("on_hand", Integer),
    Column("allocated", Integer),
    Column("quarantine", Integer),
    Column("on_order", Integer),
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
    # The count that brought this number. While no count has left the SKU out since (`missed` is 0), the last one
    # applied in the warehouse confirms it, and 100,000 rows need not be rewritten for its time; afterwards this
    # is the last count that did (ledger/confirmed.py).
    moment("as_of", nullable=False),
    # Why a newer row was not believed; while there is a doubt, the quantity only goes down.
    words("doubt"),
    # Counts in a row that did not confirm the number, up to 3.
    Column("missed", SmallInteger, nullable=False, server_default=text("0")),
)

# How the count of a SKU moved in a day (UTC): `ours` is what orders of ours explain, `fell` and `rose` are the
# rest: other sales channels and corrections, receipts and returns.
stock_days = Table(
    "stock_days",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("warehouse", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("opening", Integer, nullable=False),
    Column("closing", Integer, nullable=False),
    Column("ours", Integer, nullable=False, server_default=text("0")),
    Column("fell", Integer, nullable=False, server_default=text("0")),
    Column("rose", Integer, nullable=False, server_default=text("0")),
    Index("stock_days_day_idx", "day"),
)

# Units of a seller SKU that buyers ordered at Amazon, by the hour (UTC) in which they did.
demand = Table(
    "demand",
    metadata,
    Column("seller_account", Text, primary_key=True),
    Column("seller_sku", Text, primary_key=True),
    Column("hour", DateTime(timezone=True), primary_key=True),
    Column("units", Integer, nullable=False),
    Index("demand_hour_idx", "hour"),
)

# Units by which a warehouse SKU fell that no order of ours explains, by the hour (UTC) of the count.
drains = Table(
    "drains",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("hour", DateTime(timezone=True), primary_key=True),
    Column("units", Integer, nullable=False),
    Index("drains_hour_idx", "hour"),
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
    # Numbers of ours that looks found published before, newest first: by them a late copy is recognized.
    Column("earlier", ARRAY(Integer), nullable=False, server_default=text("'{}'")),
    # Why the number is what it is, in units, for people.
    words("explanation"),
    # Units that the last look missed and that no order we had read explained: most likely orders still to be read.
    Column("unread", Integer, nullable=False, server_default=text("0")),
    Column("urgent", Boolean, nullable=False, server_default=text("false")),
    Column("issues", JSONB, nullable=False, server_default=text("'[]'")),
    Column("suppressed", Boolean, nullable=False, server_default=text("false")),
    moment("planned_at"),
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

# Quantities that went in bulk, one marketplace each.
feeds = Table(
    "feeds",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    told("seller_account"),
    told("marketplace_id"),
    told("state"),
    Column("messages", Integer, nullable=False),
    words("document_id"),
    words("feed_id"),
    words("reason"),
    moment("planned_at", nullable=False),
    moment("sent_at"),
    moment("submitted_at"),
    moment("ended_at"),
    one_of("state", FeedState),
    Index("feeds_submitted_at_idx", "submitted_at"),
    Index(
        "feeds_open_idx",
        "seller_account",
        postgresql_where=text("state NOT IN ('READ', 'FAILED', 'DROPPED')"),
    ),
)

feed_messages = Table(
    "feed_messages",
    metadata,
    Column("feed_id", BigInteger, ForeignKey(feeds.c.id, ondelete="CASCADE"), primary_key=True),
    Column("message_id", Integer, primary_key=True),
    Column(
        "listing_id", BigInteger, ForeignKey(listings.c.id, ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("units", Integer, nullable=False),
)

feed_history = Table(
    "feed_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("feed_id", BigInteger, ForeignKey(feeds.c.id, ondelete="CASCADE"), nullable=False, index=True),
    moment("at", nullable=False),
    Column("from_state", Text),
    told("to_state"),
    words("reason"),
)

# Reports that Amazon was asked for.
asked_reports = Table(
    "asked_reports",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    told("seller_account"),
    told("marketplace_id"),
    told("report_type"),
    told("state"),
    words("report_id"),
    words("reason"),
    moment("asked_at", nullable=False),
    moment("polled_at"),
    moment("ended_at"),
    # What the comparison counted, by its words.
    Column("counts", JSONB, nullable=False, server_default=text("'{}'")),
    one_of("state", ReportState),
    Index("asked_reports_latest_idx", "seller_account", "report_type", "marketplace_id", "asked_at"),
)

report_history = Table(
    "report_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "report_id",
        BigInteger,
        ForeignKey(asked_reports.c.id, ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    moment("at", nullable=False),
    Column("from_state", Text),
    told("to_state"),
    words("reason"),
)

# Each time Amazon showed a number that nobody here had published: the evidence of another writer.
drifts = Table(
    "drifts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "listing_id", BigInteger, ForeignKey(listings.c.id, ondelete="CASCADE"), nullable=False, index=True
    ),
    moment("at", nullable=False),
    # The last look at which Amazon still showed our number, and when Amazon says the listing was changed.
    moment("right_until"),
    moment("changed_at"),
    Column("published", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("available", Integer),
    # Older numbers of ours, as `listings.earlier` was then.
    Column("earlier", ARRAY(Integer), nullable=False, server_default=text("'{}'")),
    Index("drifts_at_idx", "at"),
    # Which listings changed at the same time.
    Index("drifts_changed_idx", text("coalesce(changed_at, at)")),
)
