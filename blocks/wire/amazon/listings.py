"""Quantities and listings as Listings Items 2021-08-01 speaks of them."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from blocks.wire.amazon.answer import (
    Count,
    ForeignModel,
    Identifier,
    Moment,
    Prose,
    Word,
    fault_sentence,
    one_line,
)
from domain.amazon import IssueSeverity, ListingIssue, PublishAnswer, Quantity, SeenListing
from domain.errors import Refused, TryAgain

# The seller's own stock. Any other channel code would turn the listing into one that Amazon ships.
MERCHANT_CHANNEL = "DEFAULT"

_Model = TypeVar("_Model", bound=ForeignModel)


class _Action(ForeignModel):
    action: Word


class _Exemption(ForeignModel):
    status: Word | None = None


class _Enforcements(ForeignModel):
    actions: list[_Action] | None = None
    exemption: _Exemption | None = None


class _Issue(ForeignModel):
    code: Word | None = None
    message: Prose | None = None
    severity: Word | None = None
    enforcements: _Enforcements | None = None


class _Submission(ForeignModel):
    sku: Identifier
    status: Word
    issues: list[_Issue] | None = None


class _Availability(ForeignModel):
    fulfillment_channel_code: Word
    quantity: Count | None = None


class _Summary(ForeignModel):
    marketplace_id: Identifier
    status: list[Word] | None = None
    last_updated_date: Moment | None = None


class _Item(ForeignModel):
    sku: Identifier
    summaries: list[_Summary] | None = None
    fulfillment_availability: list[_Availability] | None = None
    issues: list[_Issue] | None = None


class _Pages(ForeignModel):
    next_token: Word | None = None


class _Items(ForeignModel):
    number_of_results: Count | None = None
    items: list[_Item]
    pagination: _Pages | None = None


def quantity_body(quantity: Quantity) -> dict[str, Any]:
    """The patch that sets the units of the merchant's own offer and leaves the rest of the listing alone.

    `merge` keeps handling time and restock date, which `replace` would wipe.

    Raises:
        Refused: When the units are below zero.
    """
    if quantity.units < 0:
        raise Refused(f"A quantity below zero cannot be offered for {quantity.seller_sku}.", code="Negative")
    offer = {"fulfillment_channel_code": MERCHANT_CHANNEL, "quantity": quantity.units}
    patch = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": [offer]}
    return {"productType": "PRODUCT", "patches": [patch]}


def parse_submission(payload: Mapping[str, Any]) -> PublishAnswer:
    """Amazon's answer to a patch. INVALID comes with HTTP 200 and is an answer, not an error.

    Raises:
        TryAgain: When it is neither ACCEPTED nor INVALID; the quantity may have been taken.
    """
    answer = _understood(_Submission, payload, writes=True)
    if answer.status not in {"ACCEPTED", "INVALID"}:
        raise TryAgain("Amazon answered a quantity with neither ACCEPTED nor INVALID.", maybe_done=True)
    return PublishAnswer(accepted=answer.status == "ACCEPTED", issues=_issues(answer.issues))


def parse_listing(payload: Mapping[str, Any], marketplace_id: str) -> SeenListing:
    """One getListingsItem answer, asked for one marketplace.

    Raises:
        TryAgain: When the answer holds no listing.
    """
    return _seen(_understood(_Item, payload), marketplace_id)


def parse_listings(payload: Mapping[str, Any], marketplace_id: str) -> tuple[SeenListing, ...]:
    """One searchListingsItems answer for one marketplace, asked so that one page holds every listing.

    Raises:
        TryAgain: When it is not a list of listings, or not all of those it counts.
    """
    answer = _understood(_Items, payload)
    more = answer.pagination is not None and answer.pagination.next_token
    if more or (answer.number_of_results or 0) > len(answer.items):
        raise TryAgain("Amazon showed fewer listings than it counted, so none of them was believed.")
    return tuple(_seen(item, marketplace_id) for item in answer.items)


def _understood(model: type[_Model], payload: Mapping[str, Any], *, writes: bool = False) -> _Model:
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        told = f"In Amazon's answer about listings {fault_sentence(error)}."
    raise TryAgain(told, maybe_done=writes)


def _seen(item: _Item, marketplace_id: str) -> SeenListing:
    """Amazon's `fulfillmentAvailability` is what is in effect; the attribute is only what was submitted."""
    offers = item.fulfillment_availability or []
    ours = [offer.quantity for offer in offers if offer.fulfillment_channel_code == MERCHANT_CHANNEL]
    others = (offer.fulfillment_channel_code for offer in offers)
    issues = _issues(item.issues)
    if None in ours:
        told = "Amazon shows the merchant-fulfilled offer without a quantity."
        issues += (ListingIssue(severity=IssueSeverity.ERROR, code="", message=told),)
    summary = next((one for one in item.summaries or () if one.marketplace_id == marketplace_id), None)
    status = summary.status if summary else None
    return SeenListing(
        marketplace_id=marketplace_id,
        seller_sku=item.sku,
        units=ours[0] if ours else None,
        other_channels=tuple(code for code in others if code != MERCHANT_CHANNEL),
        issues=issues,
        buyable=None if status is None else "BUYABLE" in status,
        updated_at=summary.last_updated_date if summary else None,
    )


def _issues(issues: list[_Issue] | None) -> tuple[ListingIssue, ...]:
    return tuple(_issue(issue) for issue in issues or ())


def _issue(issue: _Issue) -> ListingIssue:
    return ListingIssue(
        severity=IssueSeverity.__members__.get(issue.severity or "", IssueSeverity.ERROR),
        code=one_line((issue.code,), limit=60),
        message=one_line((issue.message,)),
        actions=_actions(issue.enforcements),
    )


def _actions(enforcements: _Enforcements | None) -> tuple[str, ...]:
    """What Amazon has done about an issue; what a listing is exempt from is announced and not done."""
    exemption = enforcements.exemption.status if enforcements and enforcements.exemption else None
    if enforcements is None or (exemption or "").startswith("EXEMPT"):
        return ()
    return tuple(one_line((each.action,), limit=60) for each in enforcements.actions or ())
