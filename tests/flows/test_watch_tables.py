"""Tables and pages in a real Prefect: written when they say something else, a version an hour at most."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact

from deployments.embedded.prefect_server import PrefectServer
from flows.doors import utc_now
from tasks.links import artifact_link
from tasks.tables import Rows, last_shown, rows_of, show_table, show_text

pytestmark = pytest.mark.usefixtures("prefect")
NONE: Rows = [{"order": "none"}]
show = flow(name="show a table", validate_parameters=False)(show_table)  # artifacts belong to runs

write = flow(name="show a page", validate_parameters=False)(show_text)


def versions(key: str) -> Sequence[Artifact]:
    named = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    with get_client(sync_client=True) as client:
        return client.read_artifacts(artifact_filter=named)


def newest(key: str) -> tuple[object, str | None, datetime | None]:
    """What a person sees under the key, and when it was written last."""
    with get_client(sync_client=True) as client:
        found = client._client.get(f"/artifacts/{key}/latest")
    artifact = Artifact.model_validate(found.json())
    return rows_of(artifact), artifact.description, artifact.updated


@pytest.fixture
def key() -> str:
    """The name of a table that nobody wrote yet."""
    return f"table-{uuid4().hex[:8]}"


def test_a_table_that_says_the_same_is_not_written(key: str, prefect: PrefectServer) -> None:
    """The same rows under the same words leave the last version as it is, however long it stands."""
    assert prefect.api_url
    show(key, [{"order": "1"}], "one order", utc_now())
    before = newest(key)
    for hours in (0, 2):
        show(key, [{"order": "1"}], "one order", utc_now() + timedelta(hours=hours))
    assert newest(key) == before
    assert len(versions(key)) == 1


def test_a_young_table_is_written_in_place(key: str) -> None:
    """Other rows, or other words, within the hour replace what the last version said."""
    show(key, [{"order": "1"}], "one order", utc_now())
    show(key, [{"order": "1"}, {"order": "2"}], "one order", utc_now())
    show(key, [{"order": "1"}, {"order": "2"}], "two orders", utc_now())
    rows, words, _ = newest(key)
    assert (rows, words) == ([{"order": "1"}, {"order": "2"}], "two orders")
    assert len(versions(key)) == 1


def test_an_old_table_gets_a_new_version(key: str) -> None:
    """After an hour what is new begins another version, and the last one stays as it was."""
    show(key, [{"order": "1"}], "one order", utc_now())
    show(key, [{"order": "2"}], "one order", utc_now() + timedelta(minutes=61))
    assert newest(key)[0] == [{"order": "2"}]
    assert sorted(str(rows_of(one)) for one in versions(key)) == ["[{'order': '1'}]", "[{'order': '2'}]"]


def test_nothing_is_taken_back_where_nothing_stood(key: str) -> None:
    """Rows that stand for nothing are written only after something stood there, or when asked for."""
    show(key, NONE, "no orders", utc_now(), empty=NONE)
    assert last_shown(key) is None
    show(key, [{"order": "1"}], "one order", utc_now(), empty=NONE)
    show(key, NONE, "no orders", utc_now(), empty=NONE)
    assert newest(key)[0] == NONE


def test_a_link_to_a_page_leads_to_what_it_says_today(key: str) -> None:
    """A page is always the same one, written anew when it says something else; its link never changes."""
    assert artifact_link(key).endswith("/artifacts")  # nothing stands there yet: the list of all
    links = set()
    for said in ("# one", "# one", "# two", "# three"):
        write(key, said, said[2:])
        shown = last_shown(key)
        assert shown is not None
        assert (shown.data, shown.description) == (said, said[2:])
        links.add(artifact_link(key))
    assert [link.rpartition("/artifacts/artifact/")[2] for link in links] == [str(versions(key)[0].id)]


def test_a_link_leads_to_the_last_version_of_a_table(key: str) -> None:
    """Of the versions of a table the newest is linked."""
    show(key, [{"order": "1"}], "one order", utc_now())
    first = artifact_link(key)
    show(key, [{"order": "2"}], "one order", utc_now() + timedelta(minutes=61))
    assert artifact_link(key) != first
