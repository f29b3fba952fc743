"""Teams are told about their problems: one event per message, which an automation of the Prefect server sends."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.events import Event

from domain.manners import MANNERS
from domain.watch.notice_words import body_lines, due_words, first_due, kind_words, subject_line, summary_of
from domain.watch.notices import Notice, What, decide_notices, fallen_back
from ledger.connection import Ledger
from ledger.watch.notices import forget_notices, load_standing, record_notices, record_stages
from tasks.links import Form, artifact_link, fix_link, load_forms

EVENT = "lockstep.problem"
TELLING = "tell the teams"  # one run at a time: two would say everything twice
_PAGE = "to-do"


@task(task_run_name=TELLING, cache_policy=NO_CACHE, retries=2)
def announce(ledger: Ledger, now: datetime) -> int:
    """Tell each team what is new, nearer or over, one event per message; how many problems are new to them.

    They count as told when the events are out: rather told twice than never. While another run tells them, this
    one leaves it alone.
    """
    with ledger.only_one(TELLING) as alone:
        return _announce(ledger, now) if alone else 0


def _announce(ledger: Ledger, now: datetime) -> int:
    with ledger.begin() as conn:
        standing = load_standing(conn, now)
        forget_notices(conn, now)
    notices = decide_notices(standing.open_ones, standing.cleared, standing.told, now)
    wanted = {_form(notice) for notice in notices} - {""}
    forms = load_forms(sorted(wanted)) if wanted else {}
    page = artifact_link(_PAGE) if notices else ""
    _send([event_of(notice, forms, page, now) for notice in notices])
    with ledger.begin() as conn:
        record_notices(conn, notices, now)
        record_stages(conn, fallen_back(standing.open_ones, now))
    fresh = {one.id for one in standing.open_ones if one.told is None}
    return sum(len(fresh & set(part.news)) for notice in notices for part in notice.parts)


def event_of(notice: Notice, forms: Mapping[str, Sequence[Form]], page: str, now: datetime) -> Event:
    """The event of one message, which leads to `page`."""
    resource = {
        "prefect.resource.id": f"lockstep.problems.{notice.owner}",
        "owner": notice.owner,
        "stage": str(notice.stage),
    }
    return Event(
        event=f"{EVENT}.{notice.what}",
        resource=resource,
        payload={**payload_of(notice, forms, now), "link": page},
    )


def _send(events: Sequence[Event]) -> None:
    """Hand the events over and wait until the server has them: emit_event does not say when they are lost."""
    if events:
        with get_client(sync_client=True) as client:
            client.request("POST", "/events", json=[event.model_dump(mode="json") for event in events])


def payload_of(notice: Notice, forms: Mapping[str, Sequence[Form]], now: datetime) -> dict[str, object]:
    """What an event says: the words of the message, and the same as single values."""
    one = notice.parts[0] if len(notice.parts) == 1 else None
    form = _form(notice)
    fix = fix_link(forms.get(form, []), notice.parts[0]) if form else ""
    lines = [*body_lines(notice), *([f"Form {form}: {fix}"] if form else [])]
    return {
        "subject": subject_line(notice, now),
        "body": "\n".join(lines),
        "kind": kind_words(one.group.kind) if one else "several",
        "kinds": sorted({kind_words(part.group.kind) for part in notice.parts}),
        "count": sum(len(part.problems) for part in notice.parts),
        "affected": notice.affected,
        "summary": summary_of(notice),
        "next_step": MANNERS[one.group.kind].next_step if one else "",
        "act_by": due_words(first_due(notice), now),
        "stage": str(notice.stage),
        "form": form,
        "form_link": fix,
    }


def _form(notice: Notice) -> str:
    """The form that settles it; a digest and an end have none."""
    if len(notice.parts) > 1 or notice.what is What.CLEARED:
        return ""
    return MANNERS[notice.parts[0].group.kind].form
