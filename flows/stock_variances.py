"""Once a day: what the warehouse counted, what Lockstep reckons and what Amazon shows, side by side."""

from datetime import timedelta

from prefect import flow
from prefect.logging import get_run_logger

from flows.doors import all_connections, amazon_named, beat, chosen_accounts, open_ledger, utc_now
from flows.endings import says_why
from flows.story import run_name, told
from tasks.stock import variances


@flow(name="stock-variances", flow_run_name=run_name)
@says_why
def stock_variances(seller_account: str = "") -> None:
    """Write the differences between warehouse, ledger and Amazon that nothing explains as tables.

    The counts are those of yesterday (UTC), the quantities those of now. Changes nothing.

    Args:
        seller_account: One seller account by its name in lockstep.toml; empty: all of them.
    """
    with open_ledger() as ledger:
        chosen = chosen_accounts(ledger, seller_account)
        yesterday = (utc_now() - timedelta(days=1)).date()
        for account in chosen:
            left = variances.show_offers(ledger, account)
            get_run_logger().info("%s: %s", account.name, told("listings", {"not explained": left}))
            beat(ledger, "stock-variances", {amazon_named(account.name): left})
        names = {account.name for account in chosen}
        for connection in all_connections(ledger):
            if names & set(connection.serves):
                left = variances.show_counts(ledger, connection, yesterday)
                get_run_logger().info("%s: %s", connection.name, told("counts", {"not explained": left}))
