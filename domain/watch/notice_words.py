"""What a message about problems says, in plain English: nobody has to know this house's words to understand it."""

from collections import Counter
from datetime import datetime

from domain.manners import MANNERS
from domain.marketplaces import with_shops_named
from domain.problem_kinds import ProblemKind
from domain.watch.notices import Notice, Part, Stage, What

_K = ProblemKind
_ORDERS, _PARCELS, _LISTINGS = ("order", "orders"), ("parcel", "parcels"), ("listing", "listings")

# What of each kind waits, one and many; a kind that is not named is counted in problems.
UNITS: dict[ProblemKind, tuple[str, str]] = {
    **dict.fromkeys(
        (
            _K.ORDER_UNREADABLE,
            _K.UNMAPPED_SKU,
            _K.UNMAPPED_SHIP_METHOD,
            _K.BAD_ADDRESS,
            _K.CANCEL_REQUESTED,
            _K.CANCEL_TOO_LATE,
            _K.HELD_BY_PERSON,
            _K.UNFULFILLABLE,
            _K.REJECTED_BY_WAREHOUSE,
            _K.RELEASE_UNANSWERED,
            _K.CONFIRMED_ELSEWHERE,
            _K.CARRIER_GAP,
            _K.UNKNOWN_ORDER,
            _K.OVERSOLD,
            _K.ORDER_NOT_CROSSED,
            _K.PICKING_DELAY,
            _K.CONFIRMED_LATE,
            _K.ORDER_MISSING,
            _K.ORDER_STILL_OPEN,
        ),
        _ORDERS,
    ),
    **dict.fromkeys(
        (
            _K.CARRIER_UNMAPPED,
            _K.TRACKING_MISSING,
            _K.CONTENTS_UNKNOWN,
            _K.TRACKING_REFUSED,
            _K.TRACKING_UNPROVEN,
            _K.TRACKING_CONTRADICTED,
            _K.TRACKING_WAITING,
            _K.TRACKING_SUSPECT,
            _K.TRACKING_REUSED,
        ),
        _PARCELS,
    ),
    **dict.fromkeys((_K.LISTING_SUPPRESSED, _K.QUANTITY_INVALID, _K.QUANTITY_DRIFTED), _LISTINGS),
    _K.FILE_SET_ASIDE: ("file", "files"),
    _K.FEED_STUCK: ("feed", "feeds"),
    _K.STRANGER_UNREACHABLE: ("flow", "flows"),
    _K.CREDENTIALS_REFUSED: ("flow", "flows"),
}

# What several problems of one cause have in common; the words of a kind that is not here are its first problem's.
SHARED: dict[ProblemKind, str] = {
    _K.UNMAPPED_SKU: "nobody mapped seller SKU {cause}",
    _K.UNMAPPED_SHIP_METHOD: "nobody mapped the service level {cause}",
    _K.REJECTED_BY_WAREHOUSE: "the warehouse {cause} rejected them",
    _K.RELEASE_UNANSWERED: "the warehouse {cause} has not answered",
    _K.UNKNOWN_ORDER: "the warehouse has references that Lockstep never gave out ({cause})",
    _K.CARRIER_UNMAPPED: "no carrier of Amazon's is mapped for {cause}",
    _K.TRACKING_MISSING: "the warehouse {cause} dispatched them without a tracking number",
    _K.CONTENTS_UNKNOWN: "the warehouse {cause} did not say clearly what is in them",
    _K.TRACKING_REFUSED: "Amazon refused their tracking; the warehouse's carrier is {cause}",
    _K.TRACKING_UNPROVEN: "Amazon took their tracking and does not show it; the warehouse's carrier is {cause}",
    _K.TRACKING_SUSPECT: "their tracking numbers do not look like ones of {cause}",
    _K.QUANTITY_DRIFTED: "Amazon shows another quantity than was published ({cause})",
    _K.FEED_STUCK: "Amazon does not process the bulk feeds of {cause}",
    _K.STRANGER_UNREACHABLE: "{cause} does not answer",
    _K.CREDENTIALS_REFUSED: "{cause} does not accept our credentials",
    _K.ORDER_NOT_CROSSED: "they have not reached the warehouse {cause}",
    _K.PICKING_DELAY: "the warehouse {cause} has not dispatched them",
    _K.CONFIRMED_LATE: "Amazon got their tracking after they were due ({cause})",
    _K.ORDER_MISSING: "{cause} does not have them",
    _K.ORDER_STILL_OPEN: "{cause} still has them, and they are over",
}

