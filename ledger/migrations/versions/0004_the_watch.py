"""The watch: what was told and decided, beats, expiries, censuses, peak mode, account health."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "beats",
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_volume_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("street", "subject", "hour", name=op.f("beats_pk")),
        schema="ledger",
    )
    op.create_table(
        "censuses",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("doubted", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("connection", name=op.f("censuses_pk")),
        schema="ledger",
    )
    op.create_table(
        "day_closes",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("seller_account", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("canceled", sa.Integer(), nullable=False),
        sa.Column("explained", sa.Integer(), nullable=False),
        sa.Column("unexplained", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "seller_account", name=op.f("day_closes_pk")),
        schema="ledger",
    )
    op.create_table(
        "deeds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("deeds_pk")),
        schema="ledger",
    )
    op.create_index("deeds_at_idx", "deeds", ["at"], unique=False, schema="ledger")
    op.create_table(
        "expiries",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("holder", "what", name=op.f("expiries_pk")),
        schema="ledger",
    )
    op.create_table(
        "health_days",
        sa.Column("seller_account", sa.Text(), nullable=False),
        sa.Column("marketplace_id", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("defects", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("forecast_defects", sa.Integer(), nullable=False),
        sa.Column("forecast_total", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "seller_account", "marketplace_id", "metric", "day", name=op.f("health_days_pk")
        ),
        schema="ledger",
    )
    op.create_table(
        "health_reports",
        sa.Column("seller_account", sa.Text(), nullable=False),
        sa.Column("marketplace_id", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("defects", sa.Integer(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("rate", sa.Double(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint(
            "seller_account", "marketplace_id", "metric", "days", name=op.f("health_reports_pk")
        ),
        schema="ledger",
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("stage", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("affected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("notices_pk")),
        schema="ledger",
    )
    op.create_index("notices_at_idx", "notices", ["at"], unique=False, schema="ledger")
    op.create_table(
        "peaks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("every", sa.Interval(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("kept_before", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("slots_held", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("slots_before", sa.Integer(), nullable=True),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("peaks_pk")),
        schema="ledger",
    )
    op.create_index(
        "peaks_open_key",
        "peaks",
        [sa.literal_column("(true)")],
        unique=True,
        schema="ledger",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "census_orders",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("warehouse_order_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"],
            ["ledger.censuses.connection"],
            name=op.f("census_orders_connection_fk"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("connection", "reference", name=op.f("census_orders_pk")),
        schema="ledger",
    )
    op.create_table(
        "peak_publications",
        sa.Column("peak_id", sa.BigInteger(), nullable=False),
        sa.Column("seller_account", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["peak_id"], ["ledger.peaks.id"], name=op.f("peak_publications_peak_id_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("peak_id", "seller_account", name=op.f("peak_publications_pk")),
        schema="ledger",
    )
    op.create_index("feeds_submitted_at_idx", "feeds", ["submitted_at"], unique=False, schema="ledger")
    op.add_column(
        "orders",
        sa.Column("held_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "orders",
        sa.Column("wanted_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "orders",
        sa.Column("canceled_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "orders", sa.Column("part_canceled_at", sa.DateTime(timezone=True), nullable=True), schema="ledger"
    )
    op.drop_index(
        op.f("orders_recipient_idx"),
        table_name="orders",
        schema="ledger",
        postgresql_where="(recipient IS NOT NULL)",
    )
    op.create_index(
        "orders_due_idx", "orders", ["seller_account", "confirm_by"], unique=False, schema="ledger"
    )
    op.create_index(
        "orders_forget_idx",
        "orders",
        [sa.literal_column("coalesce(deliver_by, confirm_by, amazon_created_at)")],
        unique=False,
        schema="ledger",
        postgresql_where=sa.text("recipient IS NOT NULL"),
    )
    op.create_index(
        "orders_part_canceled_idx",
        "orders",
        ["seller_account", "part_canceled_at"],
        unique=False,
        schema="ledger",
        postgresql_where=sa.text("part_canceled_at IS NOT NULL"),
    )
    op.create_index(
        "orders_promised_idx", "orders", ["seller_account", "deliver_by"], unique=False, schema="ledger"
    )
    op.add_column(
        "parcels",
        sa.Column("told_tracking", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "parcels",
        sa.Column("told_carrier", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "parcels",
        sa.Column("corrected", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "parcels",
        sa.Column("corrected_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "parcels", sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True), schema="ledger"
    )
    op.create_index(
        "parcels_first_accepted_idx",
        "parcels",
        ["first_accepted_at"],
        unique=False,
        schema="ledger",
        postgresql_where=sa.text("first_accepted_at IS NOT NULL"),
    )
    op.create_index(
        "parcels_open_order_idx",
        "parcels",
        ["order_id"],
        unique=False,
        schema="ledger",
        postgresql_where=sa.text("state NOT IN ('PROVEN', 'NOT_REQUIRED', 'VOIDED')"),
    )
    op.add_column(
        "problems",
        sa.Column("cause", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "problems",
        sa.Column("affected", sa.Integer(), server_default=sa.text("1"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "problems",
        sa.Column(
            "about", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        schema="ledger",
    )
    op.add_column(
        "problems",
        sa.Column("stage", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "problems",
        sa.Column("acknowledged_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "problems", sa.Column("clear_told_at", sa.DateTime(timezone=True), nullable=True), schema="ledger"
    )
    op.create_index(
        "problems_clear_untold_idx",
        "problems",
        ["cleared_at"],
        unique=False,
        schema="ledger",
        postgresql_where=sa.text(
            "cleared_at IS NOT NULL AND announced_at IS NOT NULL AND clear_told_at IS NULL"
        ),
    )
    op.create_index(
        "problems_late_idx",
        "problems",
        ["subject"],
        unique=False,
        schema="ledger",
        postgresql_where=sa.text("kind = 'confirmed_late'"),
    )
    op.create_index("problems_opened_at_idx", "problems", ["opened_at"], unique=False, schema="ledger")
    op.create_index(
        "problems_settled_idx",
        "problems",
        ["kind", "subject"],
        unique=False,
        schema="ledger",
        postgresql_where=sa.text("acknowledged_at IS NOT NULL AND cleared_at IS NOT NULL"),
    )

    op.execute("UPDATE ledger.problems SET cause = subject")
    op.execute("UPDATE ledger.problems SET clear_told_at = cleared_at WHERE cleared_at IS NOT NULL")
