"""How often each flow is due: by the Prefect server's word, else by prefect.yaml. Loads no Prefect."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from ruamel.yaml import YAML

from domain.errors import TryAgain
from tasks.watch.intervals import OURS, interval_of

PREFECT_FILE = Path(__file__).resolve().parent.parent / "prefect.yaml"
_PATIENCE, _PAGE = 5.0, 200


def schedules_of_file(file: Path = PREFECT_FILE) -> dict[str, timedelta]:
    """The intervals that prefect.yaml gives, by flow."""
    content = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    return _soonest(
        (str(entry["entrypoint"]).rpartition(":")[2].replace("_", "-"), schedule)
        for entry in content["deployments"]
        for schedule in entry.get("schedules", [])
    )


def schedules_of_server(api_url: str, login: str) -> dict[str, timedelta]:
    """The intervals that the server keeps, by flow of ours; what is paused or cannot be read is left out.

    Raises:
        httpx.HTTPError: the server does not answer.
        TryAgain: something answers that is no Prefect server.
    """
    auth = httpx.BasicAuth(*login.split(":", 1)) if login else None
    try:
        with httpx.Client(base_url=api_url, auth=auth, timeout=_PATIENCE) as client:
            flows = {flow["id"]: flow["name"] for flow in _all(client, "/flows/filter")}
            found = _all(client, "/deployments/filter")
        return _soonest(
            (flows[one["flow_id"]], entry["schedule"])
            for one in found
            if not one["paused"] and one["flow_id"] in flows
            for entry in one["schedules"]
            if entry["active"]
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TryAgain(f"what answers at {api_url} does not speak as a Prefect server does") from error


def _soonest(schedules: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, timedelta]:
    """Each flow with the shortest interval of its schedules."""
    found: dict[str, timedelta] = {}
    for flow, schedule in schedules:
        if (every := interval_of(schedule)) is not None:
            found[flow] = min(every, found.get(flow, every))
    return found


def _all(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    """All of ours on the server, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        asked = {"deployments": {"tags": {"all_": [OURS]}}, "limit": _PAGE, "offset": len(found)}
        page = client.post(path, json=asked).raise_for_status().json()
        if not isinstance(page, list):
            raise TypeError(path)
        found += page
        if len(page) < _PAGE:
            return found
