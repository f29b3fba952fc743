"""The schema: what the migrations build is what the tables declare, whoever migrates and how often."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from deployments.embedded.postgres import EmbeddedPostgres
from domain.errors import TryAgain
from ledger.connection import Ledger
from ledger.schema import is_current, migrate
from ledger.tables import SCHEMA, metadata

# Names in their order, as DESIGN section 12 promises them to BI tools and spreadsheets.
REPORT = {
    "orders": "seller_account amazon_order_id marketplace_id state confirm_by warehouse_reference"
    " warehouse_order_id waiting_on owner imported_at released_at accepted_at canceled_at time_left",
    "parcels": "seller_account amazon_order_id warehouse_parcel_id package_reference_id tracking_number"
    " warehouse_carrier warehouse_service carrier_code state dispatched_at sent_at accepted_at proven_at"
    " confirm_by late",
    "lateness": "seller_account amazon_order_id warehouse_parcel_id confirm_by dispatched_at known_at tracked_at"
    " ready_at sent_at accepted_at proven_at late_by",
    "listings": "seller_account marketplace_id seller_sku available reserved buffer publishable published"
    " effective published_at effective_at",
    "problems": "id kind owner severity subject summary next_step opened_at act_by acknowledged_at cleared_at",
    "calls": "at stranger operation subject outcome milliseconds",
}

_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
        pg_get_expr(d.adbin, d.adrelid)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
        AND NOT a.attisdropped AND c.relname <> 'alembic_version'
"""
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, contype, convalidated, pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE connamespace = 'ledger'::regnamespace AND conrelid <> 'ledger.alembic_version'::regclass
"""
_INDEXES = """
    SELECT tablename, indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'ledger' AND tablename <> 'alembic_version'
"""


@pytest.fixture
def blank_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a database without any schema of ours."""
    url = sa.make_url(postgres.url)
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as conn:
        conn.execute(sa.text("CREATE DATABASE blank"))
    yield url.set(database="blank").render_as_string(hide_password=False)
    with server.connect() as conn:
        conn.execute(sa.text("DROP DATABASE blank WITH (FORCE)"))


@pytest.mark.parametrize(
    "catalog", [_COLUMNS, _CONSTRAINTS, _INDEXES], ids=["columns", "constraints", "indexes"]
)
def test_migrations_build_what_is_declared(ledger: Ledger, blank_url: str, catalog: str) -> None:
    """PostgreSQL's catalog holds the same after all migrations as after creating the declared tables."""
    engine = sa.create_engine(blank_url, poolclass=sa.NullPool)
    with engine.begin() as conn:
        conn.execute(sa.text(f"CREATE SCHEMA {SCHEMA}"))
        conn.execute(sa.text("CREATE TABLE ledger.alembic_version ()"))
        metadata.create_all(conn)
        declared = {tuple(row) for row in conn.execute(sa.text(catalog))}
    with ledger.begin() as conn:
        built = {tuple(row) for row in conn.execute(sa.text(catalog))}
    assert built == declared
    assert len(built) > len(metadata.tables)


def test_alembic_finds_nothing_to_migrate(ledger: Ledger) -> None:
    """Alembic's own comparison of the database with the declared tables is empty."""
    with ledger.begin() as conn:
        ours = {
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
            "version_table_schema": SCHEMA,
            "compare_server_default": True,
        }
        assert compare_metadata(MigrationContext.configure(conn, opts=ours), metadata) == []
        assert is_current(conn)


def test_migrating_again_is_harmless(ledger: Ledger, ledger_url: str) -> None:
    """A second migration changes no row and says so, and the report views are there afterwards."""
    with ledger.begin() as conn:
        conn.execute(
            sa.text(
                "INSERT INTO ledger.calls (at, stranger, operation, outcome, milliseconds)"
                " VALUES (now(), 'amazon', 'getOrder', '200', 5)"
            )
        )
    assert migrate(ledger_url) is False
    with ledger.begin() as conn:
        assert conn.scalar(sa.text("SELECT operation FROM report.calls")) == "getOrder"


def test_two_processes_migrate_at_once(blank_url: str, repository: Path) -> None:
    """Of two processes that migrate an empty database together both succeed and one of them built it."""
    code = "import sys; from ledger.schema import migrate; print(migrate(sys.argv[1]))"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, blank_url],
            cwd=repository,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0], answers
    assert sorted(out.strip() for out, _ in answers) == ["False", "True"]
    engine = sa.create_engine(blank_url, poolclass=sa.NullPool)
    with engine.connect() as conn:
        assert is_current(conn)


@pytest.mark.parametrize("view", REPORT)
def test_report_views_have_the_promised_columns(ledger: Ledger, view: str) -> None:
    """Each view of schema report has the columns others build on, by name and in order, and no more."""
    with ledger.begin() as conn:
        assert list(conn.execute(sa.text(f"SELECT * FROM report.{view}")).keys()) == REPORT[view].split()


def test_nothing_else_is_in_the_report(ledger: Ledger) -> None:
    """Schema report holds the promised views and nothing else."""
    with ledger.begin() as conn:
        found = conn.scalars(
            sa.text("SELECT relname FROM pg_class WHERE relnamespace = 'report'::regnamespace")
        )
        assert set(found) == set(REPORT)


def test_an_unreachable_database_is_one_clear_line() -> None:
    """A PostgreSQL that does not answer is TryAgain with a sentence that names the setting to check."""
    with pytest.raises(TryAgain, match=r"Check \[ledger\] url"):
        migrate("postgresql+psycopg2://nobody@127.0.0.1:1/nowhere")
