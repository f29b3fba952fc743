"""How the fields of forms and maps are called on a screen, and which word a person probably meant."""

import difflib
from collections.abc import Iterable

from domain.maps import fold

_SAID = {"marketplace_id": "Marketplace", "carrier_code": "Carrier"}
_LIKE = 0.8  # of 1: below, two words merely look alike


def label(name: str) -> str:
    """A field's name for people: "seller_sku" is "Seller SKU"."""
    words = name.replace("_", " ").strip()
    return _SAID.get(name, f"{words[:1].upper()}{words[1:]}").replace(" sku", " SKU")


def fault_in_words(field: str, reason: str) -> str:
    """One sentence for a person: the field by its name on the screen, and what is wrong with it."""
    joint = " " if reason.startswith("is ") else ": "
    sentence = f"{label(field)}{joint}{reason}"
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."


def meant(typed: str, known: Iterable[str]) -> str:
    """The known word that was probably meant by one that is not known; empty: it is known, or like none of them.

    The same word in other case and spaces comes before one that looks alike.
    """
    by_letters = {fold(word): word for word in sorted(known, reverse=True)}
    if not typed or typed in by_letters.values():
        return ""
    if fold(typed) in by_letters:
        return by_letters[fold(typed)]
    like = difflib.get_close_matches(fold(typed), by_letters, n=1, cutoff=_LIKE)
    return by_letters[like[0]] if like else ""
