"""`lockstep status --exit-code`: is all well, for any cron or monitor. Quick, starts nothing, loads no Prefect."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import sqlalchemy as sa

from deployments.config import find_config, load
from deployments.embedded.postgres import EmbeddedPostgres
from deployments.ledger_place import check_schema
from deployments.own_server import is_ours, own_server
from deployments.schedules import schedules_of_file, schedules_of_server
from deployments.settings import Settings
from domain.errors import Refused, TryAgain
from ledger.connection import Ledger
from ledger.problems import OpenProblem, open_problems
from ledger.register import clock
from ledger.secrecy import new_key
from ledger.watch.beats import last_watch
from ledger.watch.silence import find_unseen

WELL, UNWELL, OVERDUE = 0, 1, 2
_FRESH = timedelta(minutes=5)
_RELIED_ON = timedelta(days=1)  # an acknowledgment keeps a problem from the monitor for so long
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not well, in a sentence; `code` is what the command ends with for it.

    WELL: it is told, and somebody looks after it already.
    """

    code: int
    said: str


def look(config: Path | None) -> tuple[Fault, ...]:
    """Everything that is not well: first Lockstep itself, then problems that people left too long."""
    settings = load(find_config(config), needed={"ledger"})
    faults: list[Fault] = []
    schedules = _schedules(settings, faults)
    try:
        with closing(_ledger(settings)) as ledger:
            check_schema(ledger)
            with ledger.begin() as conn:
                faults += _of_ledger(conn, schedules)
    except (Refused, TryAgain) as error:
        faults.append(Fault(UNWELL, f"Ledger: {error}"))
    return tuple(sorted(faults, key=lambda fault: (fault.code == WELL, fault.code)))


def code_of(faults: tuple[Fault, ...]) -> int:
    """What the command ends with: the graver of what was found."""
    return min((fault.code for fault in faults if fault.code != WELL), default=WELL)


def words_of(faults: tuple[Fault, ...]) -> str:
    """What the command prints: a line for each, and that the rest is well when nobody has to act."""
    lines = [fault.said for fault in faults]
    if code_of(faults) == WELL:
        lines.append("All else is well." if lines else "All is well.")
    return "\n".join(lines)


def _schedules(settings: Settings, faults: list[Fault]) -> dict[str, timedelta]:
    """How often each flow is due; that the server does not answer is a fault, and prefect.yaml speaks for it."""
    try:
        return schedules_of_server(*_server(settings))
    except (TryAgain, Refused, httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error).rstrip(".") or type(error).__name__
        faults.append(Fault(UNWELL, f"Prefect server: it does not answer ({reason}). Start lockstep serve."))
        return schedules_of_file()


def _server(settings: Settings) -> tuple[str, str]:
    """Address of the Prefect server's API, and its login.

    Raises:
        TryAgain: it should be our own, and that does not run.
    """
    if given := os.environ.get("PREFECT_API_URL", "").removesuffix("/"):
        return given, os.environ.get("PREFECT_API_AUTH_STRING", "")
    home = settings.ledger.data_dir / "prefect"
    server = own_server("", home)
    if not (is_ours(home) and server.ready()):
        raise TryAgain(f"no Lockstep of this data folder runs one at {server.api_url}")
    return server.api_url, os.environ.get("PREFECT_SERVER_API_AUTH_STRING", "")


def _ledger(settings: Settings) -> Ledger:
    """The ledger as it runs now.

    Raises:
        TryAgain: the embedded PostgreSQL does not run; it is not started for a look.
    """
    url = settings.ledger.url.get_secret_value()
    if not url:
        embedded = EmbeddedPostgres(settings.ledger.data_dir)
        if not embedded.running():
            raise TryAgain(
                f"the PostgreSQL in {settings.ledger.data_dir} does not run. Start lockstep serve."
            )
        url = embedded.url
    return Ledger(url, new_key())


def _of_ledger(conn: sa.Connection, schedules: dict[str, timedelta]) -> Iterator[Fault]:
    now = clock(conn)
    watched = last_watch(conn)
    if watched is None or now - watched > _FRESH:
        since = f"since {watched:%Y-%m-%d %H:%M} UTC" if watched else "ever"
        yield Fault(
            UNWELL, f"Watch: problem-watch has not run well {since}. Start lockstep serve, or see its log."
        )
    for problem in find_unseen(conn, schedules, now):
        yield Fault(UNWELL, f"Silent: {problem.summary}")
    yield from _overdue(conn, now)


def _overdue(conn: sa.Connection, now: datetime) -> Iterator[Fault]:
    late = [
        problem
        for problem in open_problems(conn)
        if problem.severity == "urgent" and problem.act_by is not None and problem.act_by < now
    ]
    known = [problem for problem in late if _known(problem, now)]
    unknown = [problem for problem in late if not _known(problem, now)]
    for code, some in ((OVERDUE, unknown), (WELL, known)):
        for problem in some[:_SHOWN]:
            yield Fault(code, _late_words(problem, by=code == WELL))
        if len(some) > _SHOWN:
            yield Fault(code, f"Overdue: {len(some) - _SHOWN} more; see lockstep status.")


def _known(problem: OpenProblem, now: datetime) -> bool:
    """Somebody said lately that they look after it; after a day nobody can rely on that any more."""
    return problem.acknowledged_at is not None and now - problem.acknowledged_at < _RELIED_ON


def _late_words(problem: OpenProblem, *, by: bool) -> str:
    team = problem.owner.replace("_", " ")
    who = f", acknowledged by {problem.acknowledged_by}" if by else ""
    return f"Overdue since {problem.act_by:%Y-%m-%d %H:%M} UTC ({team}{who}): {problem.summary}"
