"""Tables and pages in the Prefect UI: in words that people know, and some written only when they say more."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact
from prefect.client.schemas.sorting import ArtifactSort

from domain.marketplaces import with_shops_named

Rows = list[dict[str, object]]
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:\+\d\d:\d\d|Z)$")
_HEADINGS = {"marketplace_id": "marketplace", "seller_sku": "seller SKU", "warehouse_sku": "warehouse SKU"}

_VERSION = timedelta(hours=1)


def show_table(key: str, rows: Rows, description: str, now: datetime, *, empty: Rows | None = None) -> None:
    """Put rows where people look, unless the same ones stand there under the same words.

    `empty` stands for nothing to show: where nothing ever stood, it has not to be taken back. What changes is
    written into the last version while that is younger than an hour at `now` (UTC), else a new version begins:
    a version a minute would fill Prefect's database.
    """
    last = last_shown(key)
    if last is None:
        if rows == empty:
            return
    elif (rows_of(last), last.description) == (rows, description):
        return
    elif last.created is not None and now - last.created < _VERSION:
        _rewrite(last, json.dumps(rows), description)
        return
    create_table_artifact(key=key, table=rows, description=description)


def show_text(key: str, markdown: str, description: str) -> None:
    """Put a page where people look; it is always the same one, so that a link to it leads to what is so today."""
    last = last_shown(key)
    if last is None:
        create_markdown_artifact(key=key, markdown=markdown, description=description)
    elif (last.data, last.description) != (markdown, description):
        _rewrite(last, markdown, description)


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


def last_shown(key: str) -> Artifact | None:
    """The last version of what stands under that key; None when nothing ever did."""
    named = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=named, sort=ArtifactSort.CREATED_DESC, limit=1)
    return found[0] if found else None


def rows_of(artifact: Artifact) -> object:
    """The rows of a table as they were put there."""
    return json.loads(artifact.data) if isinstance(artifact.data, str) else artifact.data


def _rewrite(artifact: Artifact, data: str, description: str) -> None:
    update = ArtifactUpdate(data=data, description=description)
    with get_client(sync_client=True) as client:
        # The client's own update_artifact sends all data along in an event: that would be stored a minute, too.
        client.request(
            "PATCH",
            "/artifacts/{id}",
            json=update.model_dump(mode="json", exclude_unset=True),
            path_params={"id": artifact.id},
        )
