"""Who there is: seller accounts and warehouse connections, as `lockstep setup` wrote them down."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.errors import Refused
from ledger import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A seller account. `look_back` is how far the very first import reads back.

    `prove_within` is how long an accepted ship confirm may stay unseen before it is sent again.
    """

    name: str
    seller_id: str
    region: str
    marketplaces: tuple[str, ...]
    look_back: timedelta
    prove_within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A warehouse connection and the seller accounts it serves.

    With `same_skus` a seller SKU that nobody mapped is the warehouse's own SKU. `buy_shipping` names the
    warehouse's carriers whose labels are bought through Amazon, which then confirms their parcels itself.
    """

    name: str
    adapter: str
    serves: tuple[str, ...]
    same_skus: bool
    buy_shipping: tuple[str, ...] = ()


def record_account(conn: sa.Connection, account: Account) -> bool:
    """Write a seller account down; whether that changed anything."""
    return _record(conn, tables.accounts, {**asdict(account), "marketplaces": list(account.marketplaces)})


def record_connection(conn: sa.Connection, connection: Connection) -> bool:
    """Write a warehouse connection down; whether that changed anything."""
    lists = {"serves": list(connection.serves), "buy_shipping": list(connection.buy_shipping)}
    return _record(conn, tables.connections, {**asdict(connection), **lists})


def accounts(conn: sa.Connection) -> tuple[Account, ...]:
    """Every seller account, by name."""
    rows = conn.execute(tables.accounts.select().order_by(tables.accounts.c.name)).mappings()
    return tuple(Account(**{**row, "marketplaces": tuple(row["marketplaces"])}) for row in rows)


def connections(conn: sa.Connection) -> tuple[Connection, ...]:
    """Every warehouse connection, by name."""
    rows = conn.execute(tables.connections.select().order_by(tables.connections.c.name)).mappings()
    lists = ("serves", "buy_shipping")
    return tuple(Connection(**{**row, **{name: tuple(row[name]) for name in lists}}) for row in rows)


def account(conn: sa.Connection, name: str) -> Account:
    """One seller account.

    Raises:
        Refused: there is none of that name; the message lists those there are.
    """
    known = {found.name: found for found in accounts(conn)}
    if name not in known:
        raise Refused(
            f'There is no seller account "{name}"; {_choice(known, "lockstep setup writes them down")}'
        )
    return known[name]


def connection_of(conn: sa.Connection, account_name: str) -> Connection:
    """The first warehouse connection (by name) that serves a seller account.

    Raises:
        Refused: none does.
    """
    known = connections(conn)
    for found in known:
        if account_name in found.serves:
            return found
    names = {found.name for found in known}
    raise Refused(
        f'No warehouse connection serves the seller account "{account_name}";'
        f" {_choice(names, 'add one to lockstep.toml and run lockstep setup')}"
    )


def keep_only(conn: sa.Connection, account_names: set[str], connection_names: set[str]) -> list[str]:
    """Take every other account and connection off the register; what they did stays. Sentences of what went."""
    gone = []
    for what, table, names in (
        ("Seller account", tables.accounts, account_names),
        ("Warehouse connection", tables.connections, connection_names),
    ):
        statement = table.delete().where(table.c.name.not_in(sorted(names))).returning(table.c.name)
        gone += [
            f"{what} {name} taken off: lockstep.toml has it no more." for name in conn.scalars(statement)
        ]
    return gone


def clock(conn: sa.Connection) -> datetime:
    """The ledger's own time (UTC), for deeds of people at the command line."""
    moment: datetime = conn.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return moment


def holds_addresses(conn: sa.Connection) -> bool:
    """Whether any address is sealed in the ledger: without its key it would be lost."""
    sealed = sa.select(tables.orders.c.id).where(tables.orders.c.recipient.is_not(None)).limit(1)
    return conn.execute(sealed).first() is not None


def _record(conn: sa.Connection, table: sa.Table, values: dict[str, object]) -> bool:
    statement = insert(table).values(values)
    new = {name: statement.excluded[name] for name in values if name != "name"}
    differs = sa.or_(*(table.c[name].is_distinct_from(value) for name, value in new.items()))
    upsert = statement.on_conflict_do_update(index_elements=["name"], set_=new, where=differs)
    return conn.execute(upsert.returning(table.c.name)).first() is not None


def _choice(names: "set[str] | dict[str, Account]", otherwise: str) -> str:
    return f"there is: {', '.join(sorted(names))}." if names else f"there is none yet: {otherwise}."
