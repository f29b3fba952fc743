"""Where people look and act: addresses of the Prefect UI for a table and for a form."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.settings import PREFECT_UI_URL

from domain.marketplaces import MARKETPLACES
from domain.watch.notices import Part
from tasks.tables import last_shown

BY_ORDER = ("decide-order", "resend-tracking", "correct-tracking")  # settle one order or parcel at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One deployment of a form; `fields` are its parameters and `settled` what it fills in itself."""

    id: UUID
    name: str
    fields: frozenset[str]
    settled: Mapping[str, object]


def artifact_link(key: str) -> str:
    """Where the newest page or table of that key is read; the list of all when it is not known now.

    The address that goes by the key shows a list of versions, and of each its number and nothing of what it says.
    """
    try:
        shown = last_shown(key)
    except Exception:  # noqa: BLE001 - a message with half a link is better than none
        shown = None
    return f"{_ui()}/artifacts/artifact/{shown.id}" if shown else f"{_ui()}/artifacts"


def form_link(forms: Sequence[Form], about: str, known: Mapping[str, str | int]) -> str:
    """Where the form is filled in: the one of the marketplace that `about` names, else the first.

    `known` fills in fields, as far as the form has them. Without any deployment: the list of all.
    """
    if not forms:
        return f"{_ui()}/deployments"
    places = [place for shop in MARKETPLACES.values() if shop.id in about for place in _places(shop.id)]
    form = next((form for form in forms if _is_of(form, places)), forms[0])
    filled = {name: value for name, value in known.items() if name in form.fields and value}
    where = f"{_ui()}/deployments/deployment/{form.id}/run"
    return f"{where}?parameters={_spelled({**form.settled, **filled})}" if filled else where


def fix_link(forms: Sequence[Form], part: Part) -> str:
    """Where the form that settles a cause is filled in, with what is known of its most urgent problem."""
    return form_link(forms, f"{part.group.cause} {part.problems[0].subject}", _known(part))


def load_forms(names: Sequence[str]) -> dict[str, list[Form]]:
    """The deployments of these forms, by form; nothing when Prefect does not answer now."""
    try:
        with get_client(sync_client=True) as client:
            chosen = FlowFilter(name=FlowFilterName(any_=sorted(names)))
            flows = {flow.id: flow.name for flow in client.read_flows(flow_filter=chosen)}
            found = client.read_deployments(flow_filter=chosen)
    except Exception:  # noqa: BLE001 - a message without a link is better than none
        return {}
    forms: dict[str, list[Form]] = {}
    for one in sorted(found, key=lambda one: one.name):
        fields = frozenset((one.parameter_openapi_schema or {}).get("properties", {}))
        form = Form(id=one.id, name=one.name, fields=fields, settled=dict(one.parameters))
        forms.setdefault(flows[one.flow_id], []).append(form)
    return forms


def _known(part: Part) -> dict[str, str | int]:
    """What a form can be filled in with, under the names that the forms' fields have."""
    first = part.problems[0]
    return {"problem": first.id, **first.about}


def _ui() -> str:
    return str(PREFECT_UI_URL.value() or "").rstrip("/")


def _places(marketplace_id: str) -> tuple[str, ...]:
    country = MARKETPLACES[marketplace_id].country.lower()
    return marketplace_id, f"-{'uk' if country == 'gb' else country}", f"-{country}"


def _is_of(form: Form, places: Sequence[str]) -> bool:
    own = json.dumps(dict(form.settled))
    return any(place in own or form.name.endswith(place) for place in places)


def _spelled(values: Mapping[str, object]) -> str:
    """As both of Prefect's UIs read it; one of them decodes a percent sign twice."""
    return quote(json.dumps(values).replace("%", "\\u0025"), safe="")