# Their moment to act by is not the one by which Amazon must know of the parcel.
_OWN_MOMENT = {
    _K.ORDER_UNREADABLE,
    _K.UNKNOWN_ORDER,
    _K.CANCEL_TOO_LATE,
    _K.CONFIRMED_LATE,
    _K.ORDER_STILL_OPEN,
}
_BEFORE = {Stage.NEW: "", Stage.SOON: "", Stage.LAST: "Last call: ", Stage.OVERDUE: "Overdue: "}


def kind_words(kind: ProblemKind) -> str:
    """A kind of problem as people say it, such as "unmapped SKU"."""
    return kind.replace("_", " ").replace("sku", "SKU")


def subject_line(notice: Notice, now: datetime) -> str:
    """What the message is about, in one line."""
    if notice.what is What.CLEARED:
        return f"Settled: {summary_of(notice)}"
    start = "Still open: " if (notice.what, notice.stage) == (What.ESCALATED, Stage.SOON) else ""
    return f"{start or _BEFORE[notice.stage]}{summary_of(notice)}{_due(notice, now)}"


def summary_of(notice: Notice) -> str:
    """What is wrong, in one line without the moment to act by."""
    first = part_words(notice.parts[0])
    if len(notice.parts) == 1:
        return with_shops_named(first)
    if notice.what is What.CLEARED:
        return with_shops_named(f"{len(notice.parts)} things, among them: {first}")
    return with_shops_named(f"{len(notice.parts)} things need you, the most urgent: {first}")


def body_lines(notice: Notice) -> tuple[str, ...]:
    """What to do, or what a digest is made of."""
    if len(notice.parts) > 1:
        counts = Counter(part.group.kind for part in notice.parts)
        return tuple(_count(notice, kind, causes) for kind, causes in counts.most_common())
    if notice.what is What.CLEARED:
        return ("Nothing is left to do.",)
    (part,) = notice.parts
    grew = notice.what is What.OPENED and len(part.news) < len(part.problems)
    return (
        *((f"{len(part.news):,} of them are new.",) if grew else ()),
        *((with_shops_named(f"The first: {part.problems[0].summary}"),) if _shares(part) else ()),
        f"What to do: {MANNERS[part.group.kind].next_step}",
    )


def due_words(moment: datetime | None, now: datetime) -> str:
    """A moment to act by as people say it: the time alone when it is today."""
    if moment is None:
        return ""
    return f"{moment:%H:%M} UTC" if moment.date() == now.date() else f"{moment:%b %d %H:%M} UTC"


def first_due(notice: Notice) -> datetime | None:
    """The nearest moment to act by."""
    dues = (part.problems[0].act_by for part in notice.parts)
    return min((due for due in dues if due), default=None)


def part_words(part: Part) -> str:
    """What a cause is about: one problem speaks for itself; several are counted and say what they share."""
    kind, first = part.group.kind, part.problems[0]
    own = first.summary.rstrip(".")
    many = counted(kind, _number(part))
    if _shares(part):
        return f"{many}: {SHARED[kind].format(cause=part.group.cause)}"
    return own if len(part.problems) == 1 else f"{many}, the first: {own}"


def counted(kind: ProblemKind, number: int) -> str:
    """So many of what waits for problems of a kind, such as "1,000 orders"."""
    one, many = UNITS.get(kind, ("problem", "problems"))
    return f"{number:,} {one if number == 1 else many}"


def _number(part: Part) -> int:
    """What waits where it has a name, such as parcels; else the problems: what a rate has to save is no problem."""
    return part.affected if part.group.kind in UNITS else len(part.problems)


def _shares(part: Part) -> bool:
    return part.affected > 1 and part.group.kind in SHARED


def _due(notice: Notice, now: datetime) -> str:
    due = first_due(notice)
    if due is None:
        return ""
    part = notice.parts[0]
    waits = UNITS.get(part.group.kind) in (_ORDERS, _PARCELS) and part.group.kind not in _OWN_MOMENT
    is_was = "was" if due <= now else "is"
    if waits and notice.affected > 1:
        return f"; the first {is_was} due {due_words(due, now)}"
    if waits:
        return f"; it {is_was} due {due_words(due, now)}"
    return f"; {'it should have been settled' if due <= now else 'to be settled'} by {due_words(due, now)}"


def _count(notice: Notice, kind: ProblemKind, causes: int) -> str:
    number = sum(_number(part) for part in notice.parts if part.group.kind == kind)
    several = f", {causes} causes" if causes > 1 else ""
    return f"{counted(kind, number)}: {kind_words(kind)}{several}"
