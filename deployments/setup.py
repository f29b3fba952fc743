"""`lockstep setup`: make the ledger and the Prefect server look like lockstep.toml and this repository."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from prefect.blocks.core import Block
from pydantic import SecretStr, ValidationError

from blocks.ledger_connection import LedgerConnection
from blocks.seller_account import SellerAccount
from blocks.warehouse_connection import WarehouseConnection
from deployments.choices import choices_of
from deployments.no_desk import NoDesk
from deployments.prefect_objects import install_all
from deployments.settings import AmazonSettings, FileDropSettings, Settings, WarehouseSettings
from deployments.stack import CHECKOUT, Stack
from domain.errors import Refused
from domain.strangers import amazon_named, warehouse_named
from domain.watch.expiries import Credential
from flows.doors import LEDGER_BLOCK
from ledger import register
from ledger.connection import Ledger
from ledger.schema import migrate
from ledger.secrecy import Seal, new_key
from ledger.watch.expiries import Held, record_expiries

B = TypeVar("B", bound=Block)
Item = tuple[str, list[str]]  # what was looked at, and what was changed about it


def set_up(settings: Settings, stack: Stack, *, every: Mapping[str, float] | None = None) -> Iterator[Item]:
    """Bring everything up to date, item by item; an item without changes was right already.

    `every` holds other intervals than prefect.yaml's, in seconds by flow name.

    Raises:
        Refused: lockstep.toml is not enough to work with, or contradicts what is there.
        TryAgain: PostgreSQL or Prefect cannot be reached; running setup again goes on from there.
    """
    if not settings.amazon or not settings.warehouse:
        what = "[amazon.NAME]" if not settings.amazon else "[warehouse.NAME]"
        raise Refused(f"lockstep.toml has no {what} table; add one and run lockstep setup again.")
    yield "Ledger tables", ["The tables are up to date now."] if migrate(stack.ledger_url) else []
    yield from _set_up_ledger(settings, stack)
    for name, account in settings.amazon.items():
        yield f"Seller account {name}", _save(name, seller_block(name, account))
    for name, warehouse in settings.warehouse.items():
        block = warehouse_block(name, warehouse)
        yield f"Warehouse connection {name}", _save(name, block) + _make_folders(block)
    people = settings.people.channels()
    file, choices = CHECKOUT / "prefect.yaml", choices_of(settings)
    yield "Prefect", install_all(file, CHECKOUT, people=people, every=every, choices=choices)


def seller_block(name: str, account: AmazonSettings) -> SellerAccount:
    """The Prefect block of a seller account."""
    return SellerAccount(name=name, **_door_words(account))


def warehouse_block(name: str, warehouse: WarehouseSettings) -> WarehouseConnection:
    """The Prefect block of a warehouse connection.

    Raises:
        Refused: the folder's address cannot be used.
    """
    assert warehouse.file_drop is not None  # checked when lockstep.toml was read
    try:
        return WarehouseConnection(name=name, **_door_words(warehouse.file_drop))
    except ValidationError as error:
        reason = error.errors(include_input=False)[0]["msg"].removeprefix("Value error, ").rstrip(".")
        raise Refused(f"[warehouse.{name}.file_drop]: {reason}.") from None


def missing_blocks(settings: Settings) -> list[str]:
    """What lockstep.toml names and Prefect has no block for."""
    wanted: list[tuple[str, type[Block], str]] = [("the ledger", LedgerConnection, LEDGER_BLOCK)]
    wanted += [(f"seller account {name}", SellerAccount, name) for name in settings.amazon]
    wanted += [(f"warehouse connection {name}", WarehouseConnection, name) for name in settings.warehouse]
    return [what for what, kind, name in wanted if _find(kind, name) is None]


def choose_key(*, given: str, stored: str, sealed: bool) -> str:
    """The privacy key to use: lockstep.toml's, else the one kept since the first setup, else a new one.

    Raises:
        Refused: addresses are sealed with another key, or with one that is not known here.
    """
    if sealed and not stored and not given:
        raise Refused(
            "The ledger holds sealed addresses, but this Prefect server has no key to them."
            " Give the key as [privacy] key, or use the Prefect server of the first setup."
        )
    if sealed and stored and given not in ("", stored):
        raise Refused(
            "The [privacy] key is not the one that the ledger's addresses are sealed with."
            " Give that one, or leave it empty to go on with the kept one."
        )
    key = given or stored or new_key()
    Seal(key)
    return key


def _set_up_ledger(settings: Settings, stack: Stack) -> Iterator[Item]:
    stored = _find(LedgerConnection, LEDGER_BLOCK)
    held = stored.privacy_key.get_secret_value() if stored else ""
    with closing(Ledger(stack.ledger_url, held or new_key())) as ledger:
        with ledger.begin() as conn:
            given = settings.privacy.key.get_secret_value()
            key = choose_key(given=given, stored=held, sealed=register.holds_addresses(conn))
            changes = _register(conn, settings)
            changes += record_expiries(conn, held_credentials(settings), Seal(key), register.clock(conn))
        yield "Register", changes
    url, privacy_key = SecretStr(stack.ledger_url), SecretStr(key)
    yield "Ledger connection", _save(LEDGER_BLOCK, LedgerConnection(url=url, privacy_key=privacy_key))


def _register(conn: sa.Connection, settings: Settings) -> list[str]:
    changes = [
        f"Seller account {name} written down."
        for name, told in settings.amazon.items()
        if register.record_account(conn, _account(name, told))
    ]
    changes += [
        f"Warehouse connection {name} written down."
        for name, told in settings.warehouse.items()
        if register.record_connection(conn, _connection(name, told))
    ]
    return changes + register.keep_only(conn, set(settings.amazon), set(settings.warehouse))


def held_credentials(settings: Settings) -> list[Held]:
    """Every secret of lockstep.toml that ends some day."""
    held = []
    for name, told in settings.amazon.items():
        secret, token = told.client_secret.get_secret_value(), told.refresh_token.get_secret_value()
        rows = (
            (Credential.CLIENT_SECRET, secret, told.client_secret_until),
            (Credential.AUTHORIZATION, token, told.authorized_until),
        )
        held += [Held(holder=amazon_named(name), what=w, secret=s, stated=day) for w, s, day in rows]
    for name, warehouse in settings.warehouse.items():
        drop = warehouse.file_drop
        if drop is not None and drop.password is not None:
            password, day = drop.password.get_secret_value(), drop.password_until
            holder = warehouse_named(name)
            held.append(Held(holder=holder, what=Credential.PASSWORD, secret=password, stated=day))
    return held


def _door_words(section: AmazonSettings | FileDropSettings) -> dict[str, Any]:
    """What a door is built with: all of its section but the days on which its credentials end."""
    return {name: value for name, value in dict(section).items() if not name.endswith("_until")}


def _account(name: str, told: AmazonSettings) -> register.Account:
    return register.Account(
        name=name,
        seller_id=told.seller_id,
        region=told.region,
        marketplaces=tuple(told.marketplaces),
        look_back=told.look_back,
        prove_within=told.prove_within,
    )


def _connection(name: str, told: WarehouseSettings) -> register.Connection:
    return register.Connection(
        name=name,
        adapter=told.adapter,
        serves=tuple(told.serves),
        same_skus=told.same_skus,
        buy_shipping=tuple(told.buy_shipping),
    )


def _find(kind: type[B], name: str) -> B | None:
    """The block of that name as Prefect keeps it; None when there is none that can be used."""
    try:
        return cast("B", kind.load(name))
    except ValueError:
        return None


def _save(name: str, block: Block) -> list[str]:
    there = _find(type(block), name)
    if there is not None and _content(there) == _content(block):
        return []
    block.save(name, overwrite=True)
    return [f'Prefect block "{name}" {"changed" if there else "made"}.']


def _make_folders(block: WarehouseConnection) -> list[str]:
    """The folders of a file drop on this machine; on a warehouse's server they are the warehouse's to make."""
    if "://" in block.url:
        return []
    there = all((Path(block.url) / sub).is_dir() for sub in ("in", "out"))
    block.open(NoDesk()).prepare()
    return [] if there else [f"Folders in/ and out/ made in {block.url}."]


def _content(block: Block) -> dict[str, object]:
    return {name: getattr(block, name) for name in type(block).model_fields}
