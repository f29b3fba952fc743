"""What a warehouse or a person wrote is shown as it is written."""

from datetime import UTC, datetime

import pytest

from deployments.cli_views import _print_problems
from domain.problems import ProblemKind
from ledger.problems import OpenProblem


def test_brackets_in_a_word_of_a_warehouse_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """A carrier's service with brackets is read whole in `lockstep status`, whatever stands in them."""
    for word in ("DPD [/next day]", "[hermes] home", "[/]", "[red]x"):
        _print_problems((problem(f"No carrier is mapped for {word}."),))
        said = capsys.readouterr().out
        assert all(part in said for part in word.split()), word


def problem(summary: str) -> OpenProblem:
    return OpenProblem(
        id=1,
        kind=ProblemKind.CARRIER_UNMAPPED,
        owner="operations",
        severity="urgent",
        subject="",
        summary=summary,
        next_step="Map it.",
        opened_at=datetime(2026, 11, 25, tzinfo=UTC),
        act_by=None,
        affected=1,
        acknowledged_by="",
        acknowledged_at=None,
    )
