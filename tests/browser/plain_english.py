"""Whether a text is plain English for the people who run the business, and what in it is not."""

import re
from collections.abc import Iterable

from deployments.settings import Settings, known_keys
from domain.marketplaces import MARKETPLACES
from tests.docs.diagrams import MACHINES

# What people type into lockstep.toml is spelled as they have to type it.
_SETTINGS = {
    key
    for path in (["ledger"], ["amazon", "main"], ["warehouse", "main"], ["warehouse", "main", "file_drop"])
    for key in known_keys(path)
} | set(Settings.model_fields)
_STATES = sorted({str(state) for _, steps in MACHINES.values() for state in steps})
_FAULTS: dict[str, str] = {
    "a Python class": r"\b(?:TryAgain|NotTaken|NeedsDecision|[A-Z]\w+(?:Error|Exception))\b"
    r"|\b(?:Refused|Denied)[:(]",
    "a name for programs": r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b|\b[A-Z0-9]+(?:_[A-Z0-9]+)+\b",
    "a state for programs": rf"\b(?:{'|'.join(_STATES)})\b",
    "an id without its meaning": rf"(?<!\b[A-Z]{{2}} )\b(?:{'|'.join(MARKETPLACES)})\b",
    "an id for programs": r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
    "a value of Python's": r"\b(?:None|True|False|nan|NaN|null)\b|[\[{(]['\"]|['\"][\]})]|\b\w+\([^()]*="
    r"|<\w+ object|\b(?:datetime|date|timedelta|Decimal|UUID)\(",
    "a time for programs": r"\b\d{4}-\d\d-\d\dT\d\d:\d\d",
    "an unfilled blank": r"\{\{?\s*\w+\s*\}?\}|%[srd]\b",
}
_PATTERNS = {what: re.compile(pattern) for what, pattern in _FAULTS.items()}
_TRACE = re.compile(r"Traceback|File \"[^\"]+\", line \d+")
_PATHS = re.compile(r"\S*/\S*|\S+\.(?:py|csv|toml|txt)\b")


def plain_english(text: str) -> list[str]:
    """What people should not have to read, one entry for each find, such as "a stack trace: Traceback".

    Names of files and keys of lockstep.toml stay: people look for the one and type the other.
    """
    found = [("a stack trace", hit[0]) for hit in _TRACE.finditer(text)]
    words = _PATHS.sub(" ", text)
    found += [(what, hit[0]) for what, pattern in _PATTERNS.items() for hit in pattern.finditer(words)]
    return [f"{what}: {word}" for what, word in dict.fromkeys(found) if word not in _SETTINGS]


def without(text: str, lines: Iterable[str]) -> str:
    """The text without the lines that match one of these patterns as a whole."""
    ours = re.compile("|".join(f"(?:{line})" for line in lines))
    return "\n".join(line for line in text.splitlines() if not ours.fullmatch(line.strip()))
