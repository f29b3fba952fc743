"""The messages of a JSON_LISTINGS_FEED: checked one by one, applied, and counted in a processing report."""

import gzip
import json
from collections.abc import Sequence
from typing import Any

from sandbox.amazon.feed_plans import FeedPlan
from sandbox.amazon.listings import OPS, PATCH
from sandbox.amazon.shelf import ATTRIBUTE, issue, issues_of, patched
from sandbox.amazon.strict import wrong_fields
from sandbox.amazon.world import AmazonWorld

MOST_MESSAGES = 25_000
_HEADER = {"sellerId!": str, "version!": str, "issueLocale": str, "report": dict}
_FEED = {"header!": _HEADER, "messages!": list}
_MESSAGE = {
    "messageId!": int,
    "sku!": str,
    "operationType!": str,
    "productType!": str,
    "requirements": str,
    "attributes": dict,
    "patches": [PATCH],
}

Issues = list[dict[str, Any]]


def processed(
    world: AmazonWorld, content: bytes, marketplace_ids: Sequence[str], plan: FeedPlan
) -> dict[str, Any]:
    """Applies a feed and returns its processing report, still without the feed's id.

    Raises:
        ValueError: the document as a whole is no listings feed.
    """
    messages = _messages(world, content)
    read = messages[: max(0, len(messages) - plan.unread)]
    issues: Issues = []
    invalid = 0
    for message in read:
        found = _applied(world, message, marketplace_ids, plan)
        issues += [_told(message, one) for one in found]
        invalid += any(one["severity"] == "ERROR" for one in found)
    severities = [one["severity"] for one in issues]
    return {
        "header": {"sellerId": world.seller_id, "version": "2.0"},
        "issues": issues,
        "summary": {
            "errors": severities.count("ERROR"),
            "warnings": severities.count("WARNING"),
            "messagesProcessed": len(read),
            "messagesAccepted": len(read) - invalid,
            "messagesInvalid": invalid,
        },
    }


def _messages(world: AmazonWorld, content: bytes) -> list[Any]:
    try:
        document = json.loads(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
    except (OSError, EOFError) as error:
        raise ValueError("The feed cannot be unpacked.") from error
    if wrong_fields(document, _FEED):
        raise ValueError("The feed is not a listings feed.")
    header, messages = document["header"], document["messages"]
    if header["version"] != "2.0" or header["sellerId"] != world.seller_id:
        raise ValueError("The feed is of another version, or another seller's.")
    ids = [message.get("messageId") for message in messages if isinstance(message, dict)]
    if not 1 <= len(messages) <= MOST_MESSAGES or len({*map(str, ids)}) < len(messages):
        raise ValueError("The feed has no, too many or unnumbered messages.")
    return list(messages)


def _applied(world: AmazonWorld, message: Any, markets: Sequence[str], plan: FeedPlan) -> Issues:  # noqa: ANN401 - a stranger's JSON
    wrong = wrong_fields(message, _MESSAGE)
    if wrong:
        kind, name = wrong[0]
        return [issue("4000001", f"The message has an {kind} [{name}].", name)]
    patches, found = _patches(message)
    keys = [(message["sku"], market) for market in markets]
    if not found and any(key not in world.listings for key in keys):
        found = [issue("13013", "This SKU does not exist in the marketplace.", "sku")]
    if not found and message["sku"] in plan.rejected:
        found = [issue("90000900", "The attributes are invalid.", ATTRIBUTE)]
    if found:
        return found
    if message["sku"] not in plan.ineffective:
        for listing in (world.listings[key] for key in keys):
            world.submit(listing, patched(listing.submitted, patches), after=world.quantity_after)
    warned = message["sku"] in plan.warned
    return (
        [issue("99300", "Something of the listing should be reviewed.", ATTRIBUTE, "WARNING")]
        if warned
        else []
    )


def _patches(message: dict[str, Any]) -> tuple[list[dict[str, Any]], Issues]:
    """What a message changes, and what is wrong with that."""
    patches = message.get("patches", [])
    if message["operationType"] == "PARTIAL_UPDATE":
        values = message.get("attributes", {}).get(ATTRIBUTE, [])
        patches = [{"op": "replace", "path": f"/attributes/{ATTRIBUTE}", "value": values}]
    elif message["operationType"] != "PATCH":
        told = f"The sandbox does not rehearse the operation type {message['operationType']}."
        return [], [issue("4000001", told, "operationType")]
    if not patches or any(patch["op"] not in OPS for patch in patches):
        return [], [issue("4000001", "No patch, or an unknown patch operation.", "patches")]
    return patches, issues_of(patches)


def _told(message: Any, found: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - a stranger's JSON
    """An issue in the report's shape, which has fewer fields than a listing's."""
    told = {name: found[name] for name in ("code", "message", "severity")}
    told["attributeName"] = found["attributeNames"][0]
    for name, kind in (("messageId", int), ("sku", str)):
        if isinstance(message.get(name), kind):
            told[name] = message[name]
    return told
