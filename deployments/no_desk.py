"""A desk for calls made before, or without, a ledger."""


class NoDesk:
    """Lets every call through and keeps no record: the ledger may be what is broken."""

    def admit(self, operation: str, patience: float) -> float:  # noqa: ARG002 - the port's signature
        """No wait."""
        return 0.0

    def left(self, operation: str) -> tuple[float, float]:  # noqa: ARG002 - the port's signature
        """As many as anybody wants."""
        return 1e6, 0.0

    def correct(self, operation: str, rate: float) -> None:
        """Nothing to correct."""

    def throttled(self, operation: str) -> None:
        """Nothing to empty."""

    def record(self, operation: str, subject: str, outcome: str, milliseconds: int) -> None:
        """Nothing to keep."""
