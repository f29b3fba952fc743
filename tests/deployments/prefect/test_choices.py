"""What the forms offer in the Prefect UI: exactly what lockstep.toml configured, and what they send is taken."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from prefect.utilities.schema_tools.validation import is_valid

from deployments.choices import NO_CHOICES, Choices, as_form, choices_of, only_choices
from deployments.flow_runs import find_flow, read_parameters
from deployments.prefect_objects import Wanted, read_file
from deployments.settings import Settings
from domain.errors import Refused
from domain.marketplaces import MARKETPLACES
from domain.tracking.carriers import approved

CHECKOUT = Path(__file__).parents[3]
UK, DE, US = "A1F83G8C2ARO7P", "A1PA6795UKMFR9", "ATVPDKIKX0DER"
KEY = {"client_id": "x", "client_secret": "x", "refresh_token": "x"}
SETTINGS = Settings.model_validate(
    {
        "amazon": {
            "main": {"seller_id": "A1", "region": "EU", "marketplaces": [DE, UK], **KEY},
            "second": {"seller_id": "A2", "region": "NA", "marketplaces": [US], **KEY},
        },
        "warehouse": {"main": {"adapter": "file-drop", "serves": ["main"], "file_drop": {"url": "drop"}}},
    }
)


@pytest.fixture(scope="module")
def wanted() -> Mapping[str, Wanted]:
    """The deployments of prefect.yaml with that configuration, by name."""
    return installed(choices_of(SETTINGS))


def installed(choices: Choices) -> Mapping[str, Wanted]:
    return {one.name: one for one in read_file(CHECKOUT / "prefect.yaml", CHECKOUT, {}, choices)}


def fields(one: Wanted) -> dict[str, dict[str, Any]]:
    return dict(one.payload["parameter_openapi_schema"]["properties"])


def test_there_is_a_carrier_form_for_each_marketplace(wanted: Mapping[str, Wanted]) -> None:
    """Each has its marketplace filled in and that marketplace's approved carriers alone; Other once, in English."""
    names = {name for name in wanted if name.startswith("map-carrier/")}
    assert names == {"map-carrier/form-uk", "map-carrier/form-de", "map-carrier/form-us"}
    for name, country in (("uk", "UK"), ("us", "US")):
        form = wanted[f"map-carrier/form-{name}"]
        assert form.payload["parameters"] == {"marketplace": country, "connection": "main"}
        assert fields(form)["marketplace"]["enum"] == [country]
        shop = next(one for one in MARKETPLACES.values() if one.called == country)
        assert set(fields(form)["carrier"]["enum"]) == approved(shop.id) - {"Andere", "Otro"}
    assert "Yodel" not in fields(wanted["map-carrier/form-us"])["carrier"]["enum"]


def test_other_forms_offer_what_is_configured(wanted: Mapping[str, Wanted]) -> None:
    """Accounts, connections and marketplaces are drop-downs; one that may stay empty has an empty choice."""
    for name in ("map-sku", "map-ship-method", "set-buffer", "stop-selling"):
        assert fields(wanted[f"{name}/form"])["seller_account"]["enum"] == ["main", "second"]
    method = fields(wanted["map-ship-method/form"])
    assert method["marketplace"]["enum"] == ["", "US", "UK", "DE"]
    assert method["connection"]["enum"] == ["main"]
    assert wanted["map-ship-method/form"].payload["parameters"] == {"connection": "main"}


def test_a_form_reads_as_people_speak(wanted: Mapping[str, Wanted]) -> None:
    """No field is named in code, each says what to fill in, and a number that may be missing is an empty field."""
    for name, one in wanted.items():
        assert one.payload["enforce_parameter_schema"] is True
        for field in fields(one).values():
            assert "_" not in field["title"], name
            assert "choices" not in field
            if "/form" in name:
                assert len(field["description"]) > 20, (name, field)
                assert "\n" not in field["description"]
    buffer = fields(wanted["set-buffer/form"])
    assert {buffer[name]["type"] for name in ("fixed", "percent", "odds", "share")} == {"integer", "number"}
    part = wanted["map-sku/form"].payload["parameter_openapi_schema"]["definitions"]["Part"]["properties"]
    assert [(one["title"], one["position"]) for one in part.values()] == [("Warehouse SKU", 0), ("Units", 1)]


