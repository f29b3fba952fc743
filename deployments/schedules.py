"""How often each flow is due: by the Prefect server's word, else by prefect.yaml. Loads no Prefect."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from ruamel.yaml import YAML

from domain.watch.silence import every_of_cron

PREFECT_FILE = Path(__file__).resolve().parent.parent / "prefect.yaml"
_PATIENCE, _MOST = 5.0, 200


def schedules_of_file(file: Path = PREFECT_FILE) -> dict[str, timedelta]:
    """The intervals that prefect.yaml gives, by flow."""
    content = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    return {
        str(entry["entrypoint"]).rpartition(":")[2].replace("_", "-"): _every(schedule)
        for entry in content["deployments"]
        for schedule in entry.get("schedules", [])
    }


def schedules_of_server(api_url: str, login: str) -> dict[str, timedelta]:
    """The intervals that the server keeps, by flow; a paused one is left out.

    Raises:
        httpx.HTTPError: the server does not answer.
    """
    auth = httpx.BasicAuth(*login.split(":", 1)) if login else None
    with httpx.Client(base_url=api_url, auth=auth, timeout=_PATIENCE) as client:
        flows = {flow["id"]: flow["name"] for flow in _all(client, "/flows/filter")}
        found = _all(client, "/deployments/filter")
    return {
        flows[one["flow_id"]]: _every(entry["schedule"])
        for one in found
        if not one["paused"]
        for entry in one["schedules"]
        if entry["active"]
    }


def _all(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    answer = client.post(path, json={"limit": _MOST}).raise_for_status()
    found: list[dict[str, Any]] = answer.json()
    return found


def _every(schedule: Mapping[str, Any]) -> timedelta:
    if schedule.get("cron"):
        return every_of_cron(str(schedule["cron"]))
    return timedelta(seconds=float(schedule["interval"]))
