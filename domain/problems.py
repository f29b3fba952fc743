"""The closed list of what can need a person: who owns it, how bad it is, what to do next."""

from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a kind of problem is handled: its owner, its severity and the step that ends it."""

    owner: Team
    severity: Severity
    next_step: str


MANNERS: dict[ProblemKind, Manner] = {
    ProblemKind.ORDER_UNREADABLE: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Open the order in Seller Central and ship it by hand if it is due; report the reason to the"
        " people who run Lockstep. It is read again at every change.",
    ),
    ProblemKind.UNMAPPED_SKU: Manner(
        owner=Team.ECOMMERCE,
        severity=Severity.URGENT,
        next_step="Add the seller SKU to the SKU map (lockstep import skus FILE.csv); its orders are released at"
        " the next run.",
    ),
    ProblemKind.UNMAPPED_SHIP_METHOD: Manner(
        owner=Team.OPERATIONS,
        severity=Severity.URGENT,
        next_step="Add the service level to the ship-method map (lockstep import services FILE.csv); its orders"
        " are released at the next run.",
    ),
    ProblemKind.BAD_ADDRESS: Manner(
        owner=Team.CUSTOMER_SERVICE,
        severity=Severity.URGENT,
        next_step="Ask the buyer for the missing part of the address in Seller Central; the order is read again"
        " when Amazon shows the change.",
    ),
    ProblemKind.CANCEL_REQUESTED: Manner(
        owner=Team.CUSTOMER_SERVICE,
        severity=Severity.URGENT,
        next_step="Cancel the order in Seller Central, or decline the buyer's request there; Lockstep follows"
        " Amazon either way.",
    ),
    ProblemKind.CANCEL_TOO_LATE: Manner(
        owner=Team.CUSTOMER_SERVICE,
        severity=Severity.NORMAL,
        next_step="The parcel is on its way although Amazon canceled the order: tell the buyer and arrange the"
        " return.",
    ),
    ProblemKind.HELD_BY_PERSON: Manner(
        owner=Team.OPERATIONS,
        severity=Severity.NORMAL,
        next_step="Release the order again when the reason for holding it is gone.",
    ),
    ProblemKind.UNFULFILLABLE: Manner(
        owner=Team.ECOMMERCE,
        severity=Severity.NORMAL,
        next_step="Look at the order in Seller Central: Amazon shows it in a state that Lockstep does not ship.",
    ),
    ProblemKind.REJECTED_BY_WAREHOUSE: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Settle the reason with the warehouse; if it ships the order after all, Lockstep goes on.",
    ),
    ProblemKind.RELEASE_UNANSWERED: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Ask the warehouse whether it has the order file; it has neither accepted nor rejected it.",
    ),
    ProblemKind.CONFIRMED_ELSEWHERE: Manner(
        owner=Team.OPERATIONS,
        severity=Severity.URGENT,
        next_step="Find out who confirmed the order at Amazon; if it shipped from somewhere else, have the"
        " warehouse stop it.",
    ),
    ProblemKind.CARRIER_UNMAPPED: Manner(
        owner=Team.OPERATIONS,
        severity=Severity.URGENT,
        next_step="Add the carrier to the carrier map (lockstep carriers suggest writes the row, lockstep import"
        " carriers FILE.csv takes it); its parcels are sent at the next run.",
    ),
    ProblemKind.TRACKING_MISSING: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Ask the warehouse for the tracking number; it may send the same parcel again with it.",
    ),
    ProblemKind.CONTENTS_UNKNOWN: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Ask the warehouse what is in the parcel; it may send the same parcel again with lines that fit"
        " the order.",
    ),
    ProblemKind.TRACKING_REFUSED: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Read Amazon's reason, correct the carrier map or the parcel, or confirm it in Seller Central.",
    ),
    ProblemKind.TRACKING_UNPROVEN: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Amazon took the tracking twice and does not show it: enter it in Seller Central and compare"
        " the carrier with the one Amazon expects.",
    ),
    ProblemKind.TRACKING_CONTRADICTED: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Compare the package at Amazon with the warehouse's parcel and correct the one that is wrong.",
    ),
    ProblemKind.TRACKING_WAITING: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Run lockstep doctor. Lockstep goes on trying; confirm what is due before Amazon answers again"
        " in Seller Central.",
    ),
    ProblemKind.TRACKING_SUSPECT: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.NORMAL,
        next_step="Compare the number with the label; if it is wrong, have the warehouse send the same parcel again"
        " with the right one. It was sent to Amazon all the same.",
    ),
    ProblemKind.TRACKING_REUSED: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.NORMAL,
        next_step="Ask the warehouse which order the number belongs to; it may send the other parcel again with its"
        " own. Orders that share a box are no mistake.",
    ),
    ProblemKind.CARRIER_GAP: Manner(
        owner=Team.OPERATIONS,
        severity=Severity.NORMAL,
        next_step="Add the carrier to the carrier map (lockstep import carriers FILE.csv) before the warehouse"
        " dispatches; lockstep carriers suggest writes the row.",
    ),
    ProblemKind.UNKNOWN_ORDER: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.NORMAL,
        next_step="Ask the warehouse where this order reference comes from: Lockstep never gave it out.",
    ),
    ProblemKind.FILE_SET_ASIDE: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Ask the warehouse to correct the file as its .error.txt says and to send it again.",
    ),
    ProblemKind.SNAPSHOT_HELD: Manner(
        owner=Team.OPERATIONS,
        severity=Severity.URGENT,
        next_step="Ask the warehouse for a full stock file, or run the form accept-count when the held one is"
        " right. Until then quantities only go down.",
    ),
    ProblemKind.SNAPSHOT_LATE: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Ask the warehouse why no stock file comes; until one does, quantities only go down.",
    ),
    ProblemKind.OVERSOLD: Manner(
        owner=Team.ECOMMERCE,
        severity=Severity.URGENT,
        next_step="Have more units booked in before the orders are due, or agree a later date or another item with"
        " the buyers; cancel in Seller Central only what cannot be shipped, because each cancellation counts.",
    ),
    ProblemKind.LISTING_SUPPRESSED: Manner(
        owner=Team.ECOMMERCE,
        severity=Severity.NORMAL,
        next_step="Open the listing in Seller Central and settle what Amazon says about it; until then nobody can"
        " buy it, whatever its quantity.",
    ),
    ProblemKind.FEED_STUCK: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.NORMAL,
        next_step="Nothing to press: its listings go on one by one. If it happens daily, open a case with Amazon's"
        " developer support and name the feed.",
    ),
    ProblemKind.QUANTITY_INVALID: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.NORMAL,
        next_step="Open the listing in Seller Central and settle what Amazon says about it.",
    ),
    ProblemKind.QUANTITY_DRIFTED: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.NORMAL,
        next_step="Find out in Seller Central who else sets this quantity; Lockstep publishes its own again.",
    ),
    ProblemKind.STRANGER_UNREACHABLE: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Run lockstep doctor; work goes on by itself when the other side answers again.",
    ),
    ProblemKind.CREDENTIALS_REFUSED: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Renew the credentials in lockstep.toml and run lockstep setup.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing a person must settle: opened once per kind and subject, closed when its cause is gone.

    `subject` names an order, parcel, SKU, carrier string or file. `summary` is one plain sentence
    without personal data. `act_by` (UTC) is the moment after which it costs something.
    """

    kind: ProblemKind
    subject: str
    summary: str
    act_by: datetime | None = None

    @property
    def manner(self) -> Manner:
        """Owner, severity and next step of this kind of problem."""
        return MANNERS[self.kind]
