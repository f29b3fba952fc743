"""A form: what is kept back of a SKU, or of every SKU without a buffer of its own; published at once."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from flows.doors import chosen_accounts, open_ledger, utc_now
from flows.endings import says_why
from flows.fields import Filled, Odds, Percent, SellerAccount, Share, Units, trimmed
from flows.forms import signed
from flows.resuming import Resuming
from ledger.maps import BufferEntry
from tasks.map_forms import Signature, put_buffer


@flow(name="set-buffer", flow_run_name="set-buffer {seller_sku} of {seller_account}")
@says_why
def set_buffer(  # noqa: PLR0913 - the fields of the form
    *,
    seller_account: SellerAccount,
    seller_sku: str = "",
    fixed: Units = None,
    percent: Percent = None,
    odds: Odds = None,
    share: Share = None,
    your_name: Filled,
) -> State[None]:
    """Say how many units are kept back from sale. What changes by it is published at once.

    The largest of fixed, percent and odds is kept back. What is filled in here replaces the whole buffer of the
    SKU; a SKU with a buffer of its own takes nothing from the account's default.

    Args:
        seller_account: The seller account by its name in lockstep.toml.
        seller_sku: The seller SKU exactly as in Seller Central. Empty: every SKU without a buffer of its own.
        fixed: So many units, 0 to 1,000,000. Empty: no fixed number.
        percent: So many percent of what is available, 0 to 100. Empty: none.
        odds: As many units as its own demand asks for, so that overselling is no likelier than this number between
            0 and 1, for example 0.01. Empty: none.
        share: The part of the rest that is offered, 0 to 1, when several shops sell the same stock. Empty: all.
        your_name: Who decides this; it is kept with the decision.
    """
    author = signed(your_name)
    entry = BufferEntry(
        seller_account=seller_account.strip(),
        seller_sku=trimmed("seller_sku", seller_sku),
        fixed=fixed,
        percent=percent,
        odds=odds,
        share=share,
    )
    with open_ledger() as ledger:
        said = put_buffer(ledger, entry, Signature(author=author, at=utc_now()))
        get_run_logger().info("%s", said)
        (account,) = chosen_accounts(ledger, entry.seller_account)
        resuming = Resuming(ledger)
        resuming.quantities(account)
        resuming.end()
    return Completed(message=f"{said} {resuming.published}")
