"""The closed list of what can need a person: who owns it, how bad it is, how long there is, what to do next."""

from datetime import timedelta

from domain.problem_kinds import Manner, ProblemKind, Severity, Team

MANNERS: dict[ProblemKind, Manner] = {
    ProblemKind.ORDER_UNREADABLE: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Open the order in Seller Central and ship it by hand if it is due; report the reason to the"
        " people who run Lockstep. It is read again at every change.",
        act_within=timedelta(hours=4),
    ),
    ProblemKind.UNMAPPED_SKU: Manner(
        owner=Team.ECOMMERCE,
        severity=Severity.URGENT,
        next_step="Run the form map-sku (or lockstep import skus FILE.csv for many); its orders are released at"
        " once.",
        act_within=timedelta(hours=4),
        form="map-sku",
    ),
    ProblemKind.UNMAPPED_SHIP_METHOD: Manner(
        owner=Team.OPERATIONS,
        severity=Severity.URGENT,
        next_step="Run the form map-ship-method (or lockstep import services FILE.csv for many); its orders are"
        " released at once.",
        act_within=timedelta(hours=4),
        form="map-ship-method",
    ),
    ProblemKind.BAD_ADDRESS: Manner(
        owner=Team.CUSTOMER_SERVICE,
        severity=Severity.URGENT,
        next_step="Ask the buyer for the missing part of the address in Seller Central; the order is read again"
        " when Amazon shows the change.",
        act_within=timedelta(hours=12),
    ),
    ProblemKind.CANCEL_REQUESTED: Manner(
        owner=Team.CUSTOMER_SERVICE,
        severity=Severity.URGENT,
        next_step="Cancel the order in Seller Central, and Lockstep follows. The form decide-order has the"
        " warehouse stop it (cancel), or ships it all the same (release).",
        act_within=timedelta(hours=4),
        form="decide-order",
    ),
    ProblemKind.CANCEL_TOO_LATE: Manner(
        owner=Team.CUSTOMER_SERVICE,
        severity=Severity.NORMAL,
        next_step="The parcel is on its way although the order was to be stopped: tell the buyer and arrange the"
        " return.",
        act_within=timedelta(days=1),
        form="acknowledge-problem",
    ),
    ProblemKind.HELD_BY_PERSON: Manner(
        owner=Team.OPERATIONS,
        severity=Severity.NORMAL,
        next_step="Release the order with the form decide-order when the reason for holding it is gone.",
        act_within=timedelta(days=1),
        form="decide-order",
    ),
    ProblemKind.UNFULFILLABLE: Manner(
        owner=Team.ECOMMERCE,
        severity=Severity.NORMAL,
        next_step="Look at the order in Seller Central: Amazon shows it in a state that Lockstep does not ship.",
        act_within=timedelta(days=1),
    ),
    ProblemKind.REJECTED_BY_WAREHOUSE: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Settle the reason with the warehouse; if it ships the order after all, Lockstep goes on.",
        act_within=timedelta(hours=4),
    ),
    ProblemKind.RELEASE_UNANSWERED: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Ask the warehouse whether it has the order file; it has neither accepted nor rejected it.",
        act_within=timedelta(hours=2),
    ),
    ProblemKind.CONFIRMED_ELSEWHERE: Manner(
        owner=Team.OPERATIONS,
        severity=Severity.URGENT,
        next_step="Find out who confirmed the order at Amazon; if it shipped from somewhere else, have the"
        " warehouse stop it.",
        act_within=timedelta(hours=4),
        form="acknowledge-problem",
    ),
    ProblemKind.CARRIER_UNMAPPED: Manner(
        owner=Team.OPERATIONS,
        severity=Severity.URGENT,
        next_step="Run the form map-carrier, with Amazon's own name for the carrier out of its list (or lockstep"
        " import carriers FILE.csv for many); its parcels are sent at once.",
        act_within=timedelta(hours=4),
        form="map-carrier",
    ),
    ProblemKind.TRACKING_MISSING: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Ask the warehouse for the tracking number; it may send the same parcel again with it, or you"
        " enter it in the form correct-tracking.",
        act_within=timedelta(hours=4),
        form="correct-tracking",
    ),
    ProblemKind.CONTENTS_UNKNOWN: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Ask the warehouse what is in the parcel; it may send the same parcel again with lines that fit"
        " the order.",
        act_within=timedelta(hours=4),
    ),
    ProblemKind.TRACKING_REFUSED: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Read Amazon's reason and correct the carrier map or the parcel, then run the form"
        " resend-tracking; or confirm it in Seller Central.",
        act_within=timedelta(hours=2),
        form="resend-tracking",
    ),
    ProblemKind.TRACKING_UNPROVEN: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Amazon took the tracking twice and does not show it: enter it in Seller Central and compare"
        " the carrier with the one Amazon expects.",
        act_within=timedelta(hours=2),
        form="resend-tracking",
    ),
    ProblemKind.TRACKING_CONTRADICTED: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Compare the package at Amazon with the warehouse's parcel and correct the one that is wrong.",
        act_within=timedelta(hours=4),
        form="correct-tracking",
    ),
    ProblemKind.TRACKING_WAITING: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Run lockstep doctor. Lockstep goes on trying; confirm what is due before Amazon answers again"
        " in Seller Central.",
        act_within=timedelta(hours=1),
    ),
    ProblemKind.TRACKING_SUSPECT: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.NORMAL,
        next_step="Compare the number with the label; if it is wrong, have the warehouse send the same parcel again"
        " with the right one. It was sent to Amazon all the same.",
        act_within=timedelta(days=2),
        form="correct-tracking",
    ),
    ProblemKind.TRACKING_REUSED: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.NORMAL,
        next_step="Ask the warehouse which order the number belongs to; it may send the other parcel again with its"
        " own. Orders that share a box are no mistake.",
        act_within=timedelta(days=2),
        form="correct-tracking",
    ),
    ProblemKind.CARRIER_GAP: Manner(
        owner=Team.OPERATIONS,
        severity=Severity.NORMAL,
        next_step="Run the form map-carrier before the warehouse dispatches; lockstep carriers suggest writes the"
        " rows for lockstep import carriers FILE.csv.",
        act_within=timedelta(days=1),
        form="map-carrier",
    ),
    ProblemKind.UNKNOWN_ORDER: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.NORMAL,
        next_step="Ask the warehouse where this order reference comes from: Lockstep never gave it out.",
        act_within=timedelta(days=1),
        form="acknowledge-problem",
    ),
    ProblemKind.FILE_SET_ASIDE: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Ask the warehouse to correct the file as its .error.txt says and to send it again.",
        act_within=timedelta(hours=2),
        form="acknowledge-problem",
    ),
    ProblemKind.SNAPSHOT_HELD: Manner(
        owner=Team.OPERATIONS,
        severity=Severity.URGENT,
        next_step="Ask the warehouse for a full stock file, or run the form accept-count when the held one is"
        " right. Until then quantities only go down.",
        act_within=timedelta(hours=2),
        form="accept-count",
    ),
    ProblemKind.SNAPSHOT_LATE: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Ask the warehouse why no stock file comes; until one does, quantities only go down.",
        act_within=timedelta(hours=4),
    ),
    ProblemKind.OVERSOLD: Manner(
        owner=Team.ECOMMERCE,
        severity=Severity.URGENT,
        next_step="Have more units booked in before the orders are due, or agree a later date or another item with"
        " the buyers; cancel in Seller Central only what cannot be shipped, because each cancellation counts.",
        act_within=timedelta(hours=12),
        form="stop-selling",
    ),
    ProblemKind.LISTING_SUPPRESSED: Manner(
        owner=Team.ECOMMERCE,
        severity=Severity.NORMAL,
        next_step="Open the listing in Seller Central and settle what Amazon says about it; until then nobody can"
        " buy it, whatever its quantity.",
        act_within=timedelta(days=2),
    ),
    ProblemKind.FEED_STUCK: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.NORMAL,
        next_step="Nothing to press: its listings go on one by one. If it happens daily, open a case with Amazon's"
        " developer support and name the feed.",
        act_within=timedelta(days=1),
    ),
    ProblemKind.QUANTITY_INVALID: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.NORMAL,
        next_step="Open the listing in Seller Central and settle what Amazon says about it.",
        act_within=timedelta(days=1),
    ),
    ProblemKind.QUANTITY_DRIFTED: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.NORMAL,
        next_step="Find out in Seller Central who else sets this quantity; Lockstep publishes its own again.",
        act_within=timedelta(days=1),
    ),
    ProblemKind.STRANGER_UNREACHABLE: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Run lockstep doctor; work goes on by itself when the other side answers again.",
        act_within=timedelta(hours=1),
    ),
    ProblemKind.CREDENTIALS_REFUSED: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Renew the credentials in lockstep.toml and run lockstep setup.",
        act_within=timedelta(hours=1),
    ),
    ProblemKind.ORDER_NOT_CROSSED: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Open the last order-ingest run in Prefect: it says why the orders did not reach the warehouse."
        " They are handed over as soon as it can; the warehouse has nothing to look for.",
        act_within=timedelta(hours=1),
    ),
    ProblemKind.PICKING_DELAY: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Ask the warehouse to dispatch these orders before they are due: it has accepted them, and no"
        " tracking is waiting on our side.",
        act_within=timedelta(hours=4),
    ),
    ProblemKind.CONFIRMED_LATE: Manner(
        owner=Team.OPERATIONS,
        severity=Severity.NORMAL,
        next_step="Talk to whoever held them, as the table late-by-cause says, then run the form"
        " acknowledge-problem. It counts at Amazon and cannot be undone.",
        act_within=timedelta(days=2),
        form="acknowledge-problem",
    ),
    ProblemKind.ORDER_MISSING: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Ask the warehouse to look for the order: it took it once and does not list it as open. It may"
        " dispatch it, or say that it cannot.",
        act_within=timedelta(hours=4),
    ),
    ProblemKind.ORDER_STILL_OPEN: Manner(
        owner=Team.WAREHOUSE,
        severity=Severity.URGENT,
        next_step="Have the warehouse close the order: it is over here, and what is packed for it now is shipped"
        " for nothing. When it has, run the form acknowledge-problem.",
        act_within=timedelta(hours=4),
        form="acknowledge-problem",
    ),
    ProblemKind.CREDENTIALS_EXPIRING: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.NORMAL,
        next_step="Renew them before that day, put the new ones into lockstep.toml and run lockstep setup.",
        act_within=timedelta(days=7),
    ),
    ProblemKind.THROTTLED: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.NORMAL,
        next_step="Find the other program that uses this seller account's limits at Amazon, and slow it down."
        " Lockstep waits for its turn and loses nothing.",
        act_within=timedelta(hours=4),
    ),
    ProblemKind.FLOW_SILENT: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Open the flow's last runs in Prefect, then run lockstep doctor. If the business is quiet for a"
        " reason, run the form acknowledge-problem.",
        act_within=timedelta(hours=1),
        form="acknowledge-problem",
    ),
    ProblemKind.LOCKSTEP_DOWN: Manner(
        owner=Team.INTEGRATION,
        severity=Severity.URGENT,
        next_step="Find out why Lockstep's server or worker stood still, and let a monitor run lockstep status"
        " --exit-code. What was missed is caught up by itself.",
        act_within=timedelta(hours=4),
        form="acknowledge-problem",
    ),
    ProblemKind.HEALTH_AT_RISK: Manner(
        owner=Team.OPERATIONS,
        severity=Severity.URGENT,
        next_step="Open the two tables that the problem names: health-tonight has the orders that still can be"
        " saved, and who holds each; health-defects what counts already, with its causes.",
        act_within=timedelta(hours=12),
    ),
}
