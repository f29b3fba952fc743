"""What the forms for the seller's maps put in force: checked first, kept with who decided it, all at once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from prefect import task
from prefect.cache_policies import NO_CACHE

from domain.errors import Refused
from domain.fields import fault_in_words, meant
from domain.maps import fold
from domain.problems import ProblemKind
from ledger.connection import Ledger
from ledger.deeds import Deed, record_deed
from ledger.map_rules import (
    Fault,
    buffer_faults,
    carrier_faults,
    known_names,
    service_faults,
    sku_faults,
)
from ledger.maps import (
    BufferEntry,
    CarrierEntry,
    ServiceEntry,
    SkuEntry,
    record_buffers,
    record_carriers,
    record_services,
    record_skus,
)
from ledger.stock.offers import similar_sku
from ledger.unblocked import (
    carrier_in_use,
    orders_waiting,
    parcels_waiting,
    seller_skus_like,
    services_asked,
    services_in_use,
    warehouse_skus_like,
)
from tasks.manners import worth_retrying
from tasks.map_words import buffer_words, carrier_words, service_words, sku_words
from tasks.tracking.carrier_advice import in_words
from tasks.tracking.carrier_rows import missing_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """What is so now, in a sentence, and the ids of the parcels or orders that waited for it."""

    said: str
    waiting: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who decides, and when (UTC)."""

    author: str
    at: datetime

    def keep(self, conn: sa.Connection, form: str, subject: str, said: str) -> None:
        """Record the decision in the transaction that carries it out."""
        record_deed(conn, Deed(at=self.at, author=self.author, form=form, subject=subject, said=said))


@task(
    task_run_name="map carrier {entry.warehouse_carrier}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_condition_fn=worth_retrying,
)
def put_carrier(ledger: Ledger, entry: CarrierEntry, signature: Signature) -> Put:
    """Put a row of the carrier map in force; its waiting are parcels.

    Raises:
        Refused: a field is wrong; nothing changed.
    """
    with ledger.begin() as conn:
        faults = [*_advised(entry, carrier_faults(entry, known_names(conn)))]
        waiting = parcels_waiting(conn, entry)
        refuse(faults or ([] if waiting else _slip(conn, entry, signature.at)))
        changed = record_carriers(conn, [entry], signature.author, signature.at)
        subject, said = carrier_words(entry, changed=bool(changed))
        signature.keep(conn, "map-carrier", subject, said)
    return Put(said=said, waiting=waiting)


@task(
    task_run_name="map a SKU",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_condition_fn=worth_retrying,
)
def put_sku(ledger: Ledger, entries: Sequence[SkuEntry], signature: Signature) -> Put:
    """Put the whole kit of one seller SKU in force; its waiting are orders.

    Raises:
        Refused: a field is wrong; nothing changed.
    """
    with ledger.begin() as conn:
        known = known_names(conn)
        faults = [fault for entry in entries for fault in sku_faults(entry, known)]
        refuse(faults or _kit_faults(entries) or _sku_slips(conn, entries))
        account = entries[0].seller_account
        waiting = orders_waiting(conn, account, ProblemKind.UNMAPPED_SKU)
        changed = record_skus(conn, entries, signature.author, signature.at)
        new = [one for one in entries if not warehouse_skus_like(conn, one.connection, one.warehouse_sku)]
        said = sku_words(entries, new, changed=bool(changed))
        signature.keep(conn, "map-sku", f"{account} {entries[0].seller_sku}", said)
    return Put(said=said, waiting=waiting)


@task(
    task_run_name="map a ship method of {entry.seller_account}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_condition_fn=worth_retrying,
)
def put_service(ledger: Ledger, entry: ServiceEntry, signature: Signature) -> Put:
    """Put a row of the ship-method map in force; its waiting are orders.

    Raises:
        Refused: a field is wrong; nothing changed.
    """
    with ledger.begin() as conn:
        faults = list(service_faults(entry, known_names(conn)))
        refuse(faults or _service_slips(conn, entry, signature.at))
        waiting = orders_waiting(conn, entry.seller_account, ProblemKind.UNMAPPED_SHIP_METHOD)
        changed = record_services(conn, [entry], signature.author, signature.at)
        subject, said = service_words(entry, changed=bool(changed))
        signature.keep(conn, "map-ship-method", subject, said)
    return Put(said=said, waiting=waiting)


