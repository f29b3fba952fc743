"""What needs somebody, as a page in the Prefect UI that a person can run the day from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.manners import MANNERS
from domain.watch.notices import Part, by_cause
from domain.watch.to_do import MOST_CAUSES, Fix, first_unseen, headline, to_do_page
from ledger.connection import Ledger
from ledger.watch.notices import load_open
from tasks.links import BY_ORDER, Form, fix_link, load_forms
from tasks.tables import show_text

ARTIFACT = "to-do"
_ACKNOWLEDGE = "acknowledge-problem"


@task(task_run_name="show what needs somebody", cache_policy=NO_CACHE, persist_result=False, retries=2)
def show_to_do(ledger: Ledger, now: datetime) -> int:
    """Put what needs somebody where people look, the most urgent first (UTC); how many causes."""
    with ledger.begin() as conn:
        parts = by_cause(load_open(conn), now)
    wanted = {_ACKNOWLEDGE} | {MANNERS[part.group.kind].form for part in parts} - {""}
    forms = load_forms(sorted(wanted)) if parts else {}
    fixes = {part.group: _fix(part, forms) for part in parts[:MOST_CAUSES]}
    show_text(ARTIFACT, to_do_page(parts, fixes, now), headline(parts, now))
    return len(parts)


def _fix(part: Part, forms: Mapping[str, Sequence[Form]]) -> Fix:
    name, unseen = MANNERS[part.group.kind].form, first_unseen(part)
    return Fix(
        form=fix_link(forms.get(name, []), part) if name else "",
        acknowledge=fix_link(forms.get(_ACKNOWLEDGE, []), replace(part, problems=(unseen,)))
        if unseen
        else "",
        single=name in BY_ORDER,
    )
