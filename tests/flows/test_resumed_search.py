"""A search that goes on at its page, and one that cannot: nothing is lost, and nobody else waits for it."""

from functools import partial

import sqlalchemy as sa

from flows.order_ingest import order_ingest
from ledger.register import Connection, record_connection
from tests.flows.conftest import GB, Street
from tests.flows.runs import at_once, fails
from tests.flows.strangers import more_sellers


def _kept_token(street: Street, account: str) -> str:
    with street.ledger.begin() as conn:
        query = sa.text("SELECT page_token FROM ledger.watermarks WHERE account = :account")
        return str(conn.scalar(query, {"account": account}))


def _keep(street: Street, account: str, token: str) -> None:
    """A search of the last 24 hours stopped in front of a page."""
    with street.ledger.begin() as conn:
        conn.execute(
            sa.text(
                "INSERT INTO ledger.watermarks (account, page_token, page_since, page_until, recorded_at)"
                " VALUES (:account, :token, now() - interval '1 day', now(), now())"
            ),
            {"account": account, "token": token},
        )


def test_a_search_starts_over_only_when_its_page_is_not_taken(street: Street) -> None:
    """A page token that Amazon does not take restarts the search at once; while Amazon is away it is kept."""
    with more_sellers(street, ["forgotten", "away"]) as sellers:
        for name, seller in sellers.items():
            seller.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)])
            _keep(street, name, f"token-of-{name}")
        sellers["away"].world.inject("searchOrders", "503-html", times=100)
        street.settle()
        at_once(
            partial(order_ingest, seller_account="forgotten"),
            partial(fails, order_ingest, seller_account="away"),
        )
        assert {row["seller_account"] for row in street.rows("orders")} == {"forgotten"}
        assert (_kept_token(street, "forgotten"), _kept_token(street, "away")) == ("", "token-of-away")


def test_an_account_without_a_warehouse_stops_no_other(street: Street) -> None:
    """A seller account that no connection serves fails in a sentence, and the others are read and released."""
    with more_sellers(street, ["alone"]):
        with street.ledger.begin() as conn:
            record_connection(
                conn, Connection(name="main", adapter="file-drop", serves=("main",), same_skus=True)
            )
        order = street.world.add_order(marketplace_id=GB, items=[("SKU-01", 1)])
        street.settle()
        said = fails(order_ingest)
        assert said.startswith("Amazon (alone): ")
        assert street.states() == {order: "RELEASED"}
