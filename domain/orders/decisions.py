"""What a person may decide about one order: hold it, release it or cancel it, and why not."""

from dataclasses import dataclass
from enum import StrEnum

from domain.orders.order import NOT_RELEASED, OrderState
from domain.orders.releases import CancelState, ReleaseState


class Choice(StrEnum):
    """What a person wants of an order."""

    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"


class Act(StrEnum):
    """What follows from a choice.

    KEEP and LET_GO are about an order that never left us, the others about one that the warehouse has or may
    have. RESUME has it go on there. GIVE_UP wants no longer what the warehouse rejected, and ASK_AGAIN wants after
    all what it stopped.
    """

    NOTHING = "NOTHING"
    KEEP = "KEEP"
    LET_GO = "LET_GO"
    STOP = "STOP"
    RESUME = "RESUME"
    GIVE_UP = "GIVE_UP"
    ASK_AGAIN = "ASK_AGAIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an order stands when a person decides.

    `release` and `cancel` are those of its last release (None: it was never planned). `asked` says that the
    wish to stop it is on its way to the warehouse already. `held_by` is who does not want it shipped.
    `wished_away`: the buyer asks to cancel it, and nobody has overruled that.
    """

    state: OrderState
    release: ReleaseState | None = None
    cancel: CancelState = CancelState.NONE
    asked: bool = False
    held_by: str = ""
    wished_away: bool = False

    @property
    def at_hand(self) -> bool:
        """Whether the order never left us: then it is held by not sending it."""
        planned = self.state is OrderState.RELEASING and self.release is ReleaseState.PLANNED
        return self.state in NOT_RELEASED or planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What follows, and why in words that go on after "Order X: "; `act` is None when it is not possible."""

    act: Act | None
    why: str = ""


_IN_SELLER_CENTRAL = "cancel it in Seller Central before it is due, or it counts as late"
_OVERRULED = "it is shipped although the buyer asked to cancel it"
_OVER = {
    OrderState.CANCELED: "Amazon canceled it already",
    OrderState.FOREIGN: "Amazon shows it as shipped by somebody else",
    OrderState.CLOSED: "it has left, and Amazon shows its tracking",
    OrderState.DISPATCHED: "it has left the warehouse, and nothing can stop it; agree on a return with the buyer in"
    " Seller Central",
}


def rule_on(choice: Choice, now: Standing) -> Ruling:
    """What a choice leads to where the order stands now.

    Lockstep cancels nothing at Amazon: an order that is not wanted is kept from the warehouse, or stopped
    there, and a person cancels it in Seller Central.
    """
    if now.state in _OVER and not (now.state is OrderState.DISPATCHED and choice is Choice.RELEASE):
        return Ruling(act=None, why=_OVER[now.state])
    if now.at_hand:
        return _at_hand(choice, now)
    if choice is Choice.HOLD:
        why = (
            "the warehouse has it or may have it, and nothing is held there; choose cancel to have it stopped"
        )
        return Ruling(act=None, why=why)
    return _stop(now) if choice is Choice.CANCEL else _resume(now)


def _at_hand(choice: Choice, now: Standing) -> Ruling:
    if choice is Choice.RELEASE:
        off = [f"the hold of {now.held_by} is taken off"] if now.held_by else []
        return Ruling(act=Act.LET_GO, why=", and ".join(off + ([_OVERRULED] if now.wished_away else [])))
    why = "it is not handed over to the warehouse until somebody releases it"
    if choice is Choice.CANCEL:
        why = f"it is not handed over to the warehouse; {_IN_SELLER_CENTRAL}"
    if now.held_by and choice is Choice.HOLD:
        return Ruling(act=Act.NOTHING, why=f"{now.held_by} holds it already")
    return Ruling(act=Act.KEEP, why=why)


def _stop(now: Standing) -> Ruling:
    if now.cancel is CancelState.TOO_LATE:
        return Ruling(act=None, why="the warehouse was asked before and could not stop it any more")
    if now.cancel is CancelState.CANCELED:
        return Ruling(act=Act.GIVE_UP, why=f"the warehouse has stopped it already; {_IN_SELLER_CENTRAL}")
    if now.cancel is not CancelState.NONE:
        return Ruling(
            act=Act.NOTHING, why="the warehouse is asked to stop it already and has not answered yet"
        )
    if now.release is ReleaseState.REJECTED:
        return Ruling(act=Act.GIVE_UP, why=f"the warehouse has rejected it already; {_IN_SELLER_CENTRAL}")
    return Ruling(act=Act.STOP, why=f"the warehouse is asked to stop it; {_IN_SELLER_CENTRAL}")


def _resume(now: Standing) -> Ruling:
    if now.cancel is CancelState.TOO_LATE:
        return Ruling(act=Act.NOTHING, why="the warehouse could not stop it, so it goes on as ever")
    if now.cancel is CancelState.CANCELED or now.release is ReleaseState.REJECTED:
        # Else the warehouse is asked about it already.
        new = now.held_by or now.wished_away or now.cancel is CancelState.CANCELED
        why = "the warehouse does not ship it as it is; ask it to accept or ship the order after all, and Lockstep"
        return Ruling(act=Act.ASK_AGAIN if new else Act.NOTHING, why=f"{why} goes on")
    if now.asked or now.cancel is CancelState.SENT:
        why = "the warehouse was asked to stop it and has not answered yet; decide again when it has"
        return Ruling(act=None, why=why)
    if now.held_by or now.cancel is CancelState.PLANNED:
        return Ruling(act=Act.RESUME, why="the warehouse is not asked to stop it any more")
    if now.wished_away:
        return Ruling(act=Act.RESUME, why=f"the warehouse has it already, and {_OVERRULED}")
    return Ruling(act=Act.NOTHING, why="the warehouse has it already, and nobody holds it")
