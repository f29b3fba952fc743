"""When a flow is silent: it does not run as its schedule says, or carries implausibly little. In sentences."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.marketplaces import MARKETPLACES
from domain.problems import Problem, ProblemKind
from domain.watch.lulls import HOUR, Lull

WATCH, WATCHER = "problem-watch", "Lockstep"  # the watch's own beat, and whose it is
RESUMED = "Lockstep started again"  # what it notes when it finds that it stood still
PARTLY = "Lockstep, in part"  # its beat when one of its steps failed
STREETS = ("order-ingest", "tracking-push", "inventory-sync")  # the others only look and tell
OFTEN = HOUR / 2  # a street that is due more seldom than that is not waited for
_QUIET = ", too little"  # who has seen that a flow brings little has not seen that it stopped
_LEAST, _LATE_DAY = timedelta(minutes=10), 6 * HOUR
_DOWN, _GRACE = timedelta(minutes=10), HOUR
_CATCHING_UP = 5  # runs at once after a standstill
# What comes by itself all the time, so that its absence says something. Parcels come with files, in batches; what
# goes to Amazon has clocks of its own, and so have stock counts.
_CARRIES = {"order-ingest": "new order", "tracking-push": "parcel"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """When a flow last ran well for one seller account, warehouse connection or marketplace (UTC)."""

    flow: str
    subject: str
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HourOfRuns:
    """How often a flow ran well in an hour (its beginning, UTC), and when last."""

    hour: datetime
    runs: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """A flow that ran for a subject and brought too little for it."""

    flow: str
    subject: str
    lull: Lull


def allowed(every: timedelta) -> timedelta:
    """How long a flow may go without a run: three intervals, ten minutes at least, six hours over a day's."""
    return max(_LEAST, min(3 * every, every + _LATE_DAY))


def is_judged(flow: str, subject: str) -> bool:
    """Whether what a flow carries for a subject is judged by how much is usual."""
    return flow in _CARRIES and (flow != "tracking-push" or subject.startswith("Warehouse"))


def comes_batched(flow: str) -> bool:
    """Whether a flow carries by the file and not one by one."""
    return flow == "tracking-push"


def find_not_run(
    beats: Iterable[Beat],
    schedules: Mapping[str, timedelta],
    resumed: datetime | None,
    open_ones: Collection[str],
    now: datetime,
) -> tuple[Problem, ...]:
    """A problem for each flow that has not run for a subject for clearly longer than its schedule allows.

    `schedules` holds the interval of each flow that is scheduled and not paused. A marketplace has no run of its
    own: its seller account's speaks for it. When everything stood still and has `resumed`, a flow gets a while to
    run before a problem is opened; one of the `open_ones`, by their subjects, stays.
    """
    late = [
        beat
        for beat in beats
        if beat.flow in schedules
        and not _marketplace_of(beat.subject)
        and now - beat.last_at > allowed(schedules[beat.flow])
    ]
    found = [_not_run(beat, schedules[beat.flow], now) for beat in late]
    return tuple(
        problem
        for beat, problem in zip(late, found, strict=True)
        if resumed is None
        or problem.subject in open_ones
        or now - resumed > min(_GRACE, allowed(schedules[beat.flow]))
    )


def may_be_judged(beat: Beat, every: timedelta, resumed: datetime | None, now: datetime) -> bool:
    """Whether how much a flow carried says anything: it runs, and has since everything `resumed`."""
    return now - beat.last_at <= allowed(every) and (resumed is None or beat.last_at > resumed)


def find_quiet(lulls: Iterable[Quiet], now: datetime) -> tuple[Problem, ...]:
    """A problem for each lull; a marketplace whose whole account is quiet is not told of twice."""
    found = list(lulls)
    whole = {(quiet.flow, quiet.subject) for quiet in found}
    return tuple(
        Problem(
            kind=ProblemKind.FLOW_SILENT,
            subject=quiet_subject(quiet.flow, quiet.subject),
            summary=_quiet_words(quiet, now),
            cause=quiet.flow,
        )
        for quiet in found
        if not _marketplace_of(quiet.subject) or (quiet.flow, _account_of(quiet.subject)) not in whole
    )


def quiet_subject(flow: str, subject: str) -> str:
    """What the problem is about that a flow brings too little for a subject."""
    return f"{flow}, {subject}{_QUIET}"


def is_quiet(subject: str) -> bool:
    """Whether a problem of that subject says that a flow brings too little, not that it does not run."""
    return subject.endswith(_QUIET)


