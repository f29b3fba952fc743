"""Plants where it is not about one order: strangers away, credentials, calls, files, and Lockstep itself."""

from flows.stock_variances import stock_variances
from sandbox import filedrop
from tests.flows.drill.cures import faults_end
from tests.flows.drill.house import OFTEN, Drill, K, Plant


def _torn_file(drill: Drill) -> str:
    (drill.street.folder / "out" / "ack-torn.csv").write_text("order_ref,no\r\n1,2\r\n", encoding="utf-8")
    return "ack-torn.csv"


def _whole_file(drill: Drill) -> None:
    (drill.street.folder / "out" / "ack-torn.csv").write_text(
        ",".join(filedrop.ACK) + "\r\n", encoding="utf-8"
    )


def _away(drill: Drill) -> str:
    drill.sellers["broken"].world.inject("searchOrders", "503-html", times=OFTEN)
    return "Amazon (broken), order-ingest"


def _denied(drill: Drill) -> str:
    drill.sellers["denied"].world.inject("searchOrders", "401-json", times=OFTEN)
    return "Amazon (denied), order-ingest"


def _expiring(drill: Drill) -> str:
    drill.say(
        "INSERT INTO ledger.expiries (holder, what, fingerprint, since, until)"
        " VALUES ('Amazon (main)', 'client secret', 'x', now() - interval '170 days', now() + interval '10 days')"
    )
    return "Amazon (main), client secret"


def _renewed(drill: Drill) -> None:
    drill.say("UPDATE ledger.expiries SET since = now(), until = now() + interval '180 days'")


def _throttled(drill: Drill) -> str:
    return "Amazon (busy), confirmShipment"


def _calls_too_many(drill: Drill) -> None:
    """What another program leaves of the budget is too little, six times in a quarter of an hour."""
    drill.say(
        "INSERT INTO ledger.calls (at, stranger, operation, subject, outcome, milliseconds)"
        " SELECT now() - make_interval(mins => n), 'Amazon (busy)', 'confirmShipment', '', '429', 80"
        " FROM generate_series(1, 6) AS n"
    )


def _a_quarter_passes(drill: Drill) -> None:
    drill.say("UPDATE ledger.calls SET at = at - interval '20 minutes' WHERE outcome LIKE '429%'")


def _daily(drill: Drill) -> str:
    return "stock-variances, Amazon (main)"


def _days_without(drill: Drill) -> None:
    drill.say(
        "INSERT INTO ledger.beats (street, subject, hour, runs, volume, last_at) SELECT 'stock-variances',"
        " 'Amazon (main)', date_trunc('hour', at), 1, 0, at FROM (SELECT now() - interval '3 days' AS at) AS past"
    )


def _variances_run(drill: Drill) -> None:
    stock_variances()


def _stood_still(drill: Drill) -> str:
    drill.watch()
    return "UTC"


def _hours_without_a_watch(drill: Drill) -> None:
    drill.say("UPDATE ledger.beats SET last_at = last_at - interval '3 hours' WHERE street = 'problem-watch'")


def _nothing(_: Drill) -> None:
    """Nothing is to be done; time or the next run does it."""


PLANTS = (
    Plant(kind=K.FILE_SET_ASIDE, lay=_torn_file, cure=_whole_file),
    Plant(kind=K.STRANGER_UNREACHABLE, lay=_away, cure=faults_end("broken")),
    Plant(kind=K.CREDENTIALS_REFUSED, lay=_denied, cure=faults_end("denied")),
    Plant(kind=K.CREDENTIALS_EXPIRING, lay=_expiring, cure=_renewed),
    Plant(kind=K.THROTTLED, lay=_throttled, spring=_calls_too_many, cure=_a_quarter_passes),
    Plant(kind=K.FLOW_SILENT, lay=_daily, spring=_days_without, cure=_variances_run),
)
# What stands still hides for a while who is silent: it gets a cycle of its own.
STANDSTILL = Plant(kind=K.LOCKSTEP_DOWN, lay=_stood_still, spring=_hours_without_a_watch, cure=_nothing)
