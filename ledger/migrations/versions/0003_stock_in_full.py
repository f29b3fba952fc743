"""Stock in full: held counts, demand, bulk feeds, reports, and who else writes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "asked_reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("seller_account", sa.Text(), nullable=False),
        sa.Column("marketplace_id", sa.Text(), nullable=False),
        sa.Column("report_type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "counts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.CheckConstraint(
            "state IN ('ASKING', 'ASKED', 'READ', 'FAILED')", name=op.f("asked_reports_state_known_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("asked_reports_pk")),
        schema="ledger",
    )
    op.create_index(
        "asked_reports_latest_idx",
        "asked_reports",
        ["seller_account", "report_type", "marketplace_id", "asked_at"],
        unique=False,
        schema="ledger",
    )
    op.create_table(
        "demand",
        sa.Column("seller_account", sa.Text(), nullable=False),
        sa.Column("seller_sku", sa.Text(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seller_account", "seller_sku", "hour", name=op.f("demand_pk")),
        schema="ledger",
    )
    op.create_index("demand_hour_idx", "demand", ["hour"], unique=False, schema="ledger")
    op.create_table(
        "drains",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "sku", "hour", name=op.f("drains_pk")),
        schema="ledger",
    )
    op.create_index("drains_hour_idx", "drains", ["hour"], unique=False, schema="ledger")
    op.create_table(
        "feeds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("seller_account", sa.Text(), nullable=False),
        sa.Column("marketplace_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("feed_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('PLANNED', 'SENDING', 'UNKNOWN', 'SUBMITTED', 'OVERDUE', 'READ', 'FAILED', 'DROPPED')",
            name=op.f("feeds_state_known_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("feeds_pk")),
        schema="ledger",
    )
    op.create_index(
        "feeds_open_idx",
        "feeds",
        ["seller_account"],
        unique=False,
        schema="ledger",
        postgresql_where=sa.text("state NOT IN ('READ', 'FAILED', 'DROPPED')"),
    )
    op.create_table(
        "offer_rules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("seller_account", sa.Text(), nullable=False),
        sa.Column("seller_sku", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=True),
        sa.Column(
            "warehouses",
            postgresql.ARRAY(sa.Text(), as_tuple=True),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("stopped", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("offer_rules_pk")),
        schema="ledger",
    )
    op.create_index(
        "offer_rules_current_idx",
        "offer_rules",
        ["seller_account"],
        unique=False,
        schema="ledger",
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "stock_days",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("warehouse", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opening", sa.Integer(), nullable=False),
        sa.Column("closing", sa.Integer(), nullable=False),
        sa.Column("ours", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("fell", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rose", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("connection", "warehouse", "sku", "day", name=op.f("stock_days_pk")),
        schema="ledger",
    )
    op.create_index("stock_days_day_idx", "stock_days", ["day"], unique=False, schema="ledger")
    op.create_table(
        "drifts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("available", sa.Integer(), nullable=True),
        sa.Column("earlier", sa.ARRAY(sa.Integer()), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["ledger.listings.id"], name=op.f("drifts_listing_id_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("drifts_pk")),
        schema="ledger",
    )
    op.create_index("drifts_at_idx", "drifts", ["at"], unique=False, schema="ledger")
    op.create_index(
        "drifts_changed_idx",
        "drifts",
        [sa.literal_column("coalesce(changed_at, at)")],
        unique=False,
        schema="ledger",
    )
    op.create_index(op.f("drifts_listing_id_idx"), "drifts", ["listing_id"], unique=False, schema="ledger")
    op.create_table(
        "feed_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("feed_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["ledger.feeds.id"], name=op.f("feed_history_feed_id_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("feed_history_pk")),
        schema="ledger",
    )
    op.create_index(
        op.f("feed_history_feed_id_idx"), "feed_history", ["feed_id"], unique=False, schema="ledger"
    )
    op.create_table(
        "feed_messages",
        sa.Column("feed_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["ledger.feeds.id"], name=op.f("feed_messages_feed_id_fk"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["ledger.listings.id"],
            name=op.f("feed_messages_listing_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("feed_id", "message_id", name=op.f("feed_messages_pk")),
        schema="ledger",
    )
    op.create_index(
        op.f("feed_messages_listing_id_idx"), "feed_messages", ["listing_id"], unique=False, schema="ledger"
    )
    op.create_table(
        "report_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["ledger.asked_reports.id"],
            name=op.f("report_history_report_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("report_history_pk")),
        schema="ledger",
    )
    op.create_index(
        op.f("report_history_report_id_idx"), "report_history", ["report_id"], unique=False, schema="ledger"
    )
    op.create_table(
        "snapshot_rows",
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("available", sa.Integer(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=True),
        sa.Column("allocated", sa.Integer(), nullable=True),
        sa.Column("quarantine", sa.Integer(), nullable=True),
        sa.Column("on_order", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["snapshot_id"],
            ["ledger.snapshots.id"],
            name=op.f("snapshot_rows_snapshot_id_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "position", name=op.f("snapshot_rows_pk")),
        schema="ledger",
    )
    op.add_column(
        "listings",
        sa.Column("earlier", sa.ARRAY(sa.Integer()), server_default=sa.text("'{}'"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "listings",
        sa.Column("explanation", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "listings",
        sa.Column("unread", sa.Integer(), server_default=sa.text("0"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "listings",
        sa.Column("urgent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "listings",
        sa.Column(
            "issues", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        schema="ledger",
    )
    op.add_column(
        "listings",
        sa.Column("suppressed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "listings", sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True), schema="ledger"
    )
    op.create_index(
        "orders_canceled_idx",
        "orders",
        ["seller_account", "canceled_at"],
        unique=False,
        schema="ledger",
        postgresql_where=sa.text("canceled_at IS NOT NULL"),
    )
    op.create_index(
        "orders_placed_idx", "orders", ["seller_account", "amazon_created_at"], unique=False, schema="ledger"
    )
    op.add_column(
        "snapshots",
        sa.Column("rows_held", sa.Integer(), server_default=sa.text("0"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "snapshots",
        sa.Column("rows_unknown", sa.Integer(), server_default=sa.text("0"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "snapshots",
        sa.Column("decided_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "snapshots", sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True), schema="ledger"
    )
    op.add_column(
        "stock", sa.Column("doubt", sa.Text(), server_default=sa.text("''"), nullable=False), schema="ledger"
    )
    op.add_column(
        "stock",
        sa.Column("missed", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        schema="ledger",
    )

    # What the last applied count of a warehouse left out has been missing since.
    op.execute(
        "UPDATE ledger.stock SET missed = 1 FROM (SELECT connection, warehouse, max(as_of) AS as_of"
        " FROM ledger.snapshots WHERE outcome = 'APPLIED' GROUP BY connection, warehouse) AS last"
        " WHERE stock.connection = last.connection AND stock.warehouse = last.warehouse"
        " AND stock.as_of < last.as_of"
    )
    op.drop_constraint(op.f("snapshots_outcome_known_check"), "snapshots", schema="ledger", type_="check")
    op.create_check_constraint(
        op.f("snapshots_outcome_known_check"),
        "snapshots",
        "outcome IN ('APPLIED', 'HELD', 'OLD', 'OVERTAKEN', 'DISMISSED')",
        schema="ledger",
    )
    op.drop_constraint(op.f("listings_state_known_check"), "listings", schema="ledger", type_="check")
    op.create_check_constraint(
        op.f("listings_state_known_check"),
        "listings",
        "state IN ('CANDIDATE', 'ABSENT', 'IDLE', 'PLANNED', 'SENT', 'SUBMITTED', 'ACCEPTED', 'EFFECTIVE', 'INVALID', 'DRIFTED')",
        schema="ledger",
    )
