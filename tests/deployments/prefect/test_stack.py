"""The installed stack does by itself what the operating manual promises."""

import os
import signal
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.deployments import run_deployment

from deployments.embedded.prefect_server import PrefectServer
from deployments.embedded.worker import Worker
from deployments.prefect_objects import QUEUES, install_all
from domain.errors import Refused
from domain.problems import Team
from tests.deployments.prefect.conftest import AUTH, Stack, wait_for

pytestmark = pytest.mark.stack


def begin(name: str) -> FlowRun:
    run = run_deployment(name, timeout=0, as_subflow=False)
    assert isinstance(run, FlowRun)
    return run


def ended(stack: Stack, run_id: UUID) -> StateType | None:
    run = stack.client.read_flow_run(run_id)
    return run.state_type if run.state is not None and run.state.is_final() else None


def sleeper(stack: Stack) -> tuple[FlowRun, int]:
    """A run of the sleeping flow that has begun, and its process number."""
    file = stack.checkout / "pid"
    file.unlink(missing_ok=True)
    run = begin("sleeping/by-hand")
    wait_for(lambda: file.exists() and file.read_text())
    wait_for(lambda: stack.client.read_flow_run(run.id).state_type is StateType.RUNNING)
    return run, int(file.read_text())


def snapshot(stack: Stack) -> dict[str, object]:
    """Every object of ours with the time of its last change, as the API tells it."""
    paths = ["/deployments/filter", "/automations/filter", "/work_pools/lockstep/queues/filter"]
    found = {path: stack.client._client.post(path, json={}).json() for path in paths}
    blocks = {"block_types": {"slug": {"any_": ["team-channel"]}}, "include_secrets": True}
    found["blocks"] = stack.client._client.post("/block_documents/filter", json=blocks).json()
    for queue in found["/work_pools/lockstep/queues/filter"]:
        queue.pop("last_polled"), queue.pop("updated"), queue.pop("status")
    for deployment in found["/deployments/filter"]:
        deployment.pop("last_polled", None), deployment.pop("status", None), deployment.pop("updated")
        [schedule.pop("updated") for schedule in deployment["schedules"]]
        if deployment["global_concurrency_limit"]:
            deployment["global_concurrency_limit"] = deployment["global_concurrency_limit"]["limit"]
    return found


def test_a_scheduled_run_starts_by_itself(stack: Stack) -> None:
    """A run that nobody asked for starts on its schedule, from the checkout, and completes."""

    def completed() -> list[FlowRun]:
        runs = stack.client.read_flow_runs()
        return [r for r in runs if r.auto_scheduled and r.state_type is StateType.COMPLETED]

    wait_for(completed)


def test_installing_again_changes_nothing(stack: Stack) -> None:
    """A second installation reports no change and leaves every object as it was."""
    before = snapshot(stack)
    assert stack.install() == []
    assert snapshot(stack) == before


def test_a_failed_run_reaches_slack(stack: Stack) -> None:
    """A failed run posts its reason, what to do and a link to team integration, in Slack's own shape."""
    run = begin("failing/by-hand")
    [message] = wait_for(lambda: [m for m in stack.slack.of("integration") if "failing" in m])
    assert message.startswith("*failing did not finish: Failed*\n")
    assert "the sky fell" in message
    assert f"{stack.server.ui_url}/" in message
    assert str(run.id) in message
    page = httpx.get(message.split()[-1], headers={"Accept": "text/html"}, follow_redirects=True)
    assert page.status_code == 200


def test_a_lost_message_is_told_elsewhere(stack: Stack) -> None:
    """When the channel of team integration does not take a message, team operations hears that one was lost."""
    stack.slack.down.add("integration")
    try:
        begin("unheard/by-hand")
        [message] = wait_for(lambda: [m for m in stack.slack.of("operations") if "could not deliver" in m])
    finally:
        stack.slack.down.clear()
    assert "The rule Lockstep: a run failed fired" in message


def test_a_problem_reaches_its_owner(stack: Stack) -> None:
    """A problem event reaches the team that owns it with its next step, and no other team."""
    begin("reporting/by-hand")
    [message] = wait_for(lambda: [m for m in stack.slack.of("operations") if "PARCELFORCE" in m])
    assert message == ("*Carrier PARCELFORCE is not mapped*\nWhat to do: Map it.\nhttp://127.0.0.1/artifacts")
    assert not [m for m in stack.slack.of("integration") if "PARCELFORCE" in m]


