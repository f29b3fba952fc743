"""The watch and the command for monitors read the same schedules off a real server."""

from datetime import timedelta

import pytest

from deployments.schedules import schedules_of_server
from tasks.watch.silence import load_schedules
from tests.deployments.prefect.conftest import AUTH, Stack

pytestmark = pytest.mark.stack


def test_both_readers_of_the_schedules_agree(stack: Stack) -> None:
    """An interval is read as it was installed, with and without Prefect's client; without one there is none."""
    expected = {"order-ingest": timedelta(seconds=5)}
    assert load_schedules() == expected
    assert schedules_of_server(stack.server.api_url, AUTH) == expected
