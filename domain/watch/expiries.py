"""How long credentials are good: what lockstep.toml says, else what Amazon allows since one was first seen."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from domain.problems import Problem, ProblemKind

WARNED = timedelta(days=30)


class Credential(StrEnum):
    """What can end."""

    CLIENT_SECRET = "client secret"  # noqa: S105 - a word for people, no secret
    AUTHORIZATION = "authorization"
    PASSWORD = "password"  # noqa: S105 - the same


# A client secret must be rotated every 180 days, else calls are answered with an error:
# https://developer-docs.amazon.com/sp-api/docs/rotating-your-apps-lwa-credentials
# A seller must authorize a public application anew every 365 days; a private one is reckoned with as if it had to,
# until lockstep.toml says another day: https://developer-docs.amazon.com/sp-api/docs/renew-authorizations
ALLOWED: dict[Credential, timedelta] = {
    Credential.CLIENT_SECRET: timedelta(days=180),
    Credential.AUTHORIZATION: timedelta(days=365),
}
# A renewed secret leaves the refresh token as it is, and the other way round: each has a life of its own.
_ENDS = {
    Credential.CLIENT_SECRET: "from then on Amazon answers no call",
    Credential.AUTHORIZATION: "from then on Amazon answers no call",
    Credential.PASSWORD: "from then on the warehouse's server lets nobody in",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """A credential of a stranger, since when it is known and until when it is good (UTC; None: nobody knows)."""

    holder: str
    what: Credential
    since: datetime
    until: datetime | None

    @property
    def subject(self) -> str:
        """How problems name it."""
        return f"{self.holder}, {self.what}"


def good_until(what: Credential, since: datetime, stated: date | None) -> datetime | None:
    """The first moment at which a credential may not be good any more: the stated day's, else as Amazon allows."""
    if stated is not None:
        return datetime.combine(stated, time(), UTC)
    return since + ALLOWED[what] if what in ALLOWED else None


def expiring(expiry: Expiry, now: datetime) -> Problem | None:
    """A problem in the last 30 days of a credential, to be settled before it ends."""
    until = expiry.until
    if until is None or now < until - WARNED:
        return None
    days = ALLOWED.get(expiry.what)
    why = ""
    if days is not None and until == expiry.since + days:
        why = f", {days.days} days after Lockstep first saw it, which is what Amazon allows"
    ended = "ended" if now >= until else "ends"
    return Problem(
        kind=ProblemKind.CREDENTIALS_EXPIRING,
        subject=expiry.subject,
        summary=f"The {expiry.what} of {expiry.holder} {ended} on {until:%Y-%m-%d}{why}; {_ENDS[expiry.what]}.",
        act_by=until,
    )
