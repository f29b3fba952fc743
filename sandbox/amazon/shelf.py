"""Listings: what was submitted, what is effective, and how a patch turns the one into the other."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ATTRIBUTE = "fulfillment_availability"
_FIELDS: dict[str, type] = {
    "fulfillment_channel_code": str,
    "quantity": int,
    "lead_time_to_ship_max_days": int,
    "restock_date": str,
}

Channel = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Listing:
    """One SKU in one marketplace. Submitted is what the seller sent last, effective is what buyers see."""

    seller_sku: str
    marketplace_id: str
    product_type: str
    created: datetime
    updated: datetime
    price: str
    submitted: dict[str, Channel] = field(default_factory=dict)  # by channel code
    effective: dict[str, Channel] = field(default_factory=dict)
    version: int = 0  # of the submission that is effective or on its way
    issues: list[dict[str, Any]] = field(default_factory=list)  # in Amazon's shape

    @property
    def enforced(self) -> frozenset[str]:
        """What Amazon does to the listing because of its issues."""
        if not self.issues:
            return frozenset()
        actions = (issue.get("enforcements", {"actions": []})["actions"] for issue in self.issues)
        return frozenset(each["action"] for part in actions for each in part)

    def quantity(self, channel: str = "DEFAULT") -> int | None:
        """Units that buyers can order now, or nothing without the channel."""
        found = self.effective.get(channel, {}).get("quantity")
        return None if found is None else int(found)

    def take(self, units: int) -> int:
        """An order lowers the effective quantity; returns by how much (never below zero)."""
        taken = min(units, self.quantity() or 0)
        if taken:
            self.effective["DEFAULT"]["quantity"] -= taken
        return taken

    def give_back(self, units: int) -> None:
        """A canceled order raises it again."""
        if units and self.quantity() is not None:
            self.effective["DEFAULT"]["quantity"] += units


def issues_of(patches: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What Amazon finds wrong in a patch: an empty list, or issues that make the submission INVALID."""
    found: list[dict[str, Any]] = []
    for patch in patches:
        path = patch["path"].removeprefix("/attributes/")
        if path != ATTRIBUTE or not patch["path"].startswith("/attributes/"):
            found.append(issue("90000900", f"The attribute '{path}' is unknown.", path))
        elif not patch.get("value") and patch["op"] != "delete":
            found.append(issue("90000901", "The patch has no value.", ATTRIBUTE))
        else:
            found += [each for value in patch.get("value", ()) for each in _issues_of_value(value)]
    return found


def _issues_of_value(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        return [issue("90000900", "The value is not an object.", ATTRIBUTE)]
    found = []
    if "fulfillment_channel_code" not in value:
        found.append(
            issue("99022", "The field 'fulfillment_channel_code' does not have enough values.", ATTRIBUTE)
        )
    for name, content in value.items():
        wanted = _FIELDS.get(name)
        if wanted is None or not isinstance(content, wanted) or isinstance(content, bool):
            found.append(issue("90000900", f"The field '{name}' is invalid.", ATTRIBUTE))
        elif isinstance(content, int) and content < 0:
            found.append(issue("99020", f"The field '{name}' is below the minimum of 0.", ATTRIBUTE))
    return found


def issue(
    code: str, message: str, attribute: str, severity: str = "ERROR", actions: Sequence[str] = ()
) -> dict[str, Any]:
    """One issue, with what Amazon does about it."""
    told: dict[str, Any] = {
        "code": code,
        "message": message,
        "severity": severity,
        "attributeNames": [attribute],
        "categories": ["INVALID_ATTRIBUTE"],
    }
    if actions:
        done = [{"action": action} for action in actions]
        told["enforcements"] = {"actions": done, "exemption": {"status": "NOT_EXEMPT"}}
    return told


def patched(submitted: dict[str, Channel], patches: Iterable[dict[str, Any]]) -> dict[str, Channel]:
    """The submitted availability after a patch: merge keeps what it does not name, replace drops it."""
    result = {code: dict(value) for code, value in submitted.items()}
    for patch in patches:
        values = {value["fulfillment_channel_code"]: dict(value) for value in patch.get("value", ())}
        if patch["op"] == "replace":
            result = values
        elif patch["op"] == "delete":
            result = {code: each for code, each in result.items() if values and code not in values}
        elif patch["op"] == "add":
            result.update(values)
        else:
            for code, value in values.items():
                result[code] = result.get(code, {}) | value
    return result


def submission(sku: str, status: str, issues: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer to a patch."""
    return {"sku": sku, "status": status, "submissionId": uuid.uuid4().hex, "issues": issues}
