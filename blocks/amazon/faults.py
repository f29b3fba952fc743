"""What a failed call means for the caller: may it be made again, or has Amazon said no."""

import re
from dataclasses import dataclass

import httpx

from blocks.amazon.guard import Fault
from domain.errors import Denied, NotTaken, Refused, TryAgain

# Before these the request had left no trace at Amazon: no connection stood.
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
# Amazon hides the telling word of confirmShipment's refusals inside the text of a general one.
_TELLING = re.compile(r"(?:errorMetric=|ErrorCode:\s*)(\w{1,60})")
_ORDER_READS = {"searchOrders", "getOrder"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One call in words: Amazon's name of the operation, what it does, whether it changes something.

    `presigned` is a document's upload or download, which its address opens without a token.
    """

    operation: str
    subject: str
    doing: str
    writes: bool = False
    presigned: bool = False


def outcome_of(error: Fault | httpx.HTTPError) -> str:
    """How a call ended, in a few words for the record of calls."""
    if isinstance(error, Fault):
        return str(error)
    if isinstance(error, _NEVER_LEFT):
        return "unreachable"
    return "timeout" if isinstance(error, httpx.TimeoutException) else "cut off"


def lost(deed: Deed, error: httpx.HTTPError) -> TryAgain:
    """No whole reply came. Whether a write arrived is unknown unless there was no connection."""
    arrived = deed.writes and not isinstance(error, _NEVER_LEFT)
    how = {
        "timeout": "did not answer in time",
        "unreachable": "could not be reached",
        "cut off": "broke off the answer",
    }[outcome_of(error)]
    maybe = " It may have taken effect all the same." if arrived else ""
    return TryAgain(f"Amazon {how} while {deed.doing}.{maybe}", maybe_done=arrived)


def verdict(deed: Deed, fault: Fault) -> TryAgain | Refused:
    """What a reply that is no answer means.

    A 400 while reading orders can be an incident of a whole region (it was, on 2026-08-26), and it is never
    about a single order: it is worth another try, and nothing is marked as read. Every other refusal that
    carries Amazon's own words is final. What carries none did not come from the operation itself.
    A presigned address that opens nothing is over after five minutes: a new one is worth another try.
    """
    said = bool(fault.code or fault.text)
    if deed.presigned:
        return TryAgain(f"Amazon's storage answered {fault.status} while {deed.doing}.", after=fault.after)
    if fault.status == httpx.codes.TOO_MANY_REQUESTS:
        return TryAgain(f"Amazon asked for fewer calls while {deed.doing}.", after=fault.after, pause=True)
    if fault.status == httpx.codes.UNAUTHORIZED or (said and fault.status == httpx.codes.FORBIDDEN):
        return _denied(deed, fault)
    if said and fault.status == httpx.codes.BAD_REQUEST and deed.operation in _ORDER_READS:
        return NotTaken(f"Amazon did not take the question while {deed.doing}: {_words(fault)}")
    if said and 400 <= fault.status < 500 and fault.status != httpx.codes.REQUEST_TIMEOUT:
        return Refused(f"Amazon refused {deed.doing}: {_words(fault)}", code=_telling(fault))
    named = "something that is no answer" if fault.status < 300 else f"{fault.status}"
    maybe = " It may have taken effect all the same." if deed.writes else ""
    told = f"Amazon answered {named} while {deed.doing}.{maybe}"
    return TryAgain(told, after=fault.after, maybe_done=deed.writes)


def _denied(deed: Deed, fault: Fault) -> Denied:
    if fault.status == httpx.codes.UNAUTHORIZED or "token" in fault.text.lower():
        why = "the credentials are not accepted, also not with a fresh token"
        check = "Check the credentials of this seller account."
    else:
        why = "access is denied"
        check = "Check the application's roles and the seller's authorization."
    return Denied(f"Amazon refused {deed.doing} because {why}: {_words(fault)} {check}", code=_telling(fault))


def _words(fault: Fault) -> str:
    said = f"{fault.text.rstrip('.')} ({fault.code})" if fault.text else fault.code or str(fault.status)
    return f"{said}."


def _telling(fault: Fault) -> str:
    found = _TELLING.search(fault.text)
    return found.group(1) if found else fault.code or str(fault.status)
