"""One desk for all processes: together they never call more often than Amazon allows."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger.calls import Desk, forget_calls
from ledger.connection import Ledger
from tests.factories import DAY

SLOW = {"getOrder": (0.001, 3.0)}  # a rate that adds nothing while a test runs


def _take(desk: Desk, tries: int, patience: float = 0.0) -> int:
    return sum(desk.admit("getOrder", patience) <= patience for _ in range(tries))


def test_a_burst_is_admitted_and_no_more(ledger: Ledger) -> None:
    """As many calls as the burst go at once; the next has to wait for its token."""
    desk = Desk(ledger, "main", SLOW)
    assert _take(desk, 5) == 3
    assert desk.admit("getOrder", 0) == pytest.approx(1000, rel=0.05)


def test_a_patient_caller_takes_its_place_in_line(ledger: Ledger) -> None:
    """Each caller that is willing to wait is told a later moment than the one before it."""
    desk = Desk(ledger, "main", SLOW)
    _take(desk, 3)
    waits = [desk.admit("getOrder", 10_000) for _ in range(3)]
    assert waits == pytest.approx([1000, 2000, 3000], rel=0.05)


def test_a_caller_without_patience_takes_nothing(ledger: Ledger) -> None:
    """Asking in vain, however often, costs the others nothing."""
    desk = Desk(ledger, "main", SLOW)
    _take(desk, 3)
    assert _take(desk, 20, patience=999.0) == 0
    assert desk.admit("getOrder", 10_000) == pytest.approx(1000, rel=0.05)


def test_an_operation_without_a_plan_is_free(ledger: Ledger) -> None:
    """What nobody limits is admitted at once, corrected and throttled without effect."""
    desk = Desk(ledger, "main", {})
    desk.correct("getOrder", 1.0)
    desk.throttled("getOrder")
    assert _take(desk, 10) == 10


def test_a_budget_survives_the_process(ledger: Ledger, ledger_url: str, privacy_key: str) -> None:
    """A desk that is opened anew finds the tokens that are left, not a full bucket."""
    _take(Desk(ledger, "main", SLOW), 2)
    reopened = Ledger(ledger_url, privacy_key)
    assert _take(Desk(reopened, "main", SLOW), 5) == 1
    reopened.close()


def test_accounts_and_operations_have_budgets_of_their_own(ledger: Ledger) -> None:
    """One account's or operation's calls leave every other's budget full."""
    plans = SLOW | {"confirmShipment": (0.001, 2.0)}
    assert _take(Desk(ledger, "main", plans), 5) == 3
    assert _take(Desk(ledger, "second", plans), 5) == 3
    assert Desk(ledger, "main", plans).admit("confirmShipment", 0) == 0


def test_a_throttled_answer_empties_the_budget_for_all(ledger: Ledger) -> None:
    """After a 429 every caller waits for a whole token, in this desk and in any other."""
    here, there = Desk(ledger, "main", SLOW), Desk(ledger, "main", SLOW)
    here.throttled("getOrder")
    for desk in (here, there):
        assert desk.admit("getOrder", 0) == pytest.approx(1000, rel=0.05)


def test_amazons_own_rate_counts_for_all(ledger: Ledger) -> None:
    """The rate Amazon states replaces the plan's for everybody; nonsense does not."""
    here, there = Desk(ledger, "main", SLOW), Desk(ledger, "main", SLOW)
    _take(here, 3)
    here.correct("getOrder", 0.01)
    here.correct("getOrder", 0.0)
    assert there.admit("getOrder", 0) == pytest.approx(100, rel=0.05)


def test_what_is_left_is_told_and_not_taken(ledger: Ledger) -> None:
    """Whoever asks what can be called now is told the tokens and the burst, and takes none."""
    desk = Desk(ledger, "main", SLOW)
    assert desk.left("getOrder") == (3.0, 3.0)
    desk.admit("getOrder", 0)
    for _ in range(3):
        assert desk.left("getOrder") == pytest.approx((2.0, 3.0), abs=0.01)
    desk.throttled("getOrder")
    assert desk.left("getOrder")[0] == pytest.approx(0, abs=0.01)
    assert desk.left("searchOrders")[0] > 1000


def test_a_429_in_one_process_holds_back_another(ledger: Ledger, ledger_url: str, privacy_key: str) -> None:
    """A throttled answer, and the rate that came with it, count for a process with connections of its own."""
    here = Desk(ledger, "main", SLOW)
    elsewhere = Ledger(ledger_url, privacy_key)
    there = Desk(elsewhere, "main", SLOW)
    assert there.admit("getOrder", 0) == 0
    here.throttled("getOrder")
    here.correct("getOrder", 0.002)
    assert there.admit("getOrder", 0) == pytest.approx(500, rel=0.05)
    elsewhere.close()
    reopened = Ledger(ledger_url, privacy_key)
    assert Desk(reopened, "main", SLOW).admit("getOrder", 0) == pytest.approx(500, rel=0.05)
    reopened.close()


def test_threads_together_never_exceed_the_budget(ledger: Ledger) -> None:
    """Calls admitted in any way never outnumber the burst plus what the rate gave meanwhile."""
    rate, burst = 20.0, 5.0
    desks = [Desk(ledger, "main", {"getOrder": (rate, burst)}) for _ in range(2)]
    began = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        admitted = sum(pool.map(lambda desk: _take(desk, 60), desks))
    passed = time.monotonic() - began
    assert burst <= admitted <= burst + rate * passed + 1e-6


def test_processes_together_never_exceed_the_budget(
    ledger: Ledger, ledger_url: str, privacy_key: str, repository: Path
) -> None:
    """Two processes that ask at once get the burst between them, not each."""
    code = (
        "import sys; from ledger.calls import Desk; from ledger.connection import Ledger\n"
        "desk = Desk(Ledger(sys.argv[1], sys.argv[2]), 'main', {'getOrder': (0.001, 30.0)})\n"
        "print(sum(desk.admit('getOrder', 0) <= 0 for _ in range(30)))"
    )
    command = [sys.executable, "-c", code, ledger_url, privacy_key]
    running = [subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sum(int(process.communicate(timeout=60)[0]) for process in running) == 30


def test_calls_are_kept_for_twelve_months(ledger: Ledger) -> None:
    """Each call is on record with its subject and outcome, and is forgotten after a year and not before."""
    desk = Desk(ledger, "main", {})
    desk.record("getOrder", "026-1234567-0000001", "200", 12)
    with ledger.begin() as conn:
        row = conn.execute(sa.text("SELECT * FROM report.calls")).mappings().one()
        assert {name: row[name] for name in row if name != "at"} == {
            "stranger": "main",
            "operation": "getOrder",
            "subject": "026-1234567-0000001",
            "outcome": "200",
            "milliseconds": 12,
        }
        assert forget_calls(conn, row["at"] + 365 * DAY) == 0
        assert forget_calls(conn, row["at"] + 366 * DAY + timedelta(seconds=1)) == 1
