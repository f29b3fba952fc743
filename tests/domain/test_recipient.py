"""The one personal value in the house: usable where it must be, invisible everywhere else."""

import logging
import traceback
from dataclasses import FrozenInstanceError, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders.order import decide_order, facts_of
from domain.recipient import Recipient
from domain.warehouse import FulfillmentOrder
from tests.domain.examples import MAPS, NOW, ORDER_ID, RULES, order, recipient

PARTS = tuple(part.name for part in fields(Recipient))
SHOWN = "Recipient(hidden)"

texts = st.text(max_size=40)
anybody = st.builds(Recipient, **dict.fromkeys(PARTS, texts))
# Parts that cannot occur in our own words by chance, so that finding one is finding a leak.
marked = st.builds(Recipient, **dict.fromkeys(PARTS, st.text("ΞΨΩ", min_size=3, max_size=9)))


@RULES
@given(anybody)
def test_printing_a_recipient_shows_nothing(one: Recipient) -> None:
    """However a recipient is printed, the words are the same for everybody."""
    ways = (
        repr(one),
        str(one),
        f"{one}",
        f"{one!r}",
        f"{one!s}",
        f"{one!a}",
        f"{one} {one!r}",
        ascii(one),
    )
    assert set(ways) == {SHOWN, f"{SHOWN} {SHOWN}"}


@RULES
@given(marked)
def test_no_part_shows_in_what_holds_it(one: Recipient) -> None:
    """Orders, their facts and decisions, lists and error texts print without any part of the recipient."""
    seen = order(recipient=one)
    handed = FulfillmentOrder(
        reference=f"{ORDER_ID}-1",
        amazon_order_id=ORDER_ID,
        release_no=1,
        ship_by=NOW,
        deliver_by=None,
        service="NEXT DAY",
        recipient=one,
        lines=(),
    )
    facts = facts_of(replace(seen, recipient=replace(one, city="")))
    decided = decide_order(facts, None, MAPS)
    printed = " ".join(
        map(repr, (seen, [seen], {"order": seen}, handed, facts, decided, [one], ValueError(one)))
    )
    assert decided.problems
    assert not {part for part in one.as_dict().values() if part in printed}


@RULES
@given(marked)
def test_no_part_shows_in_a_traceback_or_log_line(one: Recipient) -> None:
    """An error raised about a recipient and a log line that was handed one carry no part of it."""

    def fail(about: Recipient) -> None:
        raise RuntimeError("It failed for", about)

    with pytest.raises(RuntimeError) as caught:
        fail(one)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    trace = "".join(told.format())
    record = logging.LogRecord("lockstep", logging.INFO, "somewhere", 1, "to %s (%r)", (one, one), None)
    assert not {part for part in one.as_dict().values() if part in trace + record.getMessage()}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_hidden(part: str) -> None:
    """No single part is forgotten: not the notes, not the gift message, not the phone."""
    assert repr(recipient(**{part: "Zyxwvut"})) == SHOWN


NEEDED = {"name": "name", "address_line_1": "street", "city": "city", "country": "country"}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("empty", ["", " ", "\t \n", "\u00a0"])
def test_missing_parts_are_named(part: str, empty: str) -> None:
    """Name, street, city and country are needed, spaces do not fill them, and nothing else is asked for."""
    missing = recipient(**{part: empty}).missing()
    assert missing == ((NEEDED[part],) if part in NEEDED else ())


def test_everything_can_be_missing() -> None:
    """An empty recipient lacks every needed part, in the order of an address."""
    assert Recipient().missing() == ("name", "street", "city", "country")


@RULES
@given(marked)
def test_missing_names_no_person(one: Recipient) -> None:
    """What is missing is named by the part, never by its content."""
    assert set(one.missing()) <= set(NEEDED.values())


@RULES
@given(anybody)
def test_a_recipient_survives_storage(one: Recipient) -> None:
    """Taken apart and put together again, a recipient is the same, also with parts of a newer version."""
    assert Recipient.from_dict(one.as_dict()) == one
    assert Recipient.from_dict(one.as_dict() | {"floor": "3"}) == one


@RULES
@given(anybody, st.sets(st.sampled_from(PARTS)))
def test_parts_of_an_older_version_are_empty(one: Recipient, unknown: set[str]) -> None:
    """What was stored before a part existed reads with that part empty."""
    stored = {part: text for part, text in one.as_dict().items() if part not in unknown}
    assert Recipient.from_dict(stored) == replace(one, **dict.fromkeys(unknown, ""))


def test_a_recipient_cannot_be_changed() -> None:
    """A recipient is a value: the error of trying names the part and not its content."""
    one = recipient(name="Zyxwvut")
    with pytest.raises(FrozenInstanceError) as caught:
        one.name = "Tuvwxyz"  # type: ignore[misc]
    assert "yx" not in str(caught.value)
    assert "wx" not in str(caught.value)
