"""How far Amazon's orders were read: nothing is skipped, whatever stops the reading and for how long."""

from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.connection import Ledger
from ledger.orders.watermarks import OrderSearch, forget_page, next_search, record_search
from ledger.tables import watermarks
from tests.factories import DAY, HOUR, MINUTE, NOW, orders_page

OVERLAP = timedelta(minutes=10)


def _next(ledger: Ledger, now: datetime = NOW) -> OrderSearch:
    with ledger.begin() as conn:
        return next_search(conn, "main", DAY, OVERLAP, now)


def _record(
    ledger: Ledger,
    search: OrderSearch,
    *,
    until: datetime | None = NOW,
    token: str | None = None,
    now: datetime = NOW,
) -> OrderSearch | None:
    with ledger.begin() as conn:
        return record_search(conn, "main", search, orders_page(next_token=token, read_until=until), now)


def test_the_first_search_looks_back(ledger: Ledger) -> None:
    """Without a watermark reading starts as far back as the account wants, at no page."""
    assert _next(ledger) == OrderSearch(since=NOW - DAY)


def test_the_next_search_starts_at_amazons_own_time_with_overlap(ledger: Ledger) -> None:
    """After a search's last page the next starts behind Amazon's own moment, not behind ours."""
    assert _record(ledger, _next(ledger), until=NOW - 2 * MINUTE) is None
    assert _next(ledger, NOW + HOUR) == OrderSearch(since=NOW - 12 * MINUTE)


def test_only_the_last_page_moves_the_watermark(ledger: Ledger) -> None:
    """A page with a successor keeps the place only; the watermark becomes what the first page said."""
    first = _next(ledger)
    second = _record(ledger, first, until=NOW, token="t1")
    assert second == OrderSearch(since=first.since, page_token="t1", until=NOW)
    assert _next(ledger, NOW + HOUR) == second
    assert _record(ledger, second, until=NOW + HOUR) is None
    assert _next(ledger, NOW + HOUR) == OrderSearch(since=NOW - OVERLAP)


def test_the_watermark_never_goes_back(ledger: Ledger) -> None:
    """A search that ends at an earlier moment than an older one leaves the watermark where it is."""
    _record(ledger, OrderSearch(since=NOW - DAY), until=NOW)
    _record(ledger, OrderSearch(since=NOW - DAY), until=NOW - HOUR)
    _record(ledger, OrderSearch(since=NOW - DAY), until=None)
    assert _next(ledger).since == NOW - OVERLAP


def test_a_page_token_is_too_old_after_23_hours(ledger: Ledger) -> None:
    """A token that Amazon would still take is used; an older one restarts the search at the watermark."""
    _record(ledger, OrderSearch(since=NOW - DAY), until=NOW)
    search = _next(ledger)
    _record(ledger, search, until=NOW + HOUR, token="t1", now=NOW + HOUR)
    assert _next(ledger, NOW + 23 * HOUR).page_token == "t1"
    assert _next(ledger, NOW + 24 * HOUR) == OrderSearch(since=NOW - OVERLAP)


def test_a_first_search_that_was_cut_off_is_not_shortened(ledger: Ledger) -> None:
    """When the very first search has to start over it starts no later than it did, however late it is."""
    first = _next(ledger)
    _record(ledger, first, token="t1")
    assert _next(ledger, NOW + 24 * HOUR).since <= first.since
    with ledger.begin() as conn:
        forget_page(conn, "main")
    assert _next(ledger, NOW + HOUR).since <= first.since


def test_the_first_search_is_anchored_when_it_is_first_asked_for(ledger: Ledger) -> None:
    """As long as Amazon does not answer at all, the first search starts where it started at the first try."""
    first = _next(ledger)
    assert _next(ledger, NOW + 5 * HOUR) == first
    with ledger.begin() as conn:
        assert next_search(conn, "main", 3 * DAY, OVERLAP, NOW).since == NOW - 3 * DAY  # widened meanwhile


def test_a_first_search_without_amazons_moment_is_made_again(ledger: Ledger) -> None:
    """When Amazon does not say up to when its first answer reads, the next search starts there again."""
    first = _next(ledger)
    assert _record(ledger, first, until=None) is None
    assert _next(ledger, NOW + HOUR) == first


def test_a_refused_token_restarts_behind_the_watermark(ledger: Ledger) -> None:
    """A token that Amazon refuses is forgotten, and nothing but the token."""
    _record(ledger, OrderSearch(since=NOW - DAY), until=NOW)
    _record(ledger, _next(ledger), until=NOW + HOUR, token="t1")
    with ledger.begin() as conn:
        forget_page(conn, "main")
    assert _next(ledger, NOW + HOUR) == OrderSearch(since=NOW - OVERLAP)


def test_accounts_read_on_by_themselves(ledger: Ledger) -> None:
    """One account's watermark says nothing about another's."""
    _record(ledger, OrderSearch(since=NOW - DAY))
    with ledger.begin() as conn:
        assert next_search(conn, "second", HOUR, OVERLAP, NOW) == OrderSearch(since=NOW - HOUR)


_STEPS = st.lists(
    st.tuples(st.sampled_from(["more", "last", "refused", "long pause"]), st.integers(1, 120)), max_size=15
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS, read_before=st.booleans())
def test_no_moment_is_ever_skipped(
    ledger: Ledger, steps: list[tuple[str, int]], *, read_before: bool
) -> None:
    """Whatever order of pages, ends, refusals and pauses: a search starts within what was read to its end."""
    now, read_to = NOW, NOW - DAY  # everything up to `read_to` has been seen by a search read to its end
    with ledger.begin() as conn:
        conn.execute(watermarks.delete())
        if read_before:
            conn.execute(watermarks.insert().values(account="main", read_until=read_to, recorded_at=now))
    assert _next(ledger, now).since <= read_to
    for word, minutes in steps:
        now += minutes * MINUTE + (DAY if word == "long pause" else timedelta())
        search = _next(ledger, now)
        assert search.since <= read_to
        if word == "refused":
            with ledger.begin() as conn:
                forget_page(conn, "main")
        elif word == "more":
            _record(ledger, search, until=now - 2 * MINUTE, token="t", now=now)
        elif word == "last":
            _record(ledger, search, until=now - 2 * MINUTE, now=now)
            read_to = search.until or now - 2 * MINUTE
