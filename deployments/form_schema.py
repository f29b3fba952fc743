"""The schema of a flow's parameters, from which the Prefect UI draws the form: fields named as people say them."""

from typing import Any

from prefect.flows import Flow
from prefect.utilities.callables import parameter_schema

_SPELLED = {"sku": "SKU", "id": "ID", "url": "URL", "csv": "CSV"}


def form_schema(flow: Flow[..., object]) -> dict[str, Any]:
    """What the server checks a run's parameters with; "your_name" is shown as "Your name"."""
    schema: dict[str, Any] = parameter_schema(flow).model_dump_for_openapi()
    for name, field in schema["properties"].items():
        field["title"] = _title(name)  # Prefect puts the bare name here, whatever the field says of itself
        if "description" in field:
            field["description"] = " ".join(field["description"].split())
    return schema


def _title(name: str) -> str:
    words = " ".join(_SPELLED.get(word, word) for word in name.split("_"))
    return words[:1].upper() + words[1:]
