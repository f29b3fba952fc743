"""Whether a tracking number can be its carrier's: a doubt for a person to look at, never a reason to hold back.

Amazon warns about a number that does not fit its carrier in the processing reports of feeds alone;
confirmShipment takes it in silence, and the parcel then counts against the valid-tracking rate.
"""

from collections.abc import Callable, Iterable
from itertools import cycle

from domain.tracking.number_formats import CARRIERS, FORMATS, CarrierForms, Check, NumberFormat, Telling
from domain.tracking.parcels import normal_tracking

_SHORTEST = 6  # characters; no carrier known here gives out shorter numbers
_LONGEST = 64  # characters; nothing longer is looked at
_DPD_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FORMS = {code: forms for forms in CARRIERS for code in forms.codes}


def doubt_about(tracking: str, carrier_code: str) -> str:
    """Why a number is probably not one of the carrier's, as a clause after "tracking number X "; or "".

    Empty too for a carrier none of whose formats is known, and for one known in part when the number is
    none of the known shapes. `carrier_code` is Amazon's, exact to the character.
    """
    number = normal_tracking(tracking)
    forms = _FORMS.get(carrier_code)
    if forms is None or not number:
        return ""
    if len(number) < _SHORTEST or len(number) > _LONGEST:
        return _misfit(number, forms)
    if forms.also.fullmatch(number) or carriers_fitting(number) & set(forms.families):
        return ""
    whole = forms.own.fullmatch(number) is not None
    other = _other_carrier(number, forms, Telling.HINT if whole else Telling.PROOF)
    if other:
        return f"looks like {_one(other)} number, not {_one(forms.called)} one"
    return (_failed_check(number, forms) or _misfit(number, forms)) if whole else ""


def carriers_fitting(tracking: str) -> frozenset[str]:
    """The families of formats (such as "UPS", "postal S10") whose whole pattern and check digit fit a number."""
    return _families(FORMATS, normal_tracking(tracking))


def known_codes() -> frozenset[str]:
    """The carrier codes of Amazon's about whose numbers anything is known."""
    return frozenset(_FORMS)


def fits(number: str, form: NumberFormat) -> bool:
    """Whether a number in its compared form has the format's shape and the check digit that goes with it."""
    if len(number) > _LONGEST:
        return False
    match = form.pattern.fullmatch(number)
    if match is None or form.check is Check.NONE:
        return match is not None
    return _CHECKS[form.check](match[1]) == match[2]


def _families(formats: Iterable[NumberFormat], number: str) -> frozenset[str]:
    return frozenset(form.family for form in formats if fits(number, form))


def _other_carrier(number: str, forms: CarrierForms, least: Telling) -> str:
    """The one other carrier whose numbers are like this one; empty when there is none, or more than one."""
    enough = {Telling.PROOF, least}
    others = _families((form for form in FORMATS if form.telling in enough), number) - set(forms.families)
    return next(iter(others)) if len(others) == 1 else ""


def _failed_check(number: str, forms: CarrierForms) -> str:
    for form in FORMATS:
        if form.family in forms.families and form.check is not Check.NONE and form.pattern.fullmatch(number):
            return f"fails the check digit of {form.family} numbers"
    return ""


def _misfit(number: str, forms: CarrierForms) -> str:
    if len(number) in forms.lengths:
        return f"has the wrong form; {forms.words}"
    return f"has {len(number)} characters; {forms.words}"


def _one(name: str) -> str:
    return f"{'an' if name.startswith(('A', 'E', 'I', 'On', 'Old')) else 'a'} {name}"


def _value(sign: str) -> int:
    """A letter counts as a digit: A is 2, B is 3, H is 9, I is 0 and so on around."""
    return int(sign) if sign.isdigit() else (ord(sign) - 3) % 10


def _weighed(payload: str, weights: tuple[int, ...]) -> int:
    return sum(_value(sign) * weight for sign, weight in zip(reversed(payload), cycle(weights), strict=False))


def _ten(payload: str, weights: tuple[int, ...]) -> str:
    return str(-_weighed(payload, weights) % 10)


def _eleven(payload: str) -> str:
    rest = _weighed(payload, (7, 9, 5, 3, 2, 4, 6, 8)) % 11
    return {0: "5", 1: "0"}.get(rest, str(11 - rest))


def _luhn(payload: str) -> str:
    doubled = (sum(divmod(_value(sign) * 2, 10)) for sign in payload[::-2])
    return str(-(sum(doubled) + sum(_value(sign) for sign in payload[-2::-2])) % 10)


def _mod_37_36(payload: str) -> str:
    carried = 36
    for sign in payload:
        carried = (carried + _DPD_SIGNS.index(sign) - 1) % 36 + 1
        carried = carried * 2 % 37
    return _DPD_SIGNS[(37 - carried) % 36]


_CHECKS: dict[Check, Callable[[str], str]] = {
    Check.TEN_THREES: lambda payload: _ten(payload, (3, 1)),
    Check.TEN_THREES_91: lambda payload: _ten("91" + payload, (3, 1)),
    Check.TEN_TWOS: lambda payload: _ten(payload.removeprefix("1Z"), (1, 2)),
    Check.TEN_TWOS_FIRST: lambda payload: _ten(payload, (2, 1)),
    Check.ELEVEN_TEN: lambda payload: str(_weighed(payload, (1, 3, 7)) % 11 % 10),
    Check.ELEVEN: _eleven,
    Check.SEVEN: lambda payload: str(int(payload) % 7),
    Check.LUHN: _luhn,
    Check.MOD_37_36: _mod_37_36,
}
