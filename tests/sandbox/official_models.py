"""The official SDK's models as an oracle: walks a document strictly, field by field.

The SDK's own deserializer ignores unknown fields and bends wrong types into right ones; this walker does not.
"""

import importlib
import logging
import re
from collections.abc import Iterator
from datetime import datetime
from types import ModuleType
from typing import Any

_PLAIN: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "object": (object,),
}


def load(name: str) -> ModuleType:
    """Imports a part of the SDK, which sets up the root logger on import; the logger is put back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    guard = logging.NullHandler()
    root.addHandler(guard)
    try:
        return importlib.import_module(name)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


# One configuration for all model objects: each would make its own otherwise, which is slow.
_CONFIGURATION = load("spapi.configuration").Configuration()


def faults(document: object, model: str, package: str) -> list[str]:
    """What is wrong with a document for a model such as ("SearchOrdersResponse", "orders_v2026_01_01")."""
    return list(_walk(document, model, load(f"spapi.models.{package}"), "$"))


def _walk(value: Any, kind: str, models: ModuleType, path: str) -> Iterator[str]:
    holder = re.fullmatch(r"(?:(list|List)\[|[Dd]ict[\[(]\w+, ?)(.+)[\])]", kind)
    if value is None:
        yield f"{path}: null"
    elif holder:
        yield from _walk_inside(value, list if holder[1] else dict, (holder[2], models), path)
    elif kind == "datetime":
        if not is_instant(value):
            yield f"{path}: no date-time with zone"
    elif kind in _PLAIN:
        if not isinstance(value, _PLAIN[kind]) or (isinstance(value, bool) and kind in ("int", "float")):
            yield f"{path}: no {kind}"
    else:
        yield from _walk_model(value, getattr(models, kind), models, path)


def _walk_inside(value: Any, wanted: type[Any], inner: tuple[str, ModuleType], path: str) -> Iterator[str]:
    if not isinstance(value, wanted):
        yield f"{path}: no {wanted.__name__}"
        return
    pairs = value.items() if wanted is dict else enumerate(value)
    for key, each in pairs:
        yield from _walk(each, *inner, f"{path}[{key}]")


def _walk_model(value: Any, model: type[Any], models: ModuleType, path: str) -> Iterator[str]:
    if not model.swagger_types:
        words = {word for name, word in vars(model).items() if name.isupper()}
        if words and value not in words:
            yield f"{path}: {value!r} is no {model.__name__}"
        return
    if not isinstance(value, dict):
        yield f"{path}: no {model.__name__}"
        return
    names = {key: attribute for attribute, key in model.attribute_map.items()}
    yield from (f"{path}.{key}: unknown in {model.__name__}" for key in value if key not in names)
    known = {key: each for key, each in value.items() if key in names}
    for key, each in known.items():
        yield from _walk(each, model.swagger_types[names[key]], models, f"{path}.{key}")
    try:  # the setters know required fields, enums, ranges and patterns
        model(**{names[key]: each for key, each in known.items()}, _configuration=_CONFIGURATION)
    except (TypeError, ValueError) as error:
        yield f"{path}: {error}"


def is_instant(value: object) -> bool:
    """An ISO 8601 date-time with zone."""
    if not isinstance(value, str) or "T" not in value:
        return False
    try:
        return datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is not None
    except ValueError:
        return False
