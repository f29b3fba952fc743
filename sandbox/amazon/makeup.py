"""Made-up ids and people, the same in every run."""

from collections.abc import Mapping, Sequence

from sandbox.amazon.marketplaces import MARKETPLACES
from sandbox.amazon.order import Item, hash_of

_PREFIX = {"GB": "204", "DE": "302", "US": "111", "FR": "405", "IT": "408", "ES": "404", "JP": "250"}
_FIRST = ("Alex", "Robin", "Kim", "Sam", "Jo", "Chris", "Toni", "Noa", "Mika", "Luca", "Zoë", "Jürgen")
_LAST = ("Example", "Sample", "Muster", "Placeholder", "O'Test", "Specimen", "Rehearsal", "Doe-Dummy")
_STREETS = {"DE": "Musterstraße {0}", "FR": "{0} rue de l'Exemple"}
_CITIES = {
    "GB": ("Exampleton", "EX4 {0}PL", "Devon", "+44 7700 900{0:03d}"),
    "DE": ("Musterstadt", "0{0:04d}", "Sachsen", "+49 30 23125 {0:03d}"),
    "US": ("Sampleville", "00{0:03d}", "WA", "+1 206 555 0{0:03d}"),
}


def new_lines(marketplace_id: str, number: int, items: Sequence[tuple[str, int]]) -> tuple[str, list[Item]]:
    """An order id in 3-7-7 and the lines of the number-th order of this world."""
    country = MARKETPLACES.get(marketplace_id, ("", "US", ""))[1]
    scattered = number * 7_654_321 % 10_000_000
    lines = [
        Item(
            order_item_id=f"{number:010d}{line:04d}", seller_sku=sku, ordered=units, unit_price=price_of(sku)
        )
        for line, (sku, units) in enumerate(items, start=1001)
    ]
    return f"{_PREFIX.get(country, '026')}-{scattered:07d}-{number:07d}", lines


def price_of(seller_sku: str) -> str:
    """A stable price in the marketplace's currency."""
    return f"{5 + hash_of(seller_sku) % 40}.99"


def recipient_of(
    marketplace_id: str, number: int, given: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """A delivery address and a buyer; what is given replaces what is made up ("email" goes to the buyer)."""
    _, country, _ = MARKETPLACES.get(marketplace_id, ("", "US", ""))
    city, postcode, region, phone = _CITIES.get(country, _CITIES["US"])
    name = f"{_FIRST[number % len(_FIRST)]} {_LAST[number // 3 % len(_LAST)]}"
    address = {
        "name": name,
        "addressLine1": _STREETS.get(country, "{0} Sample Street").format(1 + number % 97),
        "city": city,
        "stateOrRegion": region,
        "postalCode": postcode.format(number % 9 + 1),
        "countryCode": country,
        "phone": phone.format(number % 900),
        "addressType": "RESIDENTIAL",
    }
    address |= {key: value for key, value in given.items() if key != "email"}
    email = given.get("email", f"buyer{number:07d}@marketplace.example")
    return address, {"buyerName": address["name"], "buyerEmail": email}
