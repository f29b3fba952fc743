"""A problem: one thing that a person must settle."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.manners import MANNERS
from domain.problem_kinds import Manner, ProblemKind, Severity, Team

__all__ = ["MANNERS", "Manner", "Problem", "ProblemKind", "Severity", "Team"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing a person must settle: opened once per kind and subject, closed when its cause is gone.

    `subject` names an order, parcel, SKU, carrier string or file. `summary` is one plain sentence
    without personal data. `act_by` (UTC) is the moment after which it costs something; None: as long after the
    opening as its kind allows. Problems of one `cause` are told together (empty: the subject is the cause), and
    `affected` counts the orders, parcels or SKUs that wait for this one. `about` is what the form that settles it
    is filled in with, by the names of its fields, as far as it is known.
    """

    kind: ProblemKind
    subject: str
    summary: str
    act_by: datetime | None = None
    cause: str = ""
    affected: int = 1
    about: Mapping[str, str | int] = field(default_factory=dict, hash=False)

    @property
    def manner(self) -> Manner:
        """Owner, severity and next step of this kind of problem."""
        return MANNERS[self.kind]
