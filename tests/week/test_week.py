"""A trading day of the generated week, under Lockstep and under "publish what the WMS says"."""

import pytest
from rich.console import Console

from ledger.connection import Ledger
from tests.week.baseline import Mirror
from tests.week.house import ODDS, Lockstep
from tests.week.play import Stage
from tests.week.script import Script, script
from tests.week.shown import Outcome, outcome, table


@pytest.mark.timeout(900)
def test_nothing_is_oversold_that_knowledge_would_have_avoided(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """Oversold is only what nobody could have known of, within the stated odds; and it is not won by hiding."""
    week = script(days=1, skus=400, orders_a_day=900)
    ours, mirror = played(week, ledger), mirrored(week)

    with capsys.disabled():
        title = f"{week.days} day(s) of the generated week, {len(week.catalog.listed)} seller SKUs"
        Console(width=110).print(
            "", table(title, ODDS, {"Lockstep": ours, "publish what the WMS says": mirror})
        )
    assert ours.avoidable == 0, [blame for blame in ours.blames if blame.avoidable]
    assert ours.exposures.share <= ODDS
    assert ours.unavoidable <= mirror.unavoidable
    assert mirror.avoidable > 0
    assert ours.filled > 0.95 * mirror.filled


def played(week: Script, ledger: Ledger) -> Outcome:
    """The week under Lockstep."""
    stage = Stage(week)
    house = Lockstep(stage, ledger)
    return outcome(stage.play(house), house.verdicts())


def mirrored(week: Script) -> Outcome:
    """The week under the obvious script."""
    stage = Stage(week)
    return outcome(stage.play(Mirror(stage)))
