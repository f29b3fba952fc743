"""The kinds of fields that forms share; `choices` names a list that `lockstep setup` fills in per deployment."""

from typing import Annotated

from pydantic import BaseModel, Field

from domain.errors import Refused
from domain.fields import label
from domain.marketplaces import MARKETPLACES, named
from domain.ranges import FIXED, UNITS

SellerAccount = Annotated[str, Field(min_length=1, json_schema_extra={"choices": "seller_accounts"})]
Connection = Annotated[str, Field(min_length=1, json_schema_extra={"choices": "connections"})]
Marketplace = Annotated[str, Field(min_length=1, json_schema_extra={"choices": "marketplaces"})]
AnyMarketplace = Annotated[str, Field(json_schema_extra={"choices": "marketplaces"})]
Carrier = Annotated[str, Field(min_length=1, json_schema_extra={"choices": "carriers"})]
Filled = Annotated[str, Field(min_length=1)]
Units = Annotated[int | None, Field(ge=FIXED.least, le=FIXED.most)]
Percent = Annotated[float | None, Field(ge=0, le=100)]
Odds = Annotated[float | None, Field(gt=0, lt=1)]
Share = Annotated[float | None, Field(ge=0, le=1)]


class Part(BaseModel):
    """Units of one warehouse SKU that go into one unit of the seller SKU."""

    warehouse_sku: str = Field(
        min_length=1,
        description="The warehouse's own SKU, as its stock file spells it.",
        json_schema_extra={"position": 0},
    )
    units: int = Field(
        default=1,
        ge=UNITS.least,
        le=UNITS.most,
        description="How many of it one unit of the seller SKU takes.",
        json_schema_extra={"position": 1},
    )


def trimmed(field: str, typed: str) -> str:
    """What was typed into a field, without stray spaces.

    Raises:
        Refused: it is nothing but spaces: an empty field stands for everything, and a slip must not.
    """
    word = typed.strip()
    if typed and not word:
        raise Refused(
            f"{label(field)}: there is nothing but spaces in it; empty the field or fill it in. Nothing changed."
        )
    return word


def marketplace_id(word: str) -> str:
    """The id of a marketplace that was given by its country or its id; empty stays empty.

    Raises:
        Refused: there is no such marketplace.
    """
    shop = named(word)
    if shop is None and word:
        there = ", ".join(one.called for one in MARKETPLACES.values())
        raise Refused(
            f'Marketplace: "{word}" is not a marketplace of Amazon (there is: {there}). Nothing changed.'
        )
    return shop.id if shop else ""
