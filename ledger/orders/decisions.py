"""A person's decision about one order, carried out in one transaction with the note of who decided."""

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from domain.errors import Refused
from domain.orders.decisions import Act, Choice, Ruling, Standing, rule_on
from domain.orders.order import OrderMaps, OrderState
from domain.orders.releases import CancelState, ReleaseState
from domain.problems import Problem, ProblemKind
from ledger.deeds import Deed, record_deed, without_person
from ledger.orders.held import review_order
from ledger.problems import clear_problems, record_problems
from ledger.register import Account, account
from ledger.secrecy import Seal
from ledger.tables import orders, releases

_FORM = "decide-order"
# What the warehouse is told; a person's own words stay here.
_ASKED = "The seller does not want it shipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants of an order, and why in words that are kept without the buyer."""

    order_id: str
    choice: Choice
    author: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a decision led to: `act` is carried out, `said` is a sentence about it."""

    act: Act
    said: str


def account_of_order(conn: sa.Connection, amazon_order_id: str) -> Account:
    """The seller account that an order belongs to.

    Raises:
        Refused: the ledger has no such order.
    """
    found = sa.select(orders.c.seller_account).where(orders.c.amazon_order_id == amazon_order_id)
    name = conn.scalar(found)
    if name is None:
        raise Refused(
            f'Lockstep has no order "{amazon_order_id}": copy the id from Seller Central, such as'
            " 026-1234567-1234567. Nothing changed."
        )
    return account(conn, name)


def carry_out(conn: sa.Connection, wish: Wish, maps: OrderMaps, seal: Seal, now: datetime) -> Decided:
    """Do what a person decided about an order, as far as the ledger goes; what strangers are told comes after.

    Raises:
        Refused: the order does not allow it where it stands now; nothing was changed.
    """
    order = _claim(conn, wish.order_id)
    release = _last_release(conn, order["id"])
    ruling = rule_on(wish.choice, _standing(order, release))
    if ruling.act is None:
        raise Refused(f"Order {wish.order_id}: {ruling.why}. Nothing changed.")
    if ruling.act is not Act.NOTHING:
        _mark(conn, order, ruling.act, wish.author, now)
        if release is not None:
            _wish_to_stop(conn, release, ruling.act)
        past = {Choice.HOLD: "held", Choice.RELEASE: "released", Choice.CANCEL: "stopped"}[wish.choice]
        review_order(conn, order["id"], maps, f"{past} by {wish.author}", now)
        if ruling.act is Act.ASK_AGAIN:
            _open_wanted(conn, order, wish.author, now)
        _keep(conn, wish, ruling, seal, now)
    return Decided(act=ruling.act, said=f"Order {wish.order_id}: {ruling.why or 'nobody held it'}.")


def why_waiting(conn: sa.Connection, amazon_order_id: str) -> str:
    """Where an order stands after it was released, as a clause: at the warehouse, or what it waits for."""
    row = _row(conn, amazon_order_id, lock=False)
    if row["state"] == OrderState.PENDING:
        return "it waits for Amazon to confirm its payment"
    if row["state"] == OrderState.HELD:
        kind = ProblemKind(row["held_for"])
        return f"it still waits, because of {kind.replace('_', ' ')}"
    if row["state"] in (OrderState.READY, OrderState.RELEASING):
        return "it goes to the warehouse with the next run of order-ingest"
    return "it is at the warehouse"


def _claim(conn: sa.Connection, amazon_order_id: str) -> sa.RowMapping:
    return _row(conn, amazon_order_id, lock=True)


def _row(conn: sa.Connection, amazon_order_id: str, *, lock: bool) -> sa.RowMapping:
    names = ("id", "amazon_order_id", "state", "held_for", "held_by_person", "held_by", "confirm_by")
    wish = (orders.c.cancel_requested, orders.c.wanted_by)
    statement = sa.select(*[orders.c[name] for name in names], *wish)
    statement = statement.where(orders.c.amazon_order_id == amazon_order_id)
    return conn.execute(statement.with_for_update(key_share=True) if lock else statement).mappings().one()


def _last_release(conn: sa.Connection, order_id: int) -> sa.RowMapping | None:
    statement = sa.select(releases).where(releases.c.order_id == order_id)
    last = statement.order_by(releases.c.release_no.desc()).limit(1).with_for_update(key_share=True)
    return conn.execute(last).mappings().one_or_none()


def _standing(order: sa.RowMapping, release: sa.RowMapping | None) -> Standing:
    here = Standing(
        state=OrderState(order["state"]),
        held_by=(order["held_by"] or "somebody") if order["held_by_person"] else "",
        wished_away=order["cancel_requested"] and not order["wanted_by"],
    )
    if release is None:
        return here
    return replace(
        here,
        release=ReleaseState(release["state"]),
        cancel=CancelState(release["cancel_state"]),
        asked=bool(release["cancel_batch"]),
    )


def _mark(conn: sa.Connection, order: sa.RowMapping, act: Act, author: str, now: datetime) -> None:
    """Write who does not want the order shipped, or who does although its buyer asks to cancel it."""
    holds = act in (Act.KEEP, Act.STOP, Act.GIVE_UP)
    wanted = author if order["cancel_requested"] and not holds else ""
    mark = {"held_by_person": holds, "held_by": author if holds else "", "wanted_by": wanted}
    conn.execute(orders.update().where(orders.c.id == order["id"]).values(mark))
    if act is Act.GIVE_UP:
        clear_problems(conn, [ProblemKind.REJECTED_BY_WAREHOUSE], [order["amazon_order_id"]], now)


def _wish_to_stop(conn: sa.Connection, release: sa.RowMapping, act: Act) -> None:
    """Write the wish that the warehouse does not ship it, or that there is none (any more)."""
    this = releases.update().where(releases.c.id == release["id"])
    if act is Act.STOP:
        conn.execute(this.values(cancel_state=CancelState.PLANNED, cancel_reason=_ASKED))
    if act in (Act.RESUME, Act.LET_GO, Act.ASK_AGAIN):
        conn.execute(this.values(cancel_state=CancelState.NONE, cancel_reason="", cancel_batch=""))


def _open_wanted(conn: sa.Connection, order: sa.RowMapping, author: str, now: datetime) -> None:
    """The warehouse stopped or rejected what is wanted after all: it has to take the order again."""
    words = f"the warehouse does not ship it as it is, and {author} wants it shipped after all"
    summary = f"Order {order['amazon_order_id']}: {words}."
    kind = ProblemKind.REJECTED_BY_WAREHOUSE
    found = Problem(kind=kind, subject=order["amazon_order_id"], summary=summary, act_by=order["confirm_by"])
    record_problems(conn, [found], now)


def _keep(conn: sa.Connection, wish: Wish, ruling: Ruling, seal: Seal, now: datetime) -> None:
    why = without_person(conn, seal, wish.order_id, wish.reason)
    said = f"Decided {wish.choice}: {ruling.why or 'nobody held it'}. Reason: {why}."
    deed = Deed(at=now, author=wish.author, form=_FORM, subject=wish.order_id, said=said)
    record_deed(conn, deed)
