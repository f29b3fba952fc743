"""Whether Amazon hides a listing from buyers."""

from domain.amazon import IssueSeverity, ListingIssue, SeenListing

# Enforcements (listingsItems_2021-08-01, Issue) after which nobody finds or can buy the listing. With
# ATTRIBUTE_SUPPRESSED only a part of its text is hidden.
HIDING = frozenset({"LISTING_SUPPRESSED", "SEARCH_SUPPRESSED", "CATALOG_ITEM_REMOVED"})
_WORDS = {
    "LISTING_SUPPRESSED": "the listing is suppressed",
    "SEARCH_SUPPRESSED": "the listing is left out of the search",
    "CATALOG_ITEM_REMOVED": "the item is removed from the catalog",
}


def why_hidden(seen: SeenListing | None, wanted: int | None) -> str:
    """Why buyers cannot find or buy a listing that we offer `wanted` units of; empty: they can, or we do not.

    "Not buyable" counts only while Amazon shows units: with none it is nothing but sold out.
    """
    if seen is None or seen.units is None or not wanted:
        return ""
    for issue in seen.issues:
        if hiding := _hiding(issue):
            return f"{_WORDS[hiding]} ({_told(issue)})"
    return f"it is not buyable although units are there ({_blamed(seen)})" if _unbuyable(seen) else ""


def _unbuyable(seen: SeenListing) -> bool:
    return seen.buyable is False and (seen.units or 0) > 0


def _blamed(seen: SeenListing) -> str:
    errors = [issue for issue in seen.issues if issue.severity is IssueSeverity.ERROR]
    return _told(errors[0]) if errors else "Amazon names no reason"


def _told(issue: ListingIssue) -> str:
    return f"{issue.code} {issue.message}".strip().rstrip(".")


def _hiding(issue: ListingIssue) -> str:
    return next((action for action in issue.actions if action in HIDING), "")
