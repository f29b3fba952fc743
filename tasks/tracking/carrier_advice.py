"""What an unknown carrier of a warehouse is probably called at Amazon: a suggestion for a person, never a mapping.

The words in `carrier_words.csv` were seen at warehouses in 2026, with the code that a person would choose; a word
without a code is a carrier that stands in none of Amazon's lists. `country` limits a row to one marketplace's.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from rapidfuzz import fuzz, process

from domain.marketplaces import MARKETPLACES
from domain.tracking.carriers import OTHER, OTHER_ABROAD, approved

_NEVER = OTHER_ABROAD | {OTHER}
# Codes that are also everyday words of a service: found inside a longer text they mean nothing.
_VAGUE = frozenset(
    {"target", "sending", "sprint", "pilot", "professional", "spring", "hs code", "self delivery"}
)
# Words that no carrier is told by.
_EVERYDAY = frozenset(
    {"express", "parcel", "parcels", "post", "mail", "courier", "carrier", "freight", "standard", "delivery"}
)
_CUT_OFF = 86  # of 100: below, two carriers merely look alike ("Speed" is not "Speedex")
_SHORT = 4  # letters: names this short are either the same or another carrier ("DPD" is not "XDP")
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A carrier code of Amazon's, exact to the character, with how sure we are (0 to 100) and why."""

    carrier_code: str
    shipping_method: str
    score: int
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """What a warehouse was seen to write, in plain letters, and Amazon's words for it; no code: there is none."""

    carrier: str
    service: str
    country: str
    carrier_code: str
    shipping_method: str


@lru_cache(maxsize=4096)
def suggest(carrier: str, service: str, marketplace_id: str) -> tuple[Suggestion, ...]:
    """Codes approved for the marketplace that a person would consider, best first; empty when nothing fits.

    Known words come first, then the approved list by the same letters, by a name inside the text, and by
    likeness (rapidfuzz). "Other" is never among them.
    """
    codes = approved(marketplace_id) - _NEVER
    shop = MARKETPLACES.get(marketplace_id)
    words = [word for word in _words() if word.country in ("", shop.country if shop else "")]
    name, how = _plain(carrier), _plain(service)
    if any(word.carrier == name and not word.carrier_code for word in words):
        return _in_service(how, words, codes)
    found: dict[str, Suggestion] = {}
    for one in _found(name, how, words, codes):
        if one.carrier_code in codes:
            found.setdefault(one.carrier_code, one)
    best = sorted(found.values(), key=lambda one: -one.score)[:_SHOWN]
    return tuple(best) or _in_service(how, words, codes)


def in_words(carrier: str, service: str, marketplace_id: str) -> str:
    """The best suggestion as part of a sentence, such as 'Amazon's "Royal Mail" fits best'; empty without one."""
    best = suggest(carrier, service, marketplace_id)
    return f'Amazon\'s "{best[0].carrier_code}" fits best' if best else ""


def _found(name: str, how: str, words: list[_Word], codes: frozenset[str]) -> Iterator[Suggestion]:
    """Everything that fits the warehouse's carrier, the most certain first; a code may come up twice."""
    if name:
        method = _methods(how, words)
        yield from _known(name, how, words, method)
        yield from _by_name(name, words, codes, method)


def _known(name: str, how: str, words: list[_Word], method: dict[str, str]) -> Iterator[Suggestion]:
    of_carrier = [word for word in words if word.carrier == name]
    for word in of_carrier:
        if word.service and word.service == how:
            yield _as(word.carrier_code, word.shipping_method, 100, "known carrier and service")
    for word in of_carrier:
        if not word.service:
            method_of = word.shipping_method or method.get(word.carrier_code, "")
            yield _as(word.carrier_code, method_of, 97, "known at other warehouses")


def _by_name(
    name: str, words: list[_Word], codes: frozenset[str], method: dict[str, str]
) -> Iterator[Suggestion]:
    for code in sorted(codes):
        if _letters(code) == name.replace(" ", ""):
            yield _as(code, method.get(code, ""), 95, "the same letters")
    for code in _inside(name, words, codes):
        yield _as(code, method.get(code, ""), 90, "its name is in the warehouse's")
    for code, score in _alike(name, words, codes):
        yield _as(
            code, method.get(code, ""), score - 6, "looks alike"
        )  # never as sure as a name that is there


def _in_service(how: str, words: list[_Word], codes: frozenset[str]) -> tuple[Suggestion, ...]:
    """A warehouse that writes a broker, or nothing useful, often names the carrier in its service."""
    named = [code for code in _inside(how, words, codes) if code in codes]
    method = _methods(how, words)
    return tuple(_as(code, method.get(code, ""), 80, "its service names it") for code in named[:_SHOWN])


def _inside(text: str, words: list[_Word], codes: frozenset[str]) -> list[str]:
    """Codes whose own or known name stands in the text as whole words, the longest name first."""
    # A label code stands for a carrier ("TPN"); inside a longer text it may be anything.
    whole = [word for word in words if word.carrier_code and not word.service and not word.shipping_method]
    names = [(word.carrier, word.carrier_code) for word in whole]
    names += [(_plain(code), code) for code in sorted(codes)]
    fits = [
        (len(name), code)
        for name, code in names
        if len(name) > 2 and name not in _VAGUE and f" {name} " in f" {text} "
    ]
    return list(dict.fromkeys(code for _, code in sorted(fits, key=lambda fit: -fit[0])))


def _alike(name: str, words: list[_Word], codes: frozenset[str]) -> Iterator[tuple[str, int]]:
    if len(name) <= _SHORT or _EVERYDAY.issuperset(name.split()):
        return
    names = {word.carrier: word.carrier_code for word in words if not word.service and word.carrier_code}
    for known in (names, {_plain(code): code for code in sorted(codes)}):
        long = [text for text in known if len(text) > _SHORT]
        for text, score, _ in process.extract(
            name, long, scorer=fuzz.token_sort_ratio, score_cutoff=_CUT_OFF, limit=_SHOWN
        ):
            yield known[text], round(score)


def _methods(how: str, words: Iterable[_Word]) -> dict[str, str]:
    """The shipping method of each code for one service: that of the longest known service in the text."""
    fits = [word for word in words if word.service and f" {word.service} " in f" {how} "]
    return {word.carrier_code: word.shipping_method for word in sorted(fits, key=lambda w: len(w.service))}


def _as(code: str, method: str, score: int, because: str) -> Suggestion:
    return Suggestion(carrier_code=code, shipping_method=method, score=score, because=because)


@lru_cache(maxsize=1)
def _words() -> tuple[_Word, ...]:
    text = files("tasks").joinpath("carrier_words.csv").read_text(encoding="utf-8")
    return tuple(
        _Word(
            carrier=_plain(row["carrier"]),
            service=_plain(row["service"]),
            country=row["country"],
            carrier_code=row["carrier_code"],
            shipping_method=row["shipping_method"],
        )
        for row in csv.DictReader(text.splitlines())
    )


@lru_cache(maxsize=8192)
def _plain(text: str) -> str:
    """Lower-case words of letters and digits, with single spaces; "R+L" and "DHL-Paket" are two words each."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[^\W_]+", letters))


def _letters(code: str) -> str:
    return _plain(code).replace(" ", "")
