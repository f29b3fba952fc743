"""The words for what can need a person: the kinds of problems, the teams, how bad it is."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Team(StrEnum):
    """Who can be asked to act; spelled as in lockstep.toml's [people]."""

    OPERATIONS = "operations"
    ECOMMERCE = "ecommerce"
    CUSTOMER_SERVICE = "customer_service"
    FINANCE = "finance"
    WAREHOUSE = "warehouse"
    INTEGRATION = "integration"


class Severity(StrEnum):
    """How much an open problem hurts: URGENT costs an order or the account soon."""

    URGENT = "urgent"
    NORMAL = "normal"


class ProblemKind(StrEnum):
    """What is wrong, one word per cause. State drives, kind explains."""

    ORDER_UNREADABLE = "order_unreadable"
    UNMAPPED_SKU = "unmapped_sku"
    UNMAPPED_SHIP_METHOD = "unmapped_ship_method"
    BAD_ADDRESS = "bad_address"
    CANCEL_REQUESTED = "cancel_requested"
    CANCEL_TOO_LATE = "cancel_too_late"
    HELD_BY_PERSON = "held_by_person"
    UNFULFILLABLE = "unfulfillable"
    REJECTED_BY_WAREHOUSE = "rejected_by_warehouse"
    RELEASE_UNANSWERED = "release_unanswered"
    CONFIRMED_ELSEWHERE = "confirmed_elsewhere"
    CARRIER_UNMAPPED = "carrier_unmapped"
    TRACKING_MISSING = "tracking_missing"
    CONTENTS_UNKNOWN = "contents_unknown"
    TRACKING_REFUSED = "tracking_refused"
    TRACKING_UNPROVEN = "tracking_unproven"
    TRACKING_CONTRADICTED = "tracking_contradicted"
    TRACKING_WAITING = "tracking_waiting"
    TRACKING_SUSPECT = "tracking_suspect"
    TRACKING_REUSED = "tracking_reused"
    CARRIER_GAP = "carrier_gap"
    UNKNOWN_ORDER = "unknown_order"
    FILE_SET_ASIDE = "file_set_aside"
    SNAPSHOT_HELD = "snapshot_held"
    SNAPSHOT_LATE = "snapshot_late"
    OVERSOLD = "oversold"
    LISTING_SUPPRESSED = "listing_suppressed"
    FEED_STUCK = "feed_stuck"
    QUANTITY_INVALID = "quantity_invalid"
    QUANTITY_DRIFTED = "quantity_drifted"
    STRANGER_UNREACHABLE = "stranger_unreachable"
    CREDENTIALS_REFUSED = "credentials_refused"
    ORDER_NOT_CROSSED = "order_not_crossed"
    PICKING_DELAY = "picking_delay"
    CONFIRMED_LATE = "confirmed_late"
    ORDER_MISSING = "order_missing"
    ORDER_STILL_OPEN = "order_still_open"
    CREDENTIALS_EXPIRING = "credentials_expiring"
    THROTTLED = "throttled"
    FLOW_SILENT = "flow_silent"
    LOCKSTEP_DOWN = "lockstep_down"
    HEALTH_AT_RISK = "health_at_risk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a kind of problem is handled: its owner, its severity and the step that ends it.

    `act_within` is how long after its opening it may stand when nothing names a moment of its own, such as the
    date by which an order must be confirmed. `form` is the flow that fixes it; empty where no form can.
    """

    owner: Team
    severity: Severity
    next_step: str
    act_within: timedelta
    form: str = ""
