"""The watch and the command for monitors read the same schedules off a real server."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import SCHEDULE_TYPES, CronSchedule, RRuleSchedule

from deployments.schedules import schedules_of_server
from tasks.watch.silence import load_schedules
from tests.deployments.prefect.conftest import AUTH, Stack

pytestmark = pytest.mark.stack


def test_both_readers_of_the_schedules_agree(stack: Stack) -> None:
    """An interval is read as it was installed, with and without Prefect's client; without one there is none."""
    expected = {"order-ingest": timedelta(seconds=5)}
    assert load_schedules() == expected
    assert schedules_of_server(stack.server.api_url, AUTH) == expected


@contextmanager
def deployed(flow: str, tags: list[str], *schedules: SCHEDULE_TYPES) -> Iterator[None]:
    entries = [DeploymentScheduleCreate(schedule=schedule, active=True) for schedule in schedules]
    with get_client(sync_client=True) as client:
        made = client.create_deployment(
            client.create_flow_from_name(flow), name="by hand", tags=tags, schedules=entries
        )
        yield
        client.delete_deployment(made)


def test_other_people_s_flows_and_odd_schedules_are_left_out(stack: Stack) -> None:
    """Only what carries our tag is read; of several schedules the soonest counts, a calendar rule is left out."""
    theirs = deployed("sync-crm", ["crm"], CronSchedule(cron="* * * * *"))
    daily, often = CronSchedule(cron="@daily"), CronSchedule(cron="0 */6 * * *", timezone="Europe/London")
    odd = RRuleSchedule(rrule="FREQ=HOURLY")
    with theirs, deployed("stock-variances", ["lockstep"], daily, often, odd):
        read = (load_schedules(), schedules_of_server(stack.server.api_url, AUTH))
    expected = {"order-ingest": timedelta(seconds=5), "stock-variances": timedelta(hours=6)}
    assert read == (expected, expected)
