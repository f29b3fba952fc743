"""Small values with sensible defaults: what Amazon shows, what a warehouse says, what the seller mapped."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from domain.amazon import AmazonLine, AmazonOrder, AmazonPackage, AmazonStatus, OrdersPage, Unreadable
from domain.maps import AmazonCarrier, CarrierMap, Component, ServiceMap, ServiceRow, SkuMap, fold
from domain.orders.order import OrderMaps
from domain.recipient import Recipient
from domain.warehouse import ChangeKind as Change
from domain.warehouse import Dispatch, DispatchLine, OrderChange, StockRow, StockSnapshot
from ledger.orders.recording import PageContext
from ledger.secrecy import Seal

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)  # a Black Friday morning
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
GB = "A1F83G8C2ARO7P"
DE = "A1PA6795UKMFR9"

# One seller SKU that is the warehouse's own, and one kit of two "B" and one "C".
SKUS = SkuMap(
    components={
        "KIT": (Component(warehouse_sku="B", units=2), Component(warehouse_sku="C", units=1)),
    },
    same_skus=True,
)
SERVICES = ServiceMap(
    rows=(ServiceRow(marketplace_id="", service_level="", program="", warehouse_service="STD"),)
)
MAPS = OrderMaps(skus=SKUS, services=SERVICES)


def order_id(number: int = 1) -> str:
    """An Amazon order id of the real shape (3-7-7 digits)."""
    return f"026-1234567-{number:07}"


def recipient(*, name: str = "Ottilie Quennell", phone: str = "+44 7700 900123") -> Recipient:
    """Somebody who can be delivered to."""
    return Recipient(
        name=name,
        address_line_1="12 Larkspur Mews",
        city="Harrogate",
        postcode="HG1 1AA",
        country="GB",
        phone=phone,
    )


SOMEBODY = recipient()


def line(
    *,
    item: str = "item-1",
    sku: str = "A",
    quantity: int = 1,
    unfulfilled: int | None = None,
    cancel_requested: bool = False,
) -> AmazonLine:
    """One line of an Amazon order, nothing of it shipped."""
    return AmazonLine(
        order_item_id=item,
        seller_sku=sku,
        quantity=quantity,
        unfulfilled=quantity if unfulfilled is None else unfulfilled,
        cancel_requested=cancel_requested,
    )


def amazon_order(
    *,
    number: int = 1,
    marketplace: str = GB,
    status: AmazonStatus = AmazonStatus.UNSHIPPED,
    merchant_fulfilled: bool = True,
    updated_at: datetime = NOW,
    confirm_by: datetime | None = NOW + DAY,
    deliver_by: datetime | None = NOW + 4 * DAY,
    programs: tuple[str, ...] = (),
    lines: Sequence[AmazonLine] = (line(),),
    packages: Sequence[AmazonPackage] = (),
    to: Recipient | None = SOMEBODY,
    canceled_by: str = "",
) -> AmazonOrder:
    """One order as Amazon shows it: paid, and due tomorrow."""
    return AmazonOrder(
        order_id=order_id(number),
        marketplace_id=marketplace,
        status=status,
        merchant_fulfilled=merchant_fulfilled,
        created_at=NOW - HOUR,
        updated_at=updated_at,
        confirm_by=confirm_by,
        deliver_by=deliver_by,
        service_level="Standard",
        programs=programs,
        lines=tuple(lines),
        packages=tuple(packages),
        recipient=to,
        canceled_by=canceled_by,
    )


def orders_page(
    *orders: AmazonOrder,
    unreadable: Sequence[Unreadable] = (),
    next_token: str | None = None,
    read_until: datetime | None = NOW,
) -> OrdersPage:
    """One page of searchOrders; the last one unless it carries a token."""
    return OrdersPage(
        orders=orders, unreadable=tuple(unreadable), next_token=next_token, read_until=read_until
    )


def page_context(
    seal: Seal, *, account: str = "main", connection: str = "main", maps: OrderMaps = MAPS
) -> PageContext:
    """The account, connection and maps under which a page is recorded."""
    return PageContext(account=account, connection=connection, maps=maps, seal=seal)


def package(
    reference_id: str, *, tracking: str = "TRACK1", contents: Sequence[tuple[str, int]] = (("item-1", 1),)
) -> AmazonPackage:
    """A package as Amazon shows it after a ship confirm."""
    return AmazonPackage(
        reference_id=reference_id,
        tracking=tracking,
        carrier="Royal Mail",
        status="SHIPPED",
        contents=tuple(contents),
    )


def carrier_map(*names: str, marketplaces: Sequence[str] = (GB, DE)) -> CarrierMap:
    """Carriers whose name at the warehouse is Amazon's own."""
    return CarrierMap(
        rows={
            (marketplace, fold(name), ""): AmazonCarrier(carrier_code=name)
            for name in names
            for marketplace in marketplaces
        }
    )


def packed(*, item: str = "item-1", sku: str = "A", quantity: int = 1) -> DispatchLine:
    """Units of one SKU in a parcel."""
    return DispatchLine(line_ref=item, sku=sku, quantity=quantity)


def dispatch(
    *,
    number: int = 1,
    package_ref: str = "P1",
    carrier: str = "Royal Mail",
    service: str = "",
    tracking: str = "TRACK1",
    shipped_at: datetime = NOW + HOUR,
    package_count: int | None = 1,
    voided: bool = False,
    lines: Sequence[DispatchLine] = (packed(),),
) -> Dispatch:
    """One parcel of the order with that number, handed to Royal Mail."""
    return Dispatch(
        reference=f"{order_id(number)}-1",
        package_ref=package_ref,
        carrier=carrier,
        service=service,
        tracking=tracking,
        shipped_at=shipped_at,
        package_no=1,
        package_count=package_count,
        voided=voided,
        lines=tuple(lines),
    )


def change(kind: Change, *, number: int = 1, warehouse_order_id: str = "", reason: str = "") -> OrderChange:
    """The warehouse's word on the order with that number."""
    return OrderChange(
        reference=f"{order_id(number)}-1", kind=kind, warehouse_order_id=warehouse_order_id, reason=reason
    )


def snapshot(*rows: tuple[str, int], as_of: datetime = NOW, warehouse: str = "W1") -> StockSnapshot:
    """A count of (warehouse SKU, available units)."""
    return StockSnapshot(
        as_of=as_of,
        warehouse=warehouse,
        rows=tuple(StockRow(sku=sku, available=available) for sku, available in rows),
    )
