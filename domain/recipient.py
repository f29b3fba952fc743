"""Whom a parcel goes to: the one personal value in the house."""

import re
from dataclasses import dataclass, fields


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

    def shares_door_with(self, other: "Recipient") -> bool:
        """Whether a parcel for one of them can be for the other, too: same street line, postcode and country."""
        mine, theirs = (
            [" ".join(part.split()).casefold() for part in (one.address_line_1, one.postcode, one.country)]
            for one in (self, other)
        )
        return mine == theirs and bool(mine[0])

    def hide_in(self, text: str) -> str:
        """A stranger's free text without anything of this person: no word of three letters or more."""
        words = {word for part in self.as_dict().values() for word in re.findall(r"\w{3,}", part)}
        if not words:
            return text
        pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        return re.sub(rf"\w*(?:{pattern})\w*", "***", text, flags=re.IGNORECASE)

    def as_dict(self) -> dict[str, str]:
        """The parts by name, for the encrypted column only."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @classmethod
    def from_dict(cls, parts: dict[str, str]) -> "Recipient":
        """The value `as_dict` was made from; parts that a newer version added are ignored."""
        known = {part.name for part in fields(cls)}
        return cls(**{name: value for name, value in parts.items() if name in known})
