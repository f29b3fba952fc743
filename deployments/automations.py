"""How trouble reaches people: the rules of the Prefect server that post into the teams' channels.

The rules live in the Prefect server, so they work when the flows do not. The channel tries three times; the record
of every problem is the ledger.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger, Posture

from deployments.channels import channel_name, channels
from domain.problems import Team
from domain.watch.notices import What
from tasks.telling import MESSAGE
from tasks.watch.notices import EVENT

PREFIX = "Lockstep: "
PEOPLE = "people"  # the work queue of all forms (prefect.yaml)
HEARTBEAT_PATIENCE = timedelta(seconds=90)  # three of the workers' 30-second heartbeats
QUIET = timedelta(
    minutes=10
)  # one message per flow in this time; a street that fails every minute says it once

_LINK = "{{ flow_run|ui_url }}"
_PROBLEMS = {f"{EVENT}.{what}" for what in What}
_TEXT = "{{ event.payload.body }}{% if event.payload.link %}\n{{ event.payload.link }}{% endif %}"


def install_automations(client: SyncPrefectClient, teams: Iterable[str]) -> list[str]:
    """The rules for `teams`, whose channels exist; rules of ours that are not wanted any more are removed.

    A rule that somebody has switched off in the UI stays off.
    """
    there = channels(client)
    blocks = {team: there[channel_name(team)][1] for team in teams}
    wanted = {rule.name: rule for rule in _rules(blocks)}
    found = {rule.name: rule for rule in client.read_automations() if rule.name.startswith(PREFIX)}
    changes = []
    for name, rule in wanted.items():
        known = found.get(name)
        if known is None:
            client.create_automation(rule)
            changes.append(f"Automation {name!r} made.")
        elif _spelled(known) != _spelled(rule):
            client.update_automation(known.id, rule.model_copy(update={"enabled": known.enabled}))
            changes.append(f"Automation {name!r} changed.")
    for name in sorted(set(found) - set(wanted)):
        client.delete_automation(found[name].id)
        changes.append(f"Automation {name!r} removed.")
    return changes


def told_at(team: str, teams: Iterable[str]) -> str:
    """The team whose channel hears what is for `team`: its own, else the one that is nearest; empty: nobody's."""
    named = sorted(teams)
    return next((one for one in (team, Team.OPERATIONS, Team.INTEGRATION, *named) if one in named), "")


def _spelled(rule: AutomationCore | Automation) -> dict[str, Any]:
    core = AutomationCore.model_validate(rule.model_dump())
    return core.model_dump(exclude={"enabled": True, "trigger": {"id"}})


def _rules(blocks: Mapping[str, UUID]) -> list[AutomationCore]:
    rules = [_no_heartbeat()]
    if not blocks:
        return rules
    rules += [_team_told(team, told_at(team, blocks), blocks) for team in Team]
    elsewhere = _not_read_by_operations(blocks)
    if elsewhere:
        rules.append(_overdue(elsewhere, blocks[told_at(Team.OPERATIONS, blocks)]))
    integration = blocks[told_at(Team.INTEGRATION, blocks)]
    rules += [_run_failed(integration), _run_late(integration)]
    others = [team for team in blocks if team != told_at(Team.INTEGRATION, blocks)]
    if others:
        rules.append(_message_lost(blocks[told_at(Team.OPERATIONS, others)]))
    return rules


def _team_told(team: str, reader: str, blocks: Mapping[str, UUID]) -> AutomationCore:
    """A team's problems and messages. Who reads for a team without a channel sees for whom it is."""
    return AutomationCore(
        name=f"{PREFIX}tell {team.replace('_', ' ')}",
        description=f"Tells team {team.replace('_', ' ')} about its problems and sends its messages"
        + ("." if reader == team else f", at {reader}, because it has no channel of its own."),
        trigger=_on_event([f"lockstep.problems.{team}", f"lockstep.messages.{team}"], {*_PROBLEMS, MESSAGE}),
        actions=[_send(blocks[reader], "" if reader == team else f"[{_spoken(team)}] ")],
    )


def _not_read_by_operations(teams: Iterable[str]) -> list[str]:
    named = list(teams)
    reader = told_at(Team.OPERATIONS, named)
    return [team for team in Team if told_at(team, named) != reader]


def _overdue(elsewhere: Sequence[str], block: UUID) -> AutomationCore:
    """What is overdue, of the teams that operations does not read anyway, and that it is settled after all."""
    return AutomationCore(
        name=f"{PREFIX}tell operations what is overdue",
        description="Tells team operations about overdue problems of the other teams, and when they are settled.",
        trigger=_on_event([f"lockstep.problems.{team}" for team in elsewhere], _PROBLEMS, stage="overdue"),
        actions=[_send(block, "[{{ event.resource.owner|replace('_', ' ') }}] ")],
    )


def _on_event(resources: list[str], events: set[str], stage: str = "") -> EventTrigger:
    return EventTrigger(
        posture=Posture.Reactive,
        match={"prefect.resource.id": resources, **({"stage": stage} if stage else {})},
        expect=events,
        threshold=1,
        within=timedelta(0),
    )


def _send(block: UUID, start: str) -> SendNotification:
    return SendNotification(
        block_document_id=block, subject=start + "{{ event.payload.subject }}", body=_TEXT
    )


def _spoken(team: str) -> str:
    return team.replace("_", " ")


def _run_failed(block: UUID) -> AutomationCore:
    return AutomationCore(
        name=f"{PREFIX}a run failed",
        description="Tells team integration when a run fails, crashes or times out. A form that somebody has to"
        " fill in otherwise is none of these: it ends as Not done.",
        trigger=_on_run({"prefect.flow-run.Failed", "prefect.flow-run.Crashed", "prefect.flow-run.TimedOut"}),
        actions=[
            SendNotification(
                block_document_id=block,
                subject="{{ flow.name }} did not finish: {{ flow_run.state.name }}",
                body="{{ flow_run.state.message }}\n"
                "{% if flow_run.work_queue_name == '"
                + PEOPLE
                + "' %}Somebody sent this form and sees the same. What it had kept goes on with the next run of its"
                " street.{% else %}It starts again on its schedule and reads on from the ledger.{% endif %}"
                f" If it keeps failing, open the run and read the last lines of its log.\n{_LINK}",
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
                " Run lockstep doctor, check [people], and look at the open problems in Prefect.",
            )
        ],
    )
