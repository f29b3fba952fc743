"""A person's decision to stop or start selling, kept as a row of the offer rules."""

from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.errors import Refused
from ledger.connection import Ledger
from ledger.deeds import Deed, record_deed
from ledger.maps import OfferBook, OfferEntry, load_offers, record_offers
from ledger.register import Account
from ledger.stock.offers import similar_sku
from tasks.manners import worth_retrying


@task(
    task_run_name="decide about selling at {account.name}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_condition_fn=worth_retrying,
)
def decide_stop(
    ledger: Ledger, account: Account, seller_sku: str, *, stop: bool, author: str, now: datetime
) -> str:
    """Record the decision about one SKU (empty: all of the account); a sentence on what is so now.

    Raises:
        Refused: the SKU has no listing, or is stopped with its whole account; nothing was changed.
    """
    with ledger.begin() as conn:
        if seller_sku:
            _check(similar_sku(conn, account.name, seller_sku), account.name, seller_sku)
        book = load_offers(conn, account.name)
        if seller_sku and not stop and book.default.stopped:
            raise Refused(
                f"Everything of {account.name} is stopped, so {seller_sku} cannot be started alone: start the"
                " account first (leave the SKU empty). Nothing changed."
            )
        changed = record_offers(conn, [_entry(book, account.name, seller_sku, stop=stop)], author, now)
        what = seller_sku or "everything"
        said = _words(what, account.name, stop=stop, changed=bool(changed))
        subject = f"{account.name} {what}"
        record_deed(conn, Deed(at=now, author=author, form="stop-selling", subject=subject, said=said))
    return said


def _check(known: str, account: str, seller_sku: str) -> None:
    if known == seller_sku:
        return
    meant = f' Did you mean "{known}"?' if known else " Copy the SKU from Seller Central."
    raise Refused(f'There is no listing of "{seller_sku}" in {account}.{meant} Nothing changed.')


def _entry(book: OfferBook, account: str, seller_sku: str, *, stop: bool) -> OfferEntry:
    """The row with the stop; cap and warehouses stay what they are for this SKU now."""
    rule = book.rule(seller_sku) if seller_sku else book.default
    return OfferEntry(
        seller_account=account, seller_sku=seller_sku, cap=rule.cap, warehouses=rule.warehouses, stopped=stop
    )


def _words(what: str, account: str, *, stop: bool, changed: bool) -> str:
    already = "" if changed else " already"
    return f"Selling {what} of {account} is{already} {'stopped' if stop else 'started'}."
