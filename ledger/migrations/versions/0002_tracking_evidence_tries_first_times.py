"""Tracking: evidence, tries, first times."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shown_packages",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("reference_id", sa.Text(), nullable=False),
        sa.Column("tracking", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("carrier", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("contents", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["ledger.orders.id"], name=op.f("shown_packages_order_id_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order_id", "reference_id", name=op.f("shown_packages_pk")),
        schema="ledger",
    )
    op.create_table(
        "parcel_told",
        sa.Column("parcel_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("line_ref", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parcel_id"], ["ledger.parcels.id"], name=op.f("parcel_told_parcel_id_fk"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("parcel_id", "position", name=op.f("parcel_told_pk")),
        schema="ledger",
    )
    op.add_column(
        "connections",
        sa.Column(
            "buy_shipping", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        schema="ledger",
    )
    op.add_column(
        "parcels",
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "parcels", sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True), schema="ledger"
    )
    op.add_column(
        "parcels",
        sa.Column("edits", sa.Integer(), server_default=sa.text("0"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "parcels",
        sa.Column("refused_code", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "parcels",
        sa.Column("refusals", sa.Integer(), server_default=sa.text("0"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "parcels",
        sa.Column("joined", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "parcels",
        sa.Column("awaits_amazon", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "parcels",
        sa.Column("shown_as", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "parcels",
        sa.Column("tracking_key", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "parcels",
        sa.Column("doubt", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="ledger",
    )
    op.add_column(
        "parcels",
        sa.Column("first_dispatched_at", sa.DateTime(timezone=True), nullable=True),
        schema="ledger",
    )
    op.add_column(
        "parcels", sa.Column("first_tracked_at", sa.DateTime(timezone=True), nullable=True), schema="ledger"
    )
    op.add_column(
        "parcels", sa.Column("first_ready_at", sa.DateTime(timezone=True), nullable=True), schema="ledger"
    )
    op.add_column(
        "parcels", sa.Column("first_sent_at", sa.DateTime(timezone=True), nullable=True), schema="ledger"
    )
    op.create_index(
        "parcels_awaits_amazon_idx",
        "parcels",
        ["order_id"],
        unique=False,
        schema="ledger",
        postgresql_where=sa.text("awaits_amazon"),
    )
    op.create_index("parcels_known_at_idx", "parcels", ["known_at"], unique=False, schema="ledger")
    op.create_index(
        "parcels_tracking_key_idx",
        "parcels",
        ["tracking_key"],
        unique=False,
        schema="ledger",
        postgresql_where=sa.text("tracking_key <> ''"),
    )
    # What is known of parcels that were recorded before these columns were.
    op.execute(
        """
        UPDATE ledger.parcels SET
            tracking_key = upper(regexp_replace(tracking, '[^[:alnum:]]', '', 'g')),
            first_dispatched_at = dispatched_at,
            first_tracked_at = CASE WHEN tracking <> '' THEN known_at END,
            first_ready_at = CASE WHEN sent_at IS NOT NULL THEN known_at END,
            first_sent_at = sent_at,
            edits = greatest(0, tries - 1)
        """
    )
    # People and other tools number packages from 1: ours begin far above, so that the two never meet.
    op.execute(
        """
        SELECT setval(pg_get_serial_sequence('ledger.parcels', 'id'),
            greatest(1000000, (SELECT coalesce(max(id), 0) FROM ledger.parcels)))
        """
    )
