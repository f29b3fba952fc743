"""The seller's own maps: which warehouse SKU, which warehouse service, which of Amazon's carriers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


def fold(text: str) -> str:
    """A warehouse's word as it is compared: without case and leading, trailing or repeated spaces."""
    return " ".join(text.split()).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """Units of one warehouse SKU that one unit of a seller SKU takes out of the pool."""

    warehouse_sku: str
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuMap:
    """Seller SKUs of one account in one connection's words. A SKU with several components is a kit."""

    components: Mapping[str, tuple[Component, ...]]
    same_skus: bool

    def resolve(self, seller_sku: str) -> tuple[Component, ...]:
        """What one unit of the seller SKU takes; empty when nobody mapped it."""
        mapped = self.components.get(seller_sku)
        if mapped is not None:
            return mapped
        if self.same_skus and seller_sku:
            return (Component(warehouse_sku=seller_sku, units=1),)
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """One row of the ship-method map; an empty field fits anything."""

    marketplace_id: str
    service_level: str
    program: str
    warehouse_service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceMap:
    """How an Amazon service level is asked for at the warehouse, for one account and connection."""

    rows: tuple[ServiceRow, ...]

    def resolve(self, marketplace_id: str, service_level: str, programs: Iterable[str]) -> str:
        """The warehouse service of the most specific row that fits; empty when none does."""
        programs = set(programs)
        fitting = [
            row
            for row in self.rows
            if row.marketplace_id in ("", marketplace_id)
            and row.service_level in ("", service_level)
            and (not row.program or row.program in programs)
        ]
        fitting.sort(key=lambda row: (bool(row.program), bool(row.service_level), bool(row.marketplace_id)))
        return fitting[-1].warehouse_service if fitting else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmazonCarrier:
    """A carrier in Amazon's exact words. `carrier_name` is filled only with the code "Other"."""

    carrier_code: str
    carrier_name: str = ""
    shipping_method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierMap:
    """A connection's carrier words in one marketplace's: exact up to case and spaces, or nothing."""

    rows: Mapping[tuple[str, str, str], AmazonCarrier] = field(default_factory=dict)

    def resolve(self, marketplace_id: str, carrier: str, service: str) -> AmazonCarrier | None:
        """Amazon's words for a warehouse's carrier and service; None blocks the parcel.

        A row without a service stands for every service of its carrier that has no row of its own.
        """
        exact = self.rows.get((marketplace_id, fold(carrier), fold(service)))
        return exact or self.rows.get((marketplace_id, fold(carrier), ""))