@task(
    task_run_name="set a buffer of {entry.seller_account}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_condition_fn=worth_retrying,
)
def put_buffer(ledger: Ledger, entry: BufferEntry, signature: Signature) -> str:
    """Put a buffer in force; what is kept back now, in a sentence.

    Raises:
        Refused: a field is wrong; nothing changed.
    """
    with ledger.begin() as conn:
        faults = list(buffer_faults(entry, known_names(conn)))
        refuse(faults or _unlisted(conn, entry))
        changed = record_buffers(conn, [entry], signature.author, signature.at)
        subject, said = buffer_words(entry, changed=bool(changed))
        signature.keep(conn, "set-buffer", subject, said)
    return said


def refuse(faults: Iterable[Fault]) -> None:
    """Say no when anything is wrong.

    Raises:
        Refused: a sentence for each wrong field, by its name on the screen.
    """
    if said := [fault_in_words(field, reason) for field, reason in faults]:
        raise Refused(f"{' '.join(dict.fromkeys(said))} Nothing changed.")


def _advised(entry: CarrierEntry, faults: Iterable[Fault]) -> Iterator[Fault]:
    """A code that is in no list comes with the one that fits best, when any does."""
    for field, reason in faults:
        advice = in_words(entry.warehouse_carrier, entry.warehouse_service, entry.marketplace_id)
        fits = field == "carrier_code" and advice and not reason.endswith("?")
        yield field, f"{reason}; {advice}" if fits else reason


def _slip(conn: sa.Connection, entry: CarrierEntry, now: datetime) -> list[Fault]:
    """Nothing waits for this row: a carrier that looks like one that is waited for was probably meant.

    One that is in use is no slip: its row is corrected, or put in force once more.
    """
    waited = {
        row.entry.warehouse_carrier: row.waiting
        for row in missing_rows(conn, now)
        if (row.entry.connection, row.entry.marketplace_id) == (entry.connection, entry.marketplace_id)
        and row.entry.warehouse_carrier.strip()
    }
    likely = meant(entry.warehouse_carrier, waited)
    carrier = entry.warehouse_carrier
    if not likely or fold(likely) == fold(carrier) or carrier_in_use(conn, entry.connection, carrier, now):
        return []
    reason = f'no parcel lately has "{carrier}"; did you mean "{likely}" ({waited[likely]})?'
    return [("warehouse_carrier", reason)]


def _kit_faults(entries: Sequence[SkuEntry]) -> list[Fault]:
    if not entries:
        return [("parts", "is empty; name at least one warehouse SKU")]
    names = [entry.warehouse_sku for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    return [("parts", f'"{name}" is there twice; give its units once') for name in twice]


def _sku_slips(conn: sa.Connection, entries: Sequence[SkuEntry]) -> list[Fault]:
    first = entries[0]
    words = [("seller_sku", first.seller_sku, seller_skus_like(conn, first.seller_account, first.seller_sku))]
    words += [
        ("warehouse_sku", one.warehouse_sku, warehouse_skus_like(conn, one.connection, one.warehouse_sku))
        for one in entries
    ]
    return [
        (field, f'"{typed}" is not known; did you mean "{like[0]}"?')
        for field, typed, like in words
        if like and typed not in like
    ]


def _service_slips(conn: sa.Connection, entry: ServiceEntry, now: datetime) -> list[Fault]:
    words = (("service_level", entry.service_level), ("program", entry.program))
    asked, used = services_asked(conn, entry.seller_account), services_in_use(conn, entry.seller_account, now)
    return [
        (field, f'no order lately has "{typed}"; did you mean "{likely}"?')
        for (field, typed), waiting, known in zip(words, asked, used, strict=True)
        if (likely := meant(typed, waiting)) and typed not in known
    ]


def _unlisted(conn: sa.Connection, entry: BufferEntry) -> list[Fault]:
    sku = entry.seller_sku
    like = similar_sku(conn, entry.seller_account, sku) if sku else sku
    if like == sku:
        return []
    hint = f'; did you mean "{like}"?' if like else "; copy the SKU from Seller Central"
    return [("seller_sku", f'"{sku}" has no listing in {entry.seller_account}{hint}')]
