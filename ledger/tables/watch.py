"""What keeps watch over the rest: what was told, what people did, how the streets beat, the account's health."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Interval,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from ledger.tables.declare import metadata, moment, told, words

# Every message to a team, so that none is said twice and a storm is one message.
notices = Table(
    "notices",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    moment("at", nullable=False),
    told("what"),
    told("owner"),
    told("kind"),
    words("cause"),
    words("stage"),
    Column("problems", Integer, nullable=False),
    Column("affected", Integer, nullable=False),
    Index("notices_at_idx", "at"),
)

# What people decided with a form: who, when, about what, and what was so afterwards.
deeds = Table(
    "deeds",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    moment("at", nullable=False),
    told("author"),
    told("form"),
    told("subject"),
    told("said"),
    Index("deeds_at_idx", "at"),
)

# How often each street ran in an hour and how much it carried, by what it serves.
beats = Table(
    "beats",
    metadata,
    Column("street", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("hour", DateTime(timezone=True), primary_key=True),
    Column("runs", Integer, nullable=False),
    Column("volume", Integer, nullable=False),
    moment("last_at", nullable=False),
    moment("last_volume_at"),
)

# Until when a credential is good: what lockstep.toml says, else what its issuer allows since it was first seen.
expiries = Table(
    "expiries",
    metadata,
    Column("holder", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    told("fingerprint"),
    moment("since", nullable=False),
    moment("until"),
)

# The last list of open orders that a warehouse gave, whole.
censuses = Table(
    "censuses",
    metadata,
    Column("connection", Text, primary_key=True),
    moment("as_of", nullable=False),
    moment("recorded_at", nullable=False),
    # Lists that came since and were not believed.
    Column("doubted", Integer, nullable=False, server_default=text("0")),
)

census_orders = Table(
    "census_orders",
    metadata,
    Column("connection", Text, ForeignKey(censuses.c.connection, ondelete="CASCADE"), primary_key=True),
    Column("reference", Text, primary_key=True),
    words("warehouse_order_id"),
    words("status"),
)

# Peak mode: a state with a start, an end, an author and a report.
peaks = Table(
    "peaks",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    moment("started_at", nullable=False),
    told("started_by"),
    moment("ends_at", nullable=False),
    Column("every", Interval, nullable=False),
    words("reason"),
    moment("ended_at"),
    words("ended_by"),
    # Units that buffers kept back just before it, and whether the queue of inventory was given one slot and how
    # many it had (NULL: any number).
    Column("kept_before", BigInteger, nullable=False, server_default=text("0")),
    Column("slots_held", Boolean, nullable=False, server_default=text("false")),
    Column("slots_before", Integer),
    # Written when it is over, together with the end of all it did.
    Column("report", JSONB),
    Index("peaks_open_key", text("(true)"), unique=True, postgresql_where=text("ended_at IS NULL")),
)

# The last time in a peak that every quantity of a seller account went out, not only the urgent ones.
peak_publications = Table(
    "peak_publications",
    metadata,
    Column("peak_id", BigInteger, ForeignKey(peaks.c.id, ondelete="CASCADE"), primary_key=True),
    Column("seller_account", Text, primary_key=True),
    moment("at", nullable=False),
)

# What an account's rates were on a day, by Amazon's definitions and our own ledger.
health_days = Table(
    "health_days",
    metadata,
    Column("seller_account", Text, primary_key=True),
    Column("marketplace_id", Text, primary_key=True),
    Column("metric", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("defects", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("forecast_defects", Integer, nullable=False),
    Column("forecast_total", Integer, nullable=False),
)

# The same rates as Amazon's own report of the account's health shows them.
health_reports = Table(
    "health_reports",
    metadata,
    Column("seller_account", Text, primary_key=True),
    Column("marketplace_id", Text, primary_key=True),
    Column("metric", Text, primary_key=True),
    Column("days", Integer, primary_key=True),  # of its dates; 0 without
    moment("read_at", nullable=False),
    Column("since", Date),
    Column("until", Date),
    Column("defects", Integer),
    Column("total", Integer),
    Column("rate", Double),
    words("status"),
)

# How a day ended: what was due, and what became of it.
day_closes = Table(
    "day_closes",
    metadata,
    Column("day", Date, primary_key=True),
    Column("seller_account", Text, primary_key=True),
    moment("closed_at", nullable=False),
    Column("due", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Column("canceled", Integer, nullable=False),
    Column("explained", Integer, nullable=False),
    Column("unexplained", Integer, nullable=False),
)
