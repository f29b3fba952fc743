"""Strict reading of requests: what the published models do not know is refused, so that our slips show."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.amazon.answers import Refusal, invalid, moment

Shape = Any  # a type, a dict of field name -> shape (a trailing "!" marks a required field), or [shape]
Rule = Callable[[str], bool]


def one_of(*values: str) -> Rule:
    """Comma separated values, each out of a closed list."""
    return lambda text: bool(text) and all(part in values for part in text.split(","))


def many(most: int) -> Rule:
    """Comma separated values, none empty, at most so many."""
    return lambda text: all(text.split(",")) and len(text.split(",")) <= most


def between(least: int, most: int) -> Rule:
    """A whole number within bounds."""
    return lambda text: text.isdecimal() and least <= int(text) <= most


def instant(text: str) -> bool:
    """An ISO 8601 date-time with zone."""
    return moment(text) is not None


def text(value: str) -> bool:
    """Anything that is not empty."""
    return bool(value)


def check_query(pairs: list[tuple[str, str]], rules: Mapping[str, Rule]) -> dict[str, str]:
    """The query as a dictionary; refuses unknown, repeated and malformed parameters with 400."""
    query = dict(pairs)
    if len(query) != len(pairs):
        raise invalid("Invalid Input", "A query parameter is repeated; lists are comma separated.")
    for name, value in query.items():
        required = rules.get(name) or rules.get(name + "!")
        if required is None:
            raise invalid("Invalid Input", f"Unknown query parameter: {name}.")
        if not required(value):
            raise invalid("Invalid Input", f"Invalid value for the query parameter {name}.")
    missing = [name[:-1] for name in rules if name.endswith("!") and name[:-1] not in query]
    if missing:
        raise invalid("Invalid Input", f"Missing query parameter: {missing[0]}.")
    return query


def check_body(value: object, shape: Shape) -> None:
    """Refuses a body with wrong types, unknown or missing fields with 400, naming the fields as Amazon does."""
    wrong = wrong_fields(value, shape)
    if wrong:
        raise _refusal(wrong)


def wrong_fields(value: object, shape: Shape) -> list[tuple[str, str]]:
    """What is wrong with a value, as pairs of a kind and a field; empty when it has its shape."""
    return _wrong(value, shape, "")


def _refusal(wrong: list[tuple[str, str]]) -> Refusal:
    kind = wrong[0][0]
    names = ", ".join(path for k, path in wrong if k == kind)
    return invalid(
        f"The input you have submitted is not valid. Please check the fields with {kind} [{names}]."
    )


def _wrong(value: object, shape: Shape, path: str) -> list[tuple[str, str]]:
    if isinstance(shape, dict):
        return _wrong_fields(value, shape, path)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [("invalid type", path)]
        return [w for i, each in enumerate(value) for w in _wrong(each, shape[0], f"{path}[{i}]")]
    right = isinstance(value, shape) and not (isinstance(value, bool) and shape is not bool)
    return [] if right else [("invalid type", path)]


def _wrong_fields(value: object, shape: dict[str, Shape], path: str) -> list[tuple[str, str]]:
    if not isinstance(value, dict):
        return [("invalid type", path)]
    dot = f"{path}." if path else ""
    known = {name.rstrip("!"): sub for name, sub in shape.items()}
    wrong = [("unknown name", dot + name) for name in value if name not in known]
    wrong += [
        ("missing value", dot + name[:-1])
        for name in shape
        if name.endswith("!") and value.get(name[:-1]) is None
    ]
    for name, sub in known.items():
        if value.get(name) is not None:
            wrong += _wrong(value[name], sub, dot + name)
        elif name in value and ("missing value", dot + name) not in wrong:
            wrong.append(("invalid type", dot + name))
    return wrong
