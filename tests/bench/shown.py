"""How a figure is shown to a person."""

from collections.abc import Sequence


def met(good: bool) -> str:
    """Whether a goal was met, in color."""
    return "[green]met[/green]" if good else "[red]missed[/red]"


def centile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share (0 to 1) of all values does not exceed: no interpolation."""
    ranked = sorted(values)
    return ranked[max(0, min(len(ranked) - 1, -int(-share * len(ranked) // 1) - 1))]
