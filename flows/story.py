"""The one line a run says about itself: what was read, decided and written."""

from collections.abc import Mapping


def told(what: str, counts: Mapping[str, int]) -> str:
    """Counts as a person reads them, for example "orders: 3 pages, 240 read, 12 ready"."""
    parts = ", ".join(f"{count} {word.lower().replace('_', ' ')}" for word, count in counts.items() if count)
    return f"{what}: {parts or 'nothing new'}"