def test_a_killed_run_ends_as_crashed(stack: Stack) -> None:
    """A run whose process is killed hard ends as Crashed, and team integration hears of it."""
    run, pid = sleeper(stack)
    os.kill(pid, signal.SIGKILL)
    assert wait_for(lambda: ended(stack, run.id)) is StateType.CRASHED
    wait_for(
        lambda: [
            m for m in stack.slack.of("integration") if m.startswith("*sleeping did not finish: Crashed")
        ]
    )


def test_a_stopped_worker_leaves_nothing_running(stack: Stack) -> None:
    """Stopping the worker ends its runs as Crashed and frees their slot, so the next run is not refused."""
    run, pid = sleeper(stack)
    stack.worker.stop()
    assert not Path("/proc", str(pid)).exists() or "Z" in Path("/proc", str(pid), "stat").read_text()
    assert ended(stack, run.id) is StateType.CRASHED
    stack.worker.start()
    run, pid = sleeper(stack)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: ended(stack, run.id))


def test_a_folder_has_one_worker(stack: Stack) -> None:
    """A second worker of the same folder is refused in a sentence."""
    with pytest.raises(Refused, match="Another Lockstep runs the worker"):
        Worker(stack.checkout / "home", stack.server.environment()).start()


def test_tracking_outranks_inventory(stack: Stack) -> None:
    """The work queues are ranked tracking, people, orders, inventory, and what is unranked comes last."""
    found = stack.client._client.post("/work_pools/lockstep/queues/filter", json={}).json()
    ranks = {queue["name"]: queue["priority"] for queue in found}
    assert {name: ranks[name] for name in QUEUES} == QUEUES
    assert ranks["default"] > max(QUEUES.values())


def test_what_an_operator_paused_stays_paused(stack: Stack) -> None:
    """A changed interval reaches the server and the schedule stays paused; an unnamed flow is refused."""
    deployment = stack.client.read_deployment_by_name("order-ingest/scheduled")
    schedule = deployment.schedules[0]
    path = f"/deployments/{deployment.id}/schedules/{schedule.id}"
    stack.client._client.patch(path, json={"active": False}).raise_for_status()
    assert stack.install({"order-ingest": 7}) == ["Deployment order-ingest/scheduled changed."]
    after = stack.client.read_deployment_by_name("order-ingest/scheduled").schedules
    assert [(s.active, s.schedule.interval.total_seconds()) for s in after] == [(False, 7)]
    with pytest.raises(Refused, match="no-such-flow"):
        stack.install({"no-such-flow": 7})


def test_what_the_file_no_longer_names_is_removed(stack: Stack) -> None:
    """A deployment, a team's channel and a rule that are no longer wanted go; a lost message has a second way."""
    names = {rule.name for rule in stack.client.read_automations()}
    assert "Lockstep: a message was not delivered" in names
    text = stack.prefect_file.read_text()
    file = stack.checkout / "shorter.yaml"
    file.write_text("".join(line for line in text.splitlines(keepends=True) if "reporting" not in line))
    people = {"integration": stack.people["integration"]}
    changes = install_all(file, stack.checkout, people=people, every={"order-ingest": 7})
    assert changes == [
        "Channel team-finance removed.",
        "Channel team-operations removed.",
        "Channel team-warehouse removed.",
        *(
            f"Automation 'Lockstep: tell {team.replace('_', ' ')}' changed."
            for team in Team
            if team != "integration"
        ),
        "Automation 'Lockstep: a message was not delivered' removed.",
        "Automation 'Lockstep: tell operations what is overdue' removed.",
        "Deployment reporting/by-hand removed.",
    ]


def test_the_server_asks_for_its_password_and_shows_its_ui(stack: Stack) -> None:
    """With auth set the API answers 401 to a stranger and 200 to a friend; the UI page itself opens."""
    assert httpx.get(stack.server.ui_url).status_code == 200
    url = f"{stack.server.api_url}/deployments/count"
    assert httpx.post(url, json={}).status_code == 401
    assert httpx.post(url, json={}, auth=tuple(AUTH.split(":"))).status_code == 200


def test_a_taken_port_is_told_in_a_sentence(stack: Stack, tmp_path: Path) -> None:
    """A second server on the same port is refused before it starts."""
    port = int(stack.server.ui_url.rsplit(":", 1)[1])
    second = PrefectServer(stack.server._database_url, tmp_path, port=port)
    with pytest.raises(Refused, match=f"cannot listen on 127.0.0.1:{port}"):
        second.start()


def test_the_key_and_the_logs_are_private(stack: Stack) -> None:
    """The encryption key and the logs are readable by their owner alone."""
    for name in ("encryption.key", "server.log", "worker.log"):
        assert (stack.checkout / "home" / name).stat().st_mode & 0o077 == 0
