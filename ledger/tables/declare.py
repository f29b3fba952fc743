"""What every table of the ledger is declared with."""

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Column, DateTime, MetaData, Text, text

SCHEMA = "ledger"
metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "%(table_name)s_pk",
        "fk": "%(table_name)s_%(column_0_name)s_fk",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ix": "%(table_name)s_%(column_0_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    },
)


def moment(name: str, *, nullable: bool = True) -> Column[Any]:
    """A point in time, kept with its zone."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def words(name: str) -> Column[Any]:
    """Text that is empty when there is nothing to say."""
    return Column(name, Text, nullable=False, server_default=text("''"))


def told(name: str) -> Column[Any]:
    """Text that must be given."""
    return Column(name, Text, nullable=False)


def one_of(column: str, allowed: type[StrEnum] | tuple[str, ...]) -> CheckConstraint:
    """The rule that a column holds one of the words the domain knows."""
    listed = ", ".join(f"'{word}'" for word in allowed)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")
