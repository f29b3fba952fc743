"""Make a Prefect server look like this repository: work pool, queues, channels, automations, deployments.

Every function may run again at any time and changes only what differs; each returns what it changed, one
sentence a line. What an operator has paused in the UI stays paused.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyOptions
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import SCHEDULE_TYPES
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    temporary_settings,
)
from prefect.utilities.callables import parameter_schema
from prefect.workers.process import ProcessWorker
from pydantic import TypeAdapter
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from deployments.automations import install_automations
from deployments.channels import install_channels
from deployments.choices import NO_CHOICES, Choices, as_form, only_choices
from domain.errors import Refused
from tasks.watch.intervals import OURS

POOL = "lockstep"
# Prefect takes due runs of a lower number first. Tracking outranks everything: its lateness is what Amazon
# counts. People come next: somebody waits for the answer to a form.
QUEUES = {"tracking": 1, "people": 2, "orders": 3, "inventory": 4}

_THIS_POOL = {"work_pool_name": POOL}
_CHECKOUT = "{{ $LOCKSTEP_CHECKOUT }}"


@contextmanager
def talking_to(environment: Mapping[str, str]) -> Iterator[None]:
    """Let Prefect's client in this process use the server that `environment` names."""
    # The heartbeat too: a run of this process would else look dead to the rule for runs without a word.
    settings = (PREFECT_API_URL, PREFECT_API_AUTH_STRING, PREFECT_FLOWS_HEARTBEAT_FREQUENCY)
    with temporary_settings({s: environment[s.name] for s in settings if s.name in environment}):
        yield


def install_all(
    prefect_file: Path,
    checkout: Path,
    *,
    people: Mapping[str, str] | None = None,
    every: Mapping[str, float] | None = None,
    choices: Choices = NO_CHOICES,
) -> list[str]:
    """Everything this module's first line names; `people` maps a team to the address of its channel.

    `every` replaces the interval, in seconds, of the flows it names (`order-ingest`); `choices` is what the
    drop-downs of forms offer.

    Raises:
        Refused: an address or prefect.yaml says something that cannot be done.
    """
    with get_client(sync_client=True) as client:
        changes = install_pool(client)
        changes += install_channels(client, people or {})
        changes += install_automations(client, sorted(people or {}))
        return changes + install_deployments(
            client, prefect_file, checkout, every=every or {}, choices=choices
        )


def install_pool(client: SyncPrefectClient) -> list[str]:
    """The work pool and its queues, ranked."""
    changes = []
    try:
        client.read_work_pool(POOL)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process", base_job_template=template))
        changes.append(f"Work pool {POOL} made.")
    for name, priority in QUEUES.items():
        # Read again each time: giving one queue a rank moves the ones behind it.
        there = {queue["name"]: queue for queue in _queues(client)}
        if name not in there:
            queue = {"name": name, "priority": priority}
            client.request("POST", "/work_pools/{work_pool_name}/queues", path_params=_THIS_POOL, json=queue)
            changes.append(f"Work queue {name} made.")
        elif there[name]["priority"] != priority:
            rank = {"priority": priority}
            where = {**_THIS_POOL, "name": name}
            client.request(
                "PATCH", "/work_pools/{work_pool_name}/queues/{name}", path_params=where, json=rank
            )
            changes.append(f"Work queue {name} moved to rank {priority}.")
    return changes


def _queues(client: SyncPrefectClient) -> list[dict[str, Any]]:
    found = client.request(
        "POST", "/work_pools/{work_pool_name}/queues/filter", path_params=_THIS_POOL, json={}
    )
    return list(found.json())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One deployment as prefect.yaml and the flow's own code want it; `payload` is what the API is given."""

    flow_name: str
    payload: dict[str, Any]

    @property
    def name(self) -> str:
        """Flow and deployment, as Prefect's pages call it."""
        return f"{self.flow_name}/{self.payload['name']}"

    @property
    def version(self) -> str:
        """A fingerprint of the whole wish, kept as the deployment's version, tells whether anything differs."""
        spelled = json.dumps(self.payload, sort_keys=True, default=str)
        return hashlib.sha256(spelled.encode()).hexdigest()[:12]


