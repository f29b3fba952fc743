"""How trouble reaches people: a Slack channel per team, and the rules that post into them.

The rules live in the Prefect server, so they work when the flows do not. Nothing retries a lost Slack post;
the record of every problem is the ledger.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger, Posture
from prefect_slack.credentials import SlackWebhook
from pydantic import SecretStr

from domain.errors import Refused
from domain.problems import Team

PREFIX = "Lockstep: "
HEARTBEAT_PATIENCE = timedelta(seconds=90)  # three of the workers' 30-second heartbeats
QUIET = timedelta(
    minutes=10
)  # one message per flow in this time; a street that fails every minute says it once

_BLOCK_TYPE = "slack-incoming-webhook"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_LINK = "{{ flow_run|ui_url }}"


def channel_name(team: str) -> str:
    """The name of a team's Slack block; block names allow dashes only."""
    return f"team-{team.replace('_', '-')}"


def install_channels(client: SyncPrefectClient, people: Mapping[str, str]) -> list[str]:
    """One Slack block per team of `people` (team to incoming webhook); teams no longer named lose theirs.

    Raises:
        Refused: a team that does not exist, or a webhook that is neither https nor on this machine.
    """
    for team, url in people.items():
        _check(team, url)
    changes = []
    there = _channels(client)
    for team, url in people.items():
        name = channel_name(team)
        if there.get(name, ("", None))[0] != url:
            SlackWebhook(url=SecretStr(url)).save(name, overwrite=True)
            changes.append(f"Slack channel of team {team} set.")
    for name in sorted(set(there) - {channel_name(team) for team in people}):
        client.delete_block_document(there[name][1])
        changes.append(f"Slack channel {name} removed.")
    return changes


def _check(team: str, url: str) -> None:
    if team not in set(Team):
        raise Refused(f"There is no team {team} under [people]. The teams are {', '.join(Team)}.")
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise Refused(f"The Slack webhook of team {team} must start with https://. Copy it from Slack again.")


def _channels(client: SyncPrefectClient) -> dict[str, tuple[str, UUID]]:
    body = {
        "block_types": {"slug": {"any_": [_BLOCK_TYPE]}},
        "block_documents": {"is_anonymous": {"eq_": False}},
        "include_secrets": True,
    }
    found = client.request("POST", "/block_documents/filter", json=body).json()
    ours = [block for block in found if block["name"].startswith("team-")]
    return {block["name"]: (block["data"].get("url", ""), UUID(block["id"])) for block in ours}


def install_automations(client: SyncPrefectClient, teams: Iterable[str]) -> list[str]:
    """The rules for `teams`, whose channels exist; rules of ours that are not wanted any more are removed.

    A rule that somebody has switched off in the UI stays off.
    """
    channels = {name: block for name, (_, block) in _channels(client).items()}
    blocks = {team: channels[channel_name(team)] for team in teams}
    wanted = {rule.name: rule for rule in _rules(blocks)}
    found = {rule.name: rule for rule in client.read_automations() if rule.name.startswith(PREFIX)}
    changes = []
    for name, rule in wanted.items():
        there = found.get(name)
        if there is None:
            client.create_automation(rule)
            changes.append(f"Automation {name!r} made.")
        elif _spelled(there) != _spelled(rule):
            client.update_automation(there.id, rule.model_copy(update={"enabled": there.enabled}))
            changes.append(f"Automation {name!r} changed.")
    for name in sorted(set(found) - set(wanted)):
        client.delete_automation(found[name].id)
        changes.append(f"Automation {name!r} removed.")
    return changes


def _spelled(rule: AutomationCore | Automation) -> dict[str, Any]:
    core = AutomationCore.model_validate(rule.model_dump())
    return core.model_dump(exclude={"enabled": True, "trigger": {"id"}})


def _rules(blocks: Mapping[str, UUID]) -> list[AutomationCore]:
    rules = [_no_heartbeat()]
    rules += [_problem_opened(team, block) for team, block in blocks.items()]
    integration = blocks.get(Team.INTEGRATION)
    if integration is not None:
        rules += [_run_failed(integration), _run_late(integration)]
    others = [block for team, block in sorted(blocks.items()) if team != Team.INTEGRATION]
    if others:
        rules.append(_message_lost(blocks.get(Team.OPERATIONS, others[0])))
    return rules


