"""What the fields of a form offer: the names that lockstep.toml has, and Amazon's lists.

A flow's field asks for a list by its name (`flows/fields.py`); the drop-down itself belongs to one deployment.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from deployments.settings import Settings
from domain.fields import label
from domain.marketplaces import MARKETPLACES, Marketplace, named
from domain.tracking.carriers import OTHER_ABROAD, approved

_SPREAD = "for_each"  # prefect.yaml: one deployment for each configured thing of this kind
_NOTHING = {"type": "null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What there is to choose from; an empty list leaves its fields to be typed."""

    seller_accounts: Sequence[str] = ()
    connections: Sequence[str] = ()
    marketplaces: Sequence[Marketplace] = ()

    def spread(self, entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """An entry of prefect.yaml as the deployments it stands for: itself, or one for each marketplace.

        Raises:
            ValueError: it is for each of something else.
        """
        each = entry.get(_SPREAD, "marketplace")
        if each != "marketplace":
            raise ValueError(f"there can be a deployment for each marketplace, not for each {each}")
        if _SPREAD not in entry or not self.marketplaces:
            yield entry
            return
        for shop in self.marketplaces:
            fixed = {**entry.get("parameters", {}), "marketplace": shop.called}
            yield {**entry, "name": f"{entry['name']}-{shop.called.lower()}", "parameters": fixed}

    def lists(self, parameters: Mapping[str, Any]) -> dict[str, list[str]]:
        """Every list by its name, for a deployment with these parameters: a fixed marketplace has its carriers."""
        fixed = named(str(parameters.get("marketplace", "")))
        shops = [fixed] if fixed else self.marketplaces
        codes = {code for shop in shops for code in approved(shop.id)} - OTHER_ABROAD
        return {
            "seller_accounts": list(self.seller_accounts),
            "connections": list(self.connections),
            "marketplaces": [shop.called for shop in shops],
            "carriers": sorted(codes, key=lambda code: (code.casefold(), code)),
        }


NO_CHOICES = Choices()


def choices_of(settings: Settings) -> Choices:
    """What lockstep.toml configured, marketplaces in Amazon's order."""
    sold_in = {shop for account in settings.amazon.values() for shop in account.marketplaces}
    return Choices(
        seller_accounts=tuple(settings.amazon),
        connections=tuple(settings.warehouse),
        marketplaces=tuple(shop for shop in MARKETPLACES.values() if shop.id in sold_in),
    )


def as_form(schema: Mapping[str, Any], lists: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """A flow's parameters as the UI shows them best: named for people, with drop-downs, empty where allowed.

    Raises:
        ValueError: a field asks for a list that there is not.
    """
    form = deepcopy(dict(schema))
    for part in (form, *form.get("definitions", {}).values()):
        for name, field in part.get("properties", {}).items():
            field["title"] = label(name)
            _tidy(field)
            _offer(field, name, lists)
    return form


def only_choices(form: Mapping[str, Any]) -> dict[str, str]:
    """The values of fields that must be filled in and have one choice alone."""
    needed = set(form.get("required", ()))
    fields = {name: field.get("enum", ()) for name, field in form["properties"].items() if name in needed}
    return {name: values[0] for name, values in fields.items() if len(values) == 1}


def _offer(field: dict[str, Any], name: str, lists: Mapping[str, Sequence[str]]) -> None:
    wanted = field.pop("choices", None)
    if wanted is None:
        return
    if wanted not in lists:
        raise ValueError(f'the field {name} wants the list "{wanted}", which there is not')
    if values := lists[wanted]:
        field["enum"] = [*([""] if field.get("default") == "" else []), *values]


def _tidy(field: dict[str, Any]) -> None:
    """A number that may be left out is an empty field, not a switch between a number and None."""
    if "description" in field:
        field["description"] = " ".join(field["description"].split())
    kinds = field.get("anyOf", [])
    if len(kinds) == 2 and kinds[1] == _NOTHING and field.get("default", "") is None:
        del field["anyOf"], field["default"]
        field.update(kinds[0])
