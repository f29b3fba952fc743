"""Tables in the Prefect UI that are written only when they say something new."""

import json

from prefect.artifacts import create_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

Rows = list[dict[str, object]]


def show_table(key: str, rows: Rows, description: str, *, empty: Rows) -> None:
    """Put rows where people look, unless the same ones stand there; `empty` stands for nothing to show.

    Where nothing ever stood, nothing has to be taken back.
    """
    if rows != _last_shown(key, empty):
        create_table_artifact(key=key, table=rows, description=description)


def _last_shown(key: str, empty: Rows) -> object:
    named = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=named, sort=ArtifactSort.UPDATED_DESC, limit=1)
    if not found:
        return empty
    return json.loads(found[0].data) if isinstance(found[0].data, str) else found[0].data
