"""A form: say that you have seen a problem and deal with it, or that it is dealt with."""

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed
from pydantic import Field

from domain.errors import Refused
from domain.problems import ProblemKind
from flows.doors import open_ledger, utc_now
from flows.endings import says_why
from flows.forms import signed
from ledger.watch.acknowledging import Seen
from tasks.watch.acknowledging import keep_seen

KINDS = {kind.replace("_", " "): kind for kind in ProblemKind}


@flow(name="acknowledge-problem", flow_run_name="acknowledge-problem")
@says_why
def acknowledge_problem(
    note: Annotated[
        str,
        Field(
            min_length=1,
            description="What you do or did about it. Never anything about a buyer: no name, no address.",
        ),
    ],
    your_name: Annotated[
        str, Field(min_length=1, description="Who has seen it; it is kept with the problem.")
    ],
    problem: Annotated[
        int,
        Field(
            ge=0,
            description="The problem's number, as the page to-do and the table of open problems show it; 0: it is"
            " named by kind and subject below.",
        ),
    ] = 0,
    kind: Annotated[
        str,
        Field(
            json_schema_extra={"enum": ["", *KINDS]},
            description="Without a number: what kind of problem it is.",
        ),
    ] = "",
    subject: Annotated[
        str,
        Field(
            description="Without a number: what it is about, such as the order, the parcel or the file, exactly as"
            " report.problems has it."
        ),
    ] = "",
) -> State[None]:
    """Keep that somebody looks after a problem. What only a person can see end is over with that.

    Args:
        note: What you do or did about it; never anything about a buyer.
        your_name: Who has seen it; it is kept with the problem.
        problem: The problem's number, as the page to-do shows it; 0: it is named by kind and subject below.
        kind: Without a number: what kind of problem it is.
        subject: Without a number: what it is about, exactly as report.problems has it.
    """
    seen = Seen(
        number=problem,
        kind=_kind(kind) if not problem else "",
        subject=subject.strip(),
        note=note,
        author=signed(your_name),
    )
    with open_ledger() as ledger:
        said = keep_seen(ledger, seen, utc_now())
    get_run_logger().info("%s", said)
    return Completed(message=said)


def _kind(words: str) -> str:
    """The kind that a person chose, in plain words or as report.problems spells it."""
    found = KINDS.get(" ".join(words.replace("_", " ").split()).lower())
    if found is None:
        raise Refused(
            "Give the problem's number from the table of open problems, or its kind and what it is about."
            " Nothing changed."
        )
    return found
