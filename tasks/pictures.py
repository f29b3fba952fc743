"""Pictures and pages in the Prefect UI: small ones, because every version is kept, and only when they are due."""

import base64

from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort


def picture(png: bytes, alt: str) -> str:
    """A picture as a part of a markdown page; `alt` says in words what it shows.

    An image artifact would show its whole address under the picture, and the address is the picture.
    """
    return f"![{alt}](data:image/png;base64,{base64.b64encode(png).decode('ascii')})"


def page_is_due(key: str, mark: str) -> bool:
    """Whether the page that stands under a key is another one than `mark` names, or none."""
    named = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=named, sort=ArtifactSort.UPDATED_DESC, limit=1)
    return not found or found[0].description != mark


def show_page(key: str, markdown: str, mark: str) -> None:
    """Put a page where people look; `mark` is its line in the list, by which it is known again."""
    create_markdown_artifact(key=key, markdown=markdown, description=mark)