def _run_failed(block: UUID) -> AutomationCore:
    return AutomationCore(
        name=f"{PREFIX}a run failed",
        description="Tells team integration when a run fails, crashes or times out.",
        trigger=_on_run({"prefect.flow-run.Failed", "prefect.flow-run.Crashed", "prefect.flow-run.TimedOut"}),
        actions=[
            SendNotification(
                block_document_id=block,
                subject="{{ flow.name }} did not finish: {{ flow_run.state.name }}",
                body="{{ flow_run.state.message }}\n"
                "It starts again on its schedule and reads on from the ledger. If it keeps failing, open the"
                f" run and read the last lines of its log.\n{_LINK}",
            )
        ],
    )


def _run_late(block: UUID) -> AutomationCore:
    return AutomationCore(
        name=f"{PREFIX}a run is late",
        description="Tells team integration when a scheduled run has not started.",
        trigger=_on_run({"prefect.flow-run.Late"}),
        actions=[
            SendNotification(
                block_document_id=block,
                subject="{{ flow.name }} has not started on time",
                body="Nothing has taken the run from its queue. Check that the worker is running (lockstep"
                f" status) and that the work pool is not paused.\n{_LINK}",
            )
        ],
    )


def _on_run(events: set[str]) -> EventTrigger:
    return EventTrigger(
        posture=Posture.Reactive,
        match={"prefect.resource.id": "prefect.flow-run.*"},
        expect=events,
        for_each={"related:flow:prefect.resource.id"},
        threshold=1,
        within=QUIET,
    )


def _no_heartbeat() -> AutomationCore:
    """`Running` stands in `after` too, or a run that dies before its first heartbeat is never noticed.

    The first heartbeat of a run shorter than about 0.2 s arrives after its end, and the rule then fires 90 s
    later in vain: the server refuses to change a state that is final. It shows in the event feed only.
    """
    return AutomationCore(
        name=f"{PREFIX}a run stopped without a word",
        description="Marks a run as Crashed when its process has not been heard of for 90 seconds.",
        trigger=EventTrigger(
            posture=Posture.Proactive,
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            after={"prefect.flow-run.heartbeat", "prefect.flow-run.Running"},
            expect={"prefect.flow-run.*"},
            for_each={"prefect.resource.id"},
            threshold=1,
            within=HEARTBEAT_PATIENCE,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED, name="Crashed", message="Its process has not been heard of for 90 s."
            )
        ],
    )


def _problem_opened(team: str, block: UUID) -> AutomationCore:
    return AutomationCore(
        name=f"{PREFIX}problems of {team.replace('_', ' ')}",
        description=f"Tells team {team.replace('_', ' ')} about problems that it owns.",
        trigger=EventTrigger(
            posture=Posture.Reactive,
            match={"prefect.resource.id": f"lockstep.problems.{team}"},
            expect={"lockstep.problem.opened"},
            threshold=1,
            within=timedelta(0),
        ),
        actions=[
            SendNotification(
                block_document_id=block,
                subject="{{ event.payload.summary }}",
                body="{% if event.payload.count and event.payload.count > 1 %}{{ event.payload.count }} of them."
                " {% endif %}What to do: {{ event.payload.next_step }}"
                "{% if flow_run %}\nFound by "
                f"{_LINK}{{% endif %}}",
            )
        ],
    )


def _message_lost(block: UUID) -> AutomationCore:
    """For our reactive rules only: they all send messages. The proactive one finds many a short run ended."""
    return AutomationCore(
        name=f"{PREFIX}a message was not delivered",
        description="Tells a second channel that a message to another one was lost.",
        trigger=EventTrigger(
            posture=Posture.Reactive,
            match={"prefect.resource.id": "prefect.automation.*", "prefect.posture": "Reactive"},
            expect={"prefect.automation.action.failed"},
            for_each={"prefect.resource.id"},
            threshold=1,
            within=QUIET,
        ),
        actions=[
            SendNotification(
                block_document_id=block,
                subject="Lockstep could not deliver a message",
                body="The rule {{ event.resource['prefect.resource.name'] }} fired, but its message was not taken."
                " Check that team's Slack webhook under [people] and look at the open problems in Prefect.",
            )
        ],
    )
