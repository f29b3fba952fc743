"""How a count moved since the one before: what our own orders explain, and what others took or brought."""

from dataclasses import dataclass

_SURE_SALE = 20  # units; a fall up to this may always be a sale
_SALE_SHARE = 5  # of more, a fifth of what was there: a pallet that is written off is no demand


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One change of a count in units: `now = before - ours - fell + rose`.

    `fell` is below zero where the warehouse had subtracted orders before we knew that it has them: that much of
    an earlier fall is explained now. `drain` is the part of the change that counts as sales elsewhere, of either
    sign.
    """

    ours: int
    fell: int = 0
    rose: int = 0
    drain: int = 0


def split_change(before: int, now: int, *, ours: int, fell_before: int) -> Split:
    """Take what our orders explain out of a change from one count to the next.

    `ours` is units of orders that the warehouse accepted between the two counts, `fell_before` what fell earlier
    the same day and was not explained. A single fall counts as sales up to 20 units or a fifth of what was there,
    whichever is more.
    """
    rest = now - before + ours
    if rest < 0:
        return Split(ours=ours, fell=-rest, drain=min(-rest, max(_SURE_SALE, before // _SALE_SHARE)))
    explained = min(rest, ours, fell_before)
    return Split(ours=ours, fell=-explained, rose=rest - explained, drain=-explained)
