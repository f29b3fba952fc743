"""The account's health: every hour by our own ledger, once a night beside Amazon's own report."""

from prefect import flow
from prefect.logging import get_run_logger

from flows.doors import Faults, amazon_named, chosen_accounts, open_amazon, open_ledger, utc_now
from flows.endings import says_why
from flows.story import run_name, told
from ledger.connection import Ledger
from ledger.register import Account
from tasks.health import charts, rates, report, tables


@flow(name="account-health", flow_run_name=run_name)
@says_why
def account_health(seller_account: str = "") -> None:
    """Count the rates that Amazon suspends for, play tonight out, and put Amazon's own report beside them.

    Changes nothing at Amazon. Safe to run by hand at any time.

    Args:
        seller_account: One seller account by its name in lockstep.toml; empty: all of them.
    """
    with open_ledger() as ledger:
        faults = Faults(ledger, "account-health")
        for account in chosen_accounts(ledger, seller_account):
            with ledger.only_one("account-health", account.name) as alone:
                if not alone:
                    get_run_logger().info("Another run counts the health of %s already.", account.name)
                    continue
                # Our own numbers do not wait for Amazon's.
                with faults.at(amazon_named(account.name)):
                    amazon = open_amazon(ledger, account.name)
                    counts = report.advance_health_report(ledger, amazon, account, utc_now())
                    get_run_logger().info("%s: %s", account.name, told("Amazon's report", counts))
                show(ledger, account)
        faults.end()


def show(ledger: Ledger, account: Account) -> None:
    """Count, and put the tables and the charts where people look."""
    now = utc_now()
    found = rates.look_at_health(ledger, account, now)
    at_risk = tables.show_health(account, found, now)
    open_ones = tables.show_tonight(ledger, account, at_risk, now)
    drawn = charts.draw_health(ledger, account, found, now)
    counts = {
        "rates": len(found.outlooks),
        "at risk": at_risk,
        "counting against it": found.counting,
        "open tonight": open_ones,
        "drawn": drawn,
    }
    get_run_logger().info("%s: %s", account.name, told("health", counts))
