"""A run that fails says why in one sentence; only what nobody expected shows a traceback, to the engineer."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import State, StateType
from prefect.events.schemas.automations import EventTrigger
from prefect.logging.handlers import APILogWorker

from deployments.automations import _rules
from deployments.embedded.prefect_server import PrefectServer
from deployments.flow_runs import find_flow, flow_entrypoints, run_flow
from domain.errors import Denied, NeedsDecision, NotTaken, Refused, TryAgain
from domain.problems import Team
from flows.endings import says_why
from tasks.manners import worth_retrying

SENTENCE = "Amazon did not answer. What waits is sent with the next run."
OURS = [TryAgain, NotTaken, Refused, Denied, NeedsDecision]


def ended(story: Callable[[], object]) -> tuple[State[Any], str]:
    """How a flow ended, and all that the log of its run shows."""
    state = flow(says_why(story))(return_state=True)
    APILogWorker.drain_all(timeout=10)
    with get_client(sync_client=True) as client:
        this = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[state.state_details.flow_run_id]))
        lines = [log.message for log in client.read_logs(log_filter=this, limit=100)]
    return state, "\n".join(lines)


@pytest.mark.parametrize("kind", OURS)
def test_a_run_that_fails_shows_the_sentence_alone(prefect: PrefectServer, kind: type[Exception]) -> None:
    """The state of the run has the error's own words, its log has no traceback and no class name."""

    def story() -> None:
        raise kind(SENTENCE)

    state, log = ended(story)
    assert (state.name, state.message) == ("Failed", SENTENCE)
    assert log.splitlines()[-2:] == [f"This run failed. {SENTENCE}", "Ended as Failed."]
    assert "Traceback" not in log
    assert kind.__name__ not in log


@pytest.mark.parametrize(
    ("kind", "name"),
    [(Refused, "Not done"), (Denied, "Failed"), (TryAgain, "Failed"), (NeedsDecision, "Failed")],
)
def test_a_form_that_is_filled_in_wrongly_is_not_done(
    prefect: PrefectServer, kind: type[Exception], name: str
) -> None:
    """Who sent a form reads what is wrong with it under a name of its own, which no engineer is called for."""

    @flow(name="a form")
    @says_why
    def form(your_name: str) -> None:
        raise kind(SENTENCE)

    state = form("Kim", return_state=True)
    assert (state.type, state.name, state.message) == (StateType.FAILED, name, SENTENCE)
    (rule,) = [rule for rule in _rules({Team.INTEGRATION: uuid4()}) if rule.name.endswith("a run failed")]
    assert isinstance(rule.trigger, EventTrigger)
    assert (f"prefect.flow-run.{state.name}" in rule.trigger.expect) == (name == "Failed")


@pytest.mark.parametrize("kind", OURS)
def test_who_calls_a_flow_gets_the_error_itself(prefect: PrefectServer, kind: type[Exception]) -> None:
    """In this process a failing flow raises what it always did, and the command line names the flow."""

    @flow(name="toy")
    @says_why
    def story() -> None:
        raise kind(SENTENCE)

    with pytest.raises(kind, match=SENTENCE):
        story()
    with pytest.raises(kind, match=f"toy: {SENTENCE}"):
        run_flow(story, {})


def test_a_task_that_tries_again_says_so_in_a_sentence(prefect: PrefectServer) -> None:
    """Each failed try of a task is one line of the log, without a traceback or a class name."""

    @task(retries=2, retry_condition_fn=worth_retrying)
    def ask() -> None:
        raise TryAgain(SENTENCE)

    def story() -> None:
        ask()

    _, log = ended(story)
    assert log.count(SENTENCE) == 4  # three tries and the end of the run
    assert log.count("It is tried again in a moment.") == 2
    assert log.count("Ended as") == 1  # the run itself
    assert "Traceback" not in log
    assert "TryAgain" not in log


def test_what_nobody_expected_is_told_to_both(prefect: PrefectServer) -> None:
    """People read what became of the run first; the engineer finds the traceback once in its log."""

    def story() -> None:
        raise KeyError("hidden")

    state, log = ended(story)
    assert state.name == "Failed"
    assert state.message == (
        "Something in Lockstep broke that should not, and this run stopped. What it had done is kept. The last"
        " lines of its log are for the engineer (KeyError)."
    )
    assert "hidden" not in state.message
    assert log.count("Traceback") == 1
    assert "KeyError: 'hidden'" in log
    with pytest.raises(KeyError):
        flow(says_why(story))()


def test_a_run_that_ends_well_is_left_alone(prefect: PrefectServer) -> None:
    """What a flow gives back reaches its caller, and the run is Completed."""
    assert flow(says_why(lambda: "3 orders"))() == "3 orders"


@pytest.mark.parametrize("name", flow_entrypoints())
def test_every_flow_says_why(name: str) -> None:
    """No flow of prefect.yaml ends with Prefect's own words for an error of ours."""
    assert find_flow(name).fn.__code__ is says_why(len).__code__
