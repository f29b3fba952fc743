"""lockstep.toml: found, read, filled from the environment and checked before anything uses it."""

import difflib
import os
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deployments.settings import Settings, known_keys
from domain.errors import Refused

FILE = "lockstep.toml"
SECTIONS = frozenset(Settings.model_fields)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def find_config(explicit: Path | None) -> Path:
    """The lockstep.toml to use: the one named, else LOCKSTEP_CONFIG's, else the current folder's.

    Raises:
        Refused: it is not there.
    """
    named = explicit or (Path(os.environ["LOCKSTEP_CONFIG"]) if os.environ.get("LOCKSTEP_CONFIG") else None)
    path = named or Path(FILE)
    if path.is_file():
        return path.resolve()
    if named:
        raise Refused(f"There is no file {named}; give the path of a {FILE}.")
    raise Refused(f"There is no {FILE} in this folder; name one with --config or LOCKSTEP_CONFIG.")


def load(path: Path, *, needed: Collection[str] = SECTIONS) -> Settings:
    """The checked settings. Relative folders in them start where the file is.

    Variables are filled in for the `needed` sections alone: a command that only reads the ledger asks for no
    credentials, and the other sections keep their `${NAME}`.

    Raises:
        Refused: one line that names the place and says what to do.
    """
    raw = _parsed(path)
    filled = {name: _filled(name, part) if name in needed else part for name, part in raw.items()}
    try:
        settings = Settings.model_validate(filled)
    except ValidationError as error:
        raise Refused(f"{path.name}: {_sentence(error)}") from None
    return settings.placed_in(path.parent)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        row = error.object.count(b"\n", 0, error.start) + 1
        raise Refused(f"{path.name} line {row} is not UTF-8; save the file as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).partition(" (at ")
        where = place.rstrip(")") or "somewhere"
        raise Refused(f"{path.name} {where} cannot be read: {what}. It must be TOML.") from None


def _filled(place: str, value: Any) -> Any:  # noqa: ANN401 - TOML holds anything
    if isinstance(value, Mapping):
        return {name: _filled(f"{place}.{name}", part) for name, part in value.items()}
    if isinstance(value, list):
        return [_filled(place, part) for part in value]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: _variable(place, found[1]), value)
    return value


def _variable(place: str, name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        section, _, setting = place.rpartition(".")
        raise Refused(
            f"[{section}] {setting} wants the environment variable {name}, which is not set;"
            f" set it, or write the value in {FILE}."
        )
    return value


def _sentence(error: ValidationError) -> str:
    """The first fault in one line; never with the value of a secret."""
    fault = error.errors(include_url=False, include_input=False)[0]
    path = [str(part) for part in fault["loc"]]
    kind, text = fault["type"], fault["msg"].removeprefix("Value error, ").rstrip(".")
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind == "missing":
        return f"{_place(path[:-1])} has no {path[-1]}; add it."
    if kind == "value_error" and not path:
        return f"{text}."
    return f"{_place(path)}: {text if kind == 'value_error' else text[:1].lower() + text[1:]}."


def _unknown(path: list[str]) -> str:
    known = known_keys(path[:-1])
    close = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.5)
    hint = f'did you mean "{close[0]}"' if close else f"known are: {', '.join(known)}"
    return f'{_place(path[:-1])} has an unknown setting "{path[-1]}"; {hint}?'.replace(
        "?", "?" if close else "."
    )


def _place(path: list[str]) -> str:
    """`[section.name] setting` as a person finds it in the file; a whole section without the setting."""
    depth = 2 if path and path[0] in {"amazon", "warehouse"} else 1
    if path[2:3] == ["file_drop"]:
        depth = 3
    section, rest = ".".join(path[:depth]), " ".join(path[depth:])
    return f"[{section}] {rest}".strip() if section else "the file"
