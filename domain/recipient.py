"""Whom a parcel goes to: the one personal value in the house."""

from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Recipient:
    """Name, address and contact of the person a parcel goes to, and what the giver wrote.

    Printing one shows nothing, so that no log line, traceback or artifact can carry it by accident.
    """

    name: str = ""
    company: str = ""
    address_line_1: str = ""
    address_line_2: str = ""
    address_line_3: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""
    gift_message: str = ""
    notes: str = ""

    def __repr__(self) -> str:
        return "Recipient(hidden)"

    def missing(self) -> tuple[str, ...]:
        """Names of the parts without which no carrier delivers; empty when the address can be used."""
        needed = {"name": "name", "address_line_1": "street", "city": "city", "country": "country"}
        return tuple(word for part, word in needed.items() if not getattr(self, part).strip())

    def as_dict(self) -> dict[str, str]:
        """The parts by name, for the encrypted column only."""
        return asdict(self)

    @classmethod
    def from_dict(cls, parts: dict[str, str]) -> "Recipient":
        """The value `as_dict` was made from; parts that a newer version added are ignored."""
        known = {part.name for part in fields(cls)}
        return cls(**{name: value for name, value in parts.items() if name in known})