def install_deployments(
    client: SyncPrefectClient,
    prefect_file: Path,
    checkout: Path,
    *,
    every: Mapping[str, float],
    choices: Choices,
) -> list[str]:
    """The deployments of `prefect_file`, run from `checkout`; ours that the file no longer names are removed.

    Raises:
        Refused: the file cannot be read, or `every` names a flow that it does not.
    """
    wanted = {wish.name: wish for wish in read_file(prefect_file, checkout.resolve(), every, choices)}
    ours = [d for d in client.read_deployments() if d.work_pool_name == POOL and OURS in d.tags]
    found = {_full_name(client, deployment): deployment for deployment in ours}
    changes = []
    for name, wish in wanted.items():
        there = found.get(name)
        if there is None or there.version != wish.version:
            _apply(client, wish, there)
            changes.append(f"Deployment {name} {'made' if there is None else 'changed'}.")
    for name in sorted(set(found) - set(wanted)):
        client.delete_deployment(found[name].id)
        changes.append(f"Deployment {name} removed.")
    return changes


def _full_name(client: SyncPrefectClient, deployment: DeploymentResponse) -> str:
    return f"{client.read_flow(deployment.flow_id).name}/{deployment.name}"


def _apply(client: SyncPrefectClient, wish: Wanted, there: DeploymentResponse | None) -> None:
    payload = dict(wish.payload)
    options = payload.pop("concurrency_options")
    paused = {schedule.slug for schedule in there.schedules if not schedule.active} if there else set()
    schedules = [
        DeploymentScheduleCreate(
            schedule=_SCHEDULE.validate_python(entry["schedule"]),
            slug=entry["slug"],
            active=entry["slug"] not in paused,
        )
        for entry in payload.pop("schedules")
    ]
    client.create_deployment(
        flow_id=client.create_flow_from_name(wish.flow_name),
        version=wish.version,
        schedules=schedules,
        concurrency_options=ConcurrencyOptions(**options) if options else None,
        paused=there.paused if there else False,
        work_pool_name=POOL,
        **payload,
    )


_SCHEDULE: TypeAdapter[SCHEDULE_TYPES] = TypeAdapter(SCHEDULE_TYPES)
_SCHEDULE_WORDS = {"slug", "interval", "cron", "rrule", "anchor_date", "timezone"}


def read_file(
    prefect_file: Path, checkout: Path, every: Mapping[str, float], choices: Choices
) -> list[Wanted]:
    """The deployments that the file asks for, a form with the choices that there are.

    Raises:
        Refused: the file cannot be read, or `every` names a flow that it does not.
    """
    try:
        text = prefect_file.read_text(encoding="utf-8").replace(_CHECKOUT, str(checkout))
        content = YAML(typ="safe").load(text)
        entries = [one for entry in content["deployments"] for one in choices.spread(entry)]
        wanted = [_wish(entry, content, checkout, every, choices) for entry in entries]
    except (OSError, YAMLError, KeyError, TypeError, ValueError) as error:
        raise Refused(f"{prefect_file} cannot be installed: {error}. Correct it and try again.") from error
    if unknown := set(every) - {wish.flow_name for wish in wanted}:
        raise Refused(
            f"{prefect_file} has no flow called {', '.join(sorted(unknown))}; no interval to change."
        )
    return wanted


def _wish(
    entry: Mapping[str, Any],
    content: Mapping[str, Any],
    checkout: Path,
    every: Mapping[str, float],
    choices: Choices,
) -> Wanted:
    path, _, function = str(entry["entrypoint"]).rpartition(":")
    flow: Flow[..., object] = load_flow_from_entrypoint(f"{checkout / path}:{function}")
    limit = entry.get("concurrency_limit")
    options = (
        {key: value for key, value in limit.items() if key != "limit"} if isinstance(limit, dict) else None
    )
    parameters = entry.get("parameters", {})
    form = as_form(parameter_schema(flow).model_dump_for_openapi(), choices.lists(parameters))
    payload = {
        "name": entry["name"],
        "entrypoint": entry["entrypoint"],
        "description": entry.get("description") or flow.description,
        "tags": sorted({OURS, *entry.get("tags", [])}),
        "parameters": {**only_choices(form), **parameters},
        "parameter_openapi_schema": form,
        "enforce_parameter_schema": True,
        "pull_steps": content["pull"],
        "work_queue_name": entry["work_pool"]["work_queue_name"],
        "concurrency_limit": limit["limit"] if isinstance(limit, dict) else limit,
        "concurrency_options": options,
        "schedules": [_schedule(raw, every.get(flow.name)) for raw in entry.get("schedules", [])],
    }
    return Wanted(flow_name=flow.name, payload=payload)


def _schedule(raw: Mapping[str, Any], seconds: float | None) -> dict[str, Any]:
    if wrong := set(raw) - _SCHEDULE_WORDS:
        raise ValueError(f"a schedule does not know the word {', '.join(sorted(wrong))}")
    words = {key: value for key, value in raw.items() if key != "slug"}
    if "interval" in words:
        words["interval"] = timedelta(seconds=seconds or words["interval"])
    return {"slug": raw["slug"], "schedule": words}
