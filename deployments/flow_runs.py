"""`lockstep run`: one flow of prefect.yaml, run in this process."""

import importlib
import json
from collections.abc import Sequence
from typing import Any, cast

from prefect import Flow
from prefect.client.schemas.objects import State
from prefect.exceptions import ParameterTypeError
from ruamel.yaml import YAML

from deployments.stack import CHECKOUT
from domain.errors import NeedsDecision, Refused, TryAgain


def flow_entrypoints() -> dict[str, str]:
    """The flows of prefect.yaml: name with dashes to `file.py:function`."""
    content = YAML(typ="safe").load((CHECKOUT / "prefect.yaml").read_text(encoding="utf-8"))
    places = [str(deployment["entrypoint"]) for deployment in content["deployments"]]
    return {place.rpartition(":")[2].replace("_", "-"): place for place in places}


def find_flow(name: str) -> Flow[..., Any]:
    """The flow of that name.

    Raises:
        Refused: there is none; the message lists those there are.
    """
    places = flow_entrypoints()
    if name not in places:
        raise Refused(f'There is no flow "{name}"; there is: {", ".join(sorted(places))}.')
    file, _, function = places[name].rpartition(":")
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    flow: Flow[..., Any] = getattr(module, function)
    return flow


def read_parameters(flow: Flow[..., Any], words: Sequence[str]) -> dict[str, Any]:
    """`name=value` words as parameters; a value is JSON when it reads as JSON, else text.

    What the flow takes as text stays text, though it looks like a number: an order, a SKU.

    Raises:
        Refused: a word has no `=`, or names no parameter of the flow, or one that it needs is missing.
    """
    fields = flow.parameters.properties
    known = sorted(fields)
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in known:
            there = f"has the parameters {', '.join(known)}" if known else "takes no parameters"
            raise Refused(f'The flow {flow.name} does not know "{word}"; it {there}, given as name=value.')
        found[name] = _value(value, text=fields[name].get("type") == "string")
    if missing := [name for name in flow.parameters.required or () if name not in found]:
        raise Refused(f"The flow {flow.name} also needs {', '.join(missing)}, given as name=value.")
    return found


def run_flow(flow: Flow[..., Any], parameters: dict[str, Any]) -> str:
    """Run a flow to its end and say how it ended.

    Raises:
        Refused, TryAgain, NeedsDecision: what ended it, in its own words or in ours.
    """
    state = cast("State[Any]", flow(**parameters, return_state=True))
    if state.is_completed():
        result = state.result(raise_on_failure=False) if state.data is not None else None
        return str(result) if isinstance(result, str) else (state.message or "Completed.")
    raise _reason(flow.name, state)


def _reason(name: str, state: State[Any]) -> Exception:
    error = state.result(raise_on_failure=False) if state.data is not None else None
    if isinstance(error, ParameterTypeError):
        return Refused(f"{name}: {_in_a_line(str(error))}. Nothing changed.")
    if isinstance(error, (Refused, TryAgain, NeedsDecision)):
        return type(error)(f"{name}: {error}")
    if isinstance(error, Exception) and not isinstance(error, ValueError):
        return error
    return Refused(f"{name} ended as {state.name}: {state.message or 'without a reason'}")


def _in_a_line(report: str) -> str:
    """Prefect's list of wrong parameters, "a headline, then - name: what is wrong" a line."""
    faults = [line.strip().removeprefix("- ") for line in report.splitlines()[1:]]
    return "; ".join(faults) or report.strip()


def _value(word: str, *, text: bool) -> Any:  # noqa: ANN401 - JSON is anything
    try:
        value = json.loads(word)
    except ValueError:
        return word
    return word if text and not isinstance(value, str) else value
