"""What every model of an Amazon answer shares: which values are believed, and how a fault is described."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationError,
)
from pydantic.alias_generators import to_camel

_KINDS = {
    "missing": "is missing",
    "string_type": "is not text",
    "string_too_short": "is empty",
    "string_pattern_mismatch": "holds characters that an identifier cannot have",
    "string_unicode": "is not valid Unicode",
    "int_type": "is not a whole number",
    "greater_than_equal": "is a number below zero",
    "less_than_equal": "is an impossibly large number",
    "value_error": "is not a time with a zone",
    "list_type": "is not a list",
    "model_type": "is not an object",
    "model_attributes_type": "is not an object",
    "too_short": "is empty",
}


class ForeignModel(BaseModel):
    """A part of an Amazon answer: unknown fields are ignored, and printing one shows no content."""

    model_config = ConfigDict(
        extra="ignore", alias_generator=to_camel, hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"

    __str__ = __repr__


def read_time(value: object) -> datetime:
    """An ISO 8601 time with a zone, in UTC.

    Raises:
        ValueError: When it is anything else; the message never contains the value.
    """
    if not isinstance(value, str):
        raise ValueError("not text")  # noqa: TRY004 - pydantic takes a ValueError only
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("not a time with a zone")


def write_time(moment: datetime) -> str:
    """A time as Amazon writes it: UTC with milliseconds and a Z.

    Raises:
        ValueError: When the time has no zone, because it would mean another moment on another machine.
    """
    if moment.tzinfo is None:
        raise ValueError("A time for Amazon needs a zone.")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def mended(value: str) -> str:
    """What a person wrote, without NUL and with half emojis made visible: an order must not fail for one."""
    if value.isascii():
        return value.replace("\0", "")
    return value.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# No control characters: PostgreSQL cannot keep a NUL, and no identifier has one.
Word = Annotated[str, StringConstraints(strict=True, pattern=r"^[^\x00-\x1f\x7f]*$")]
Identifier = Annotated[str, StringConstraints(strict=True, min_length=1, pattern=r"^[^\x00-\x1f\x7f]*$")]
Prose = Annotated[str, StringConstraints(strict=True), AfterValidator(mended)]
Count = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
Moment = Annotated[datetime, PlainValidator(read_time)]


def fault_sentence(error: ValidationError) -> str:
    """Where and how an answer differs from what Amazon documents, without any of its values."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    named = [f"{'.'.join(map(str, fault['loc']))} {_kind(fault['type'])}" for fault in faults[:3]]
    more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
    return f"{', '.join(named)}{more}"


def _kind(word: str) -> str:
    return _KINDS.get(word, f"is not understood ({word})")


def one_line(parts: Iterable[object], limit: int = 300) -> str:
    """Amazon's own words on one line without control characters, at most `limit` characters."""
    joined = " ".join(part for part in parts if isinstance(part, str))
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", joined).strip()[:limit]