SENT = [
    ("map-carrier/form-uk", {"warehouse_carrier": "RM", "carrier": "Royal Mail"}, True),
    ("map-carrier/form-uk", {"warehouse_carrier": "RM", "carrier": "Royal mail"}, False),
    ("map-carrier/form-uk", {"warehouse_carrier": "RM", "carrier": "DPD", "marketplace": "DE"}, False),
    ("map-carrier/form-uk", {"carrier": "Royal Mail"}, False),
    ("map-sku/form", {"seller_sku": "K", "parts": [{"warehouse_sku": "A", "units": 2}]}, True),
    ("map-sku/form", {"seller_sku": "K", "parts": []}, False),
    ("map-sku/form", {"seller_sku": "K", "parts": [{"warehouse_sku": "A", "units": 0}]}, False),
    ("map-ship-method/form", {"warehouse_service": "STD", "marketplace": "", "program": ""}, True),
    ("map-ship-method/form", {"warehouse_service": "STD", "marketplace": "FR"}, False),
    ("set-buffer/form", {"fixed": 3, "odds": None, "seller_sku": ""}, True),
    ("set-buffer/form", {"odds": 1}, False),
    ("set-buffer/form", {"seller_account": "third"}, False),
    ("stop-selling/form", {"decision": "stop"}, True),
]


@pytest.mark.parametrize(("name", "filled", "taken"), SENT)
def test_prefect_takes_what_a_form_sends(
    wanted: Mapping[str, Wanted], name: str, filled: dict[str, Any], taken: bool
) -> None:
    """What is not among the choices, or out of range, is refused before a run begins; the rest is taken."""
    payload = wanted[name].payload
    known = {"seller_account": "main", "your_name": "Kim"}
    filled = {field: value for field, value in known.items() if field in fields(wanted[name])} | filled
    assert is_valid(payload["parameters"] | filled, payload["parameter_openapi_schema"]) is taken


def test_other_settings_are_other_deployments(wanted: Mapping[str, Wanted]) -> None:
    """The same settings ask for the same, to the fingerprint; another marketplace changes its forms alone."""
    again = installed(choices_of(SETTINGS))
    assert {name: one.version for name, one in again.items()} == {n: one.version for n, one in wanted.items()}
    fewer = SETTINGS.model_copy(update={"amazon": {"main": SETTINGS.amazon["main"]}})
    changed = installed(choices_of(fewer))
    assert set(wanted) - set(changed) == {"map-carrier/form-us"}
    same = {name for name in changed if changed[name].version == wanted[name].version}
    assert {"map-carrier/form-uk", "order-ingest/scheduled"} <= same
    assert "map-sku/form" not in same


def test_without_settings_the_fields_are_typed() -> None:
    """There is one carrier form, and no drop-down where nothing is known."""
    bare = installed(NO_CHOICES)
    assert "enum" not in fields(bare["map-sku/form"])["seller_account"]
    assert "map-carrier/form" in bare


def test_a_list_that_there_is_not_is_refused() -> None:
    """A slip in a flow, or in prefect.yaml, is named when deployments are installed."""
    schema = {"properties": {"color": {"choices": "colors"}}}
    with pytest.raises(ValueError, match='the field color wants the list "colors"'):
        as_form(schema, {})
    with pytest.raises(ValueError, match="not for each warehouse"):
        list(NO_CHOICES.spread({"for_each": "warehouse"}))
    assert only_choices({"properties": {"a": {"enum": ["x"]}, "b": {"enum": ["y"]}}, "required": ["b"]}) == {
        "b": "y"
    }


def test_a_form_is_run_from_the_command_line_too() -> None:
    """A list is JSON, a SKU of digits stays text, and what is missing is named."""
    words = ["seller_account=main", "seller_sku=12345", 'parts=[{"warehouse_sku": "A", "units": 2}]']
    flow = find_flow("map-sku")
    found = read_parameters(flow, [*words, "connection=main", "your_name=Kim"])
    assert found["seller_sku"] == "12345"
    assert found["parts"] == [{"warehouse_sku": "A", "units": 2}]
    assert (
        read_parameters(find_flow("set-buffer"), ["seller_account=main", "your_name=K", "fixed=3"])["fixed"]
        == 3
    )
    with pytest.raises(Refused, match="map-sku also needs connection, your_name"):
        read_parameters(flow, words)
