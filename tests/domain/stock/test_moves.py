"""What a change of a count says: our orders, sales elsewhere, or goods that came in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stock.moves import Split, split_change
from tests.domain.examples import RULES


@pytest.mark.parametrize(
    ("before", "now", "ours", "fell_before", "split"),
    [
        (10, 10, 0, 0, Split(ours=0)),
        (10, 7, 3, 0, Split(ours=3)),
        (10, 7, 0, 0, Split(ours=0, fell=3, drain=3)),
        (10, 5, 3, 0, Split(ours=3, fell=2, drain=2)),
        (10, 15, 0, 0, Split(ours=0, rose=5)),
        (10, 15, 2, 0, Split(ours=2, rose=7)),
        # The warehouse had subtracted our order before we knew that it has it.
        (7, 7, 3, 3, Split(ours=3, fell=-3, drain=-3)),
        (7, 7, 3, 1, Split(ours=3, fell=-1, rose=2, drain=-1)),
        # A pallet that is written off is no demand.
        (1000, 100, 0, 0, Split(ours=0, fell=900, drain=200)),
        (60, 0, 0, 0, Split(ours=0, fell=60, drain=20)),
        (18, 0, 0, 0, Split(ours=0, fell=18, drain=18)),
    ],
)
def test_a_change_is_split(before: int, now: int, ours: int, fell_before: int, split: Split) -> None:
    """Our orders come out first; of the rest a fall is a sale elsewhere, as far as one fall can be."""
    assert split_change(before, now, ours=ours, fell_before=fell_before) == split


@RULES
@given(*[st.integers(0, 500)] * 4)
def test_the_parts_add_up(before: int, now: int, ours: int, fell_before: int) -> None:
    """Nothing of a change is lost or counted twice, and no more is taken back than fell before."""
    split = split_change(before, now, ours=ours, fell_before=fell_before)
    assert now == before - split.ours - split.fell + split.rose
    assert split.fell >= -fell_before
    assert split.rose >= 0
    assert abs(split.drain) <= abs(split.fell)
