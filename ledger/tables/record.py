"""Who there is, what was read, what was said, and what needs a person."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    Interval,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from ledger.tables.declare import metadata, moment, told, words

accounts = Table(
    "accounts",
    metadata,
    Column("name", Text, primary_key=True),
    told("seller_id"),
    told("region"),
    Column("marketplaces", ARRAY(Text), nullable=False),
    Column("look_back", Interval, nullable=False),
    Column("prove_within", Interval, nullable=False),
)

connections = Table(
    "connections",
    metadata,
    Column("name", Text, primary_key=True),
    told("adapter"),
    Column("serves", ARRAY(Text), nullable=False),
    Column("same_skus", Boolean, nullable=False),
    Column("buy_shipping", ARRAY(Text), nullable=False, server_default=text("'{}'")),
)

watermarks = Table(
    "watermarks",
    metadata,
    Column("account", Text, primary_key=True),
    moment("read_until"),
    # A search that is not read to its end yet: Amazon's page token lives 24 hours.
    words("page_token"),
    moment("page_since"),
    moment("page_until"),
    moment("recorded_at", nullable=False),
)

problems = Table(
    "problems",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    told("kind"),
    told("owner"),
    told("severity"),
    told("subject"),
    told("summary"),
    told("next_step"),
    moment("opened_at", nullable=False),
    moment("act_by"),
    # Problems of one cause are told together; `affected` counts what waits for this one.
    words("cause"),
    Column("affected", Integer, nullable=False, server_default=text("1")),
    # What the form that settles it is filled in with, by the names of its fields.
    Column("about", JSONB, nullable=False, server_default=text("'{}'")),
    # The last step of its escalation that was told; empty until the first.
    words("stage"),
    moment("announced_at"),
    moment("acknowledged_at"),
    words("acknowledged_by"),
    moment("cleared_at"),
    moment("clear_told_at"),
    Index("problems_opened_at_idx", "opened_at"),
    # A late confirm is told once, also when it was acknowledged since.
    Index("problems_late_idx", "subject", postgresql_where=text("kind = 'confirmed_late'")),
    Index("problems_open_key", "kind", "subject", unique=True, postgresql_where=text("cleared_at IS NULL")),
    # What a person has settled for good is not opened again.
    Index(
        "problems_settled_idx",
        "kind",
        "subject",
        postgresql_where=text("acknowledged_at IS NOT NULL AND cleared_at IS NOT NULL"),
    ),
    Index(
        "problems_clear_untold_idx",
        "cleared_at",
        postgresql_where=text(
            "cleared_at IS NOT NULL AND announced_at IS NOT NULL AND clear_told_at IS NULL"
        ),
    ),
)

calls = Table(
    "calls",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    moment("at", nullable=False),
    told("stranger"),
    told("operation"),
    words("subject"),
    told("outcome"),
    Column("milliseconds", Integer, nullable=False),
    Index("calls_at_idx", "at"),
)

budgets = Table(
    "budgets",
    metadata,
    Column("stranger", Text, primary_key=True),
    Column("operation", Text, primary_key=True),
    Column("rate", Double, nullable=False),
    Column("burst", Double, nullable=False),
    Column("tokens", Double, nullable=False),
    moment("at", nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    told("kind"),
    told("name"),
    told("outcome"),
    words("fault"),
    moment("recorded_at", nullable=False),
)
