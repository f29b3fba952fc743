"""Amazon's published Swagger models as an oracle, where their folder is present."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

from tests.sandbox.official_models import is_instant

SHARED = Path(os.environ.get("LOCKSTEP_SHARED") or Path(__file__).parents[2].parent / "shared")
MODELS = SHARED / "amazon" / "models"
PRESENT = MODELS.is_dir()
WHY_SKIPPED = f"Amazon's published models are not in {MODELS.name}/ of the shared folder"
FILES = (
    "orders-api-model/orders_2026-01-01.json",
    "orders-api-model/ordersV0.json",
    "listings-items-api-model/listingsItems_2021-08-01.json",
    "feeds-api-model/feeds_2021-06-30.json",
    "reports-api-model/reports_2021-06-30.json",
    "tokens-api-model/tokens_2021-03-01.json",
)

_FORMATS = FormatChecker(formats=())
_FORMATS.checks("date-time")(is_instant)


@cache
def operations() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Operation id to (its description, the definitions of its file); the last file wins, v0 loses."""
    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for name in reversed(FILES):
        model = json.loads((MODELS / name).read_text(encoding="utf-8"))
        for address in model["paths"].values():
            for operation in address.values():
                if isinstance(operation, dict) and "operationId" in operation:
                    found[operation["operationId"]] = (operation, _closed(model["definitions"]))
    return found


def faults_of_request(operation: str, body: object) -> list[str]:
    """What is wrong with a request body."""
    described, definitions = operations()[operation]
    schema = next(each["schema"] for each in described["parameters"] if each["in"] == "body")
    return _faults(body, schema, definitions)


def faults_of_answer(operation: str, status: int, headers: set[str], document: object) -> list[str]:
    """What is wrong with an answer: its status, its x-amzn headers, its document (None: empty)."""
    described, definitions = operations()[operation]
    promised = described["responses"].get(str(status))
    if promised is None:
        return [f"{operation} never answers {status}"]
    known = {name.lower() for name in promised.get("headers", {})}
    wrong = [f"header {name} is not promised" for name in sorted(headers - known)]
    if "schema" not in promised:
        return wrong + ([] if document is None else ["the answer should be empty"])
    return wrong + _faults(document, promised["schema"], definitions)


def faults_of_schema(path: str, document: object) -> list[str]:
    """What is wrong with a document for one of Amazon's JSON schemas."""
    schema = json.loads((MODELS / "schemas" / path).read_text(encoding="utf-8"))
    return _faults(document, schema, schema.get("definitions", {}))


def _faults(document: object, schema: dict[str, Any], definitions: dict[str, Any]) -> list[str]:
    if "$ref" in schema:  # siblings of a reference do not count
        schema = {"allOf": [schema]}
    validator = Draft4Validator(schema | {"definitions": definitions}, format_checker=_FORMATS)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def _closed(definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions with every object closed to fields they do not name."""
    closed = json.loads(json.dumps(definitions))
    for definition in closed.values():
        if "properties" in definition:
            definition.setdefault("additionalProperties", False)
    return closed
