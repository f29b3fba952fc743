"""A desk that keeps every report and never makes anybody wait."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class KeptDesk:
    """A `domain.ports.CallDesk` in memory; `records` holds (operation, subject, outcome)."""

    records: list[tuple[str, str, str]] = field(default_factory=list)

    def left(self, operation: str) -> tuple[float, float]:
        return 100.0, 0.0

    def admit(self, operation: str, patience: float) -> float:
        return 0.0

    def correct(self, operation: str, rate: float) -> None:
        pass

    def throttled(self, operation: str) -> None:
        pass

    def record(self, operation: str, subject: str, outcome: str, milliseconds: int) -> None:
        assert milliseconds >= 0
        self.records.append((operation, subject, outcome))

    def outcomes(self, operation: str) -> list[str]:
        return [outcome for kept, _, outcome in self.records if kept == operation]
