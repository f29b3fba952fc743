"""Tables in the Prefect UI: in words that people know, and some written only when they say something new."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from prefect.artifacts import create_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

from domain.marketplaces import with_shops_named

Rows = list[dict[str, object]]
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:\+\d\d:\d\d|Z)$")
_HEADINGS = {"marketplace_id": "marketplace", "seller_sku": "seller SKU", "warehouse_sku": "warehouse SKU"}


def show_table(key: str, rows: Rows, description: str, *, empty: Rows) -> None:
    """Put rows where people look, unless the same ones stand there; `empty` stands for nothing to show.

    Where nothing ever stood, nothing has to be taken back.
    """
    if rows != _last_shown(key, empty):
        create_table_artifact(key=key, table=rows, description=description)


def for_people(rows: Iterable[Mapping[str, object]]) -> Rows:
    """Rows of the ledger as people read them: "Amazon UK" under "marketplace", a state in small letters.

    Moments as ISO 8601 become UTC to the minute, and true is yes.
    """
    return [{_heading(name): _cell(name, value) for name, value in row.items()} for row in rows]


def _heading(name: str) -> str:
    return _HEADINGS.get(name, name.replace("_", " "))


def _cell(name: str, value: object) -> object:
    if value is None or isinstance(value, bool):
        return "yes" if value else ""
    if not isinstance(value, str):
        return value
    if _MOMENT.match(value):
        return f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return value.replace("_", " ").lower() if name == "state" else with_shops_named(value)


def _last_shown(key: str, empty: Rows) -> object:
    named = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=named, sort=ArtifactSort.UPDATED_DESC, limit=1)
    if not found:
        return empty
    return json.loads(found[0].data) if isinstance(found[0].data, str) else found[0].data
