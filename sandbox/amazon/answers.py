"""What an operation is asked and what it answers, in Amazon's shapes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request after routing: the operation, its path parts, its query and its JSON body."""

    operation: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    raw: bytes = b""
    content_type: str = ""
    endpoint: str = ""

    def csv(self, name: str) -> tuple[str, ...]:
        """A list parameter, which Amazon writes as comma separated values; empty when absent."""
        text = self.query.get(name, "")
        return tuple(text.split(",")) if text else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


class Refusal(Exception):  # noqa: N818 - named for what it is: Amazon refuses, nothing broke
    """Amazon says no: becomes an answer with an error list."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.answer = errors(status, code, message, details)


def reply(document: object, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(status=status, body=json.dumps(document, separators=(",", ":")).encode())


def errors(status: int, code: str, message: str, details: str = "") -> Answer:
    """An answer with Amazon's error list of one error."""
    error = {"code": code, "message": message}
    return reply({"errors": [error | ({"details": details} if details else {})]}, status)


def invalid(message: str, details: str = "") -> Refusal:
    """A refusal with status 400 and Amazon's usual code for bad input."""
    return Refusal(400, "InvalidInput", message, details)


def stamp(moment: datetime) -> str:
    """UTC with milliseconds and Z, as Amazon writes its timestamps."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def moment(text: str) -> datetime | None:
    """An ISO 8601 date-time with zone, or nothing when the text is not one."""
    try:
        parsed = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return parsed if parsed.tzinfo and "T" in text else None