def without_told(found: Iterable[Problem], told: Collection[str]) -> tuple[Problem, ...]:
    """The problems but those whose flow and stranger people are told of already, as unreachable or refusing us."""
    flipped = {_flip(one) for one in told}
    return tuple(problem for problem in found if _flow_and_stranger(problem.subject) not in flipped)


def down_since(last_beat: datetime | None, now: datetime) -> datetime | None:
    """Since when nothing watched, when the watch's last beat is too long ago; None at the first start ever."""
    return last_beat if last_beat is not None and now - last_beat > _DOWN else None


def ran_between(row: HourOfRuns, every: timedelta, start: datetime, end: datetime) -> bool:
    """Whether a flow that is due so often ran between two moments, by what one of its hours shows.

    An hour keeps its last run alone. When that is later, so many runs that those before and after cannot be all
    of them show it, too: as many as are due outside, a few more to catch up, and half of those due within.
    """
    if row.last_at <= start:
        return False
    if row.last_at < end:
        return True
    within = min(end, row.hour + HOUR) - max(start, row.hour)
    outside = max(start - row.hour, timedelta(0)) + row.last_at - end
    return within >= _DOWN and (row.runs - _CATCHING_UP) * every >= outside + within / 2


def down_problem(since: datetime, now: datetime, *, others_ran: bool) -> Problem:
    """Nothing ran, or only the watch did not; with what is done about it."""
    span = spell_span(since, now)
    if others_ran:
        summary = (
            f"The watch over problems did not run from {span}, while other flows did. It looks at all now."
        )
    else:
        summary = (
            f"Nothing of Lockstep ran from {span} ({_long(now - since)}): its server, its worker or the ledger"
            " stood still. Orders, tracking and stock of that time are being caught up now, the most urgent first."
        )
    return Problem(kind=ProblemKind.LOCKSTEP_DOWN, subject=span, summary=summary)


def spell_span(since: datetime, until: datetime) -> str:
    """Two moments as a person reads them: "2026-11-25 02:10 to 06:30 UTC"."""
    end = f"{until:%H:%M}" if since.date() == until.date() else f"{until:%Y-%m-%d %H:%M}"
    return f"{since:%Y-%m-%d %H:%M} to {end} UTC"


def _not_run(beat: Beat, every: timedelta, now: datetime) -> Problem:
    summary = (
        f"{beat.flow} has not run well for {beat.subject} since {_moment(beat.last_at, now)}; it is due every"
        f" {_long(every)}."
    )
    subject = f"{beat.flow}, {beat.subject}"
    return Problem(kind=ProblemKind.FLOW_SILENT, subject=subject, summary=summary, cause=beat.flow)


def _quiet_words(quiet: Quiet, now: datetime) -> str:
    lull, what = quiet.lull, _CARRIES[quiet.flow]
    marketplace = _marketplace_of(quiet.subject)
    whose = f" of {_spelled(marketplace)}" if marketplace else ""
    where = _account_of(quiet.subject)
    came = f"no {what}" if not lull.came else f"only {lull.came} {what}{'s' if lull.came > 1 else ''}"
    have = "have" if lull.came > 1 else "has"
    return (
        f"Since {_moment(lull.since, now)} {came}{whose} {have} come from {where}; by now about"
        f" {round(lull.usual)} are usual."
    )


def _marketplace_of(subject: str) -> str:
    """The marketplace id of "Amazon (main) A1F83G8C2ARO7P"; empty where the subject is no marketplace."""
    return subject.rpartition(") ")[2] if ") " in subject else ""


def _account_of(subject: str) -> str:
    return subject.removesuffix(_marketplace_of(subject)).strip()


def _spelled(marketplace: str) -> str:
    shop = MARKETPLACES.get(marketplace)
    return f"Amazon {shop.called}" if shop else marketplace


def _flow_and_stranger(subject: str) -> str:
    flow, _, rest = subject.removesuffix(_QUIET).partition(", ")
    return f"{flow}, {_account_of(rest)}"


def _flip(told: str) -> str:
    """The subject of a stranger's problem, "Amazon (main), order-ingest", with the flow first."""
    stranger, _, flow = told.rpartition(", ")
    return f"{flow}, {stranger}"


def _moment(moment: datetime, now: datetime) -> str:
    return f"{moment:%H:%M} UTC" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M} UTC"


def _long(span: timedelta) -> str:
    """A length of time with its units: "4 hours 20 minutes"."""
    minutes = round(span / timedelta(minutes=1))
    if span < timedelta(minutes=2):
        return f"{round(span.total_seconds())} seconds"
    parts = ((minutes // 1440, "day"), (minutes % 1440 // 60, "hour"), (minutes % 60, "minute"))
    return " ".join(f"{number} {word}{'s' if number != 1 else ''}" for number, word in parts if number)
