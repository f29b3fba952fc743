"""What prefect.yaml promises to operators."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from deployments.prefect_objects import QUEUES

FILE = Path(__file__).parents[3] / "prefect.yaml"


@pytest.fixture
def deployments() -> list[dict[str, Any]]:
    return list(YAML(typ="safe").load(FILE.read_text())["deployments"])


def test_every_flow_has_a_ranked_queue_and_says_what_it_does(deployments: list[dict[str, Any]]) -> None:
    """Each deployment names a file, waits in a queue that has a rank, and is described for operators."""
    for entry in deployments:
        path, function = entry["entrypoint"].split(":")
        assert path == f"flows/{function}.py"
        assert entry["work_pool"]["work_queue_name"] in QUEUES
        assert len(entry["description"]) > 60


def test_polls_never_pile_up(deployments: list[dict[str, Any]]) -> None:
    """A deployment with a schedule runs one at a time, cancels what comes too early, and starts off the others."""
    scheduled = [entry for entry in deployments if entry.get("schedules")]
    starts = [one.get("anchor_date") or one["cron"] for entry in scheduled for one in entry["schedules"]]
    assert len(scheduled) >= 4
    assert len(set(starts)) == len(starts)
    for entry in scheduled:
        assert entry["concurrency_limit"] == {
            "limit": 1,
            "collision_strategy": "CANCEL_NEW",
            "grace_period_seconds": 60,
        }
        slugs = [schedule["slug"] for schedule in entry["schedules"]]
        assert len(set(slugs)) == len(slugs)


def test_tracking_is_pushed_every_minute(deployments: list[dict[str, Any]]) -> None:
    """The street that Amazon's late-shipment clock watches is the most frequent one, in the first queue."""
    [tracking] = [entry for entry in deployments if entry["entrypoint"].endswith(":tracking_push")]
    assert tracking["schedules"][0]["interval"] == 30
    assert QUEUES[tracking["work_pool"]["work_queue_name"]] == 1
