"""Amazon's marketplaces: id, country and the SP-API region that serves it."""

import re
from dataclasses import dataclass

REGIONS = ("NA", "EU", "FE")


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One of Amazon's shops; `country` is ISO 3166 alpha-2."""

    id: str
    country: str
    region: str

    @property
    def called(self) -> str:
        """What people call the shop: its country, and "UK" for the one of amazon.co.uk."""
        return "UK" if self.country == "GB" else self.country


# As Amazon's developer documentation listed them in November 2026.
_ALL = (
    Marketplace("ATVPDKIKX0DER", "US", "NA"),
    Marketplace("A2EUQ1WTGCTBG2", "CA", "NA"),
    Marketplace("A1AM78C64UM0Y8", "MX", "NA"),
    Marketplace("A2Q3Y263D00KWC", "BR", "NA"),
    Marketplace("A1F83G8C2ARO7P", "GB", "EU"),
    Marketplace("A1PA6795UKMFR9", "DE", "EU"),
    Marketplace("A13V1IB3VIYZZH", "FR", "EU"),
    Marketplace("APJ6JRA9NG5V4", "IT", "EU"),
    Marketplace("A1RKKUPIHCS9HS", "ES", "EU"),
    Marketplace("A1805IZSGTT6HS", "NL", "EU"),
    Marketplace("AMEN7PMS3EDWL", "BE", "EU"),
    Marketplace("A2NODRKZP88ZB9", "SE", "EU"),
    Marketplace("A1C3SOZRARQ6R3", "PL", "EU"),
    Marketplace("A28R8C7NBKEWEA", "IE", "EU"),
    Marketplace("A33AVAJ2PDY3EV", "TR", "EU"),
    Marketplace("A2VIGQ35RCS4UG", "AE", "EU"),
    Marketplace("A17E79C6D8DWNP", "SA", "EU"),
    Marketplace("ARBP9OOSHTCHU", "EG", "EU"),
    Marketplace("AE08WJ6YKNBMC", "ZA", "EU"),
    Marketplace("A21TJRUUN4KGV", "IN", "EU"),
    Marketplace("A1VC38T7YXB528", "JP", "FE"),
    Marketplace("A39IBJ37TRP1C6", "AU", "FE"),
    Marketplace("A19VAU5U5O7RUS", "SG", "FE"),
)
MARKETPLACES = {shop.id: shop for shop in _ALL}
_ANY_ID = re.compile(rf"\b(?:{'|'.join(MARKETPLACES)})\b")


def named(word: str) -> Marketplace | None:
    """The marketplace of an id or of a country ("UK" and "GB" are one, in any case); None: there is none."""
    told = word.strip().upper()
    return next((shop for shop in _ALL if told in (shop.id, shop.country, shop.called)), None)


def in_region(region: str) -> tuple[Marketplace, ...]:
    """The marketplaces of one SP-API region, in Amazon's order."""
    return tuple(shop for shop in _ALL if shop.region == region)


def spelled(region: str) -> str:
    """The marketplaces of a region for a message: country and id."""
    return ", ".join(f"{shop.country} {shop.id}" for shop in in_region(region))


def with_shops_named(text: str) -> str:
    """The text with the name that people know in place of each id: "in A1F83G8C2ARO7P" is "in Amazon UK"."""
    return _ANY_ID.sub(lambda found: f"Amazon {MARKETPLACES[found[0]].called}", text)
