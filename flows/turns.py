"""Steps of one run that do not need each other: one that fails leaves the others their turn."""

from collections.abc import Callable

from prefect.logging import get_run_logger

from domain.errors import NeedsDecision, Refused, TryAgain


class Turns:
    """Gives each step its turn, and fails the run at its end with what went wrong first."""

    def __init__(self) -> None:
        self._failed: list[Exception] = []

    def take(self, step: Callable[[], int]) -> int:
        """Do a step now; what it counted, 0 when it failed."""
        try:
            return step()
        except Exception as error:  # noqa: BLE001 - it is raised at the end
            said = str(error) if isinstance(error, TryAgain | Refused | NeedsDecision) else "It broke."
            get_run_logger().error("One step of this run failed, the others go on. %s", said)
            self._failed.append(error)
            return 0

    @property
    def any_failed(self) -> bool:
        """Whether a step failed so far."""
        return bool(self._failed)

    def end(self) -> None:
        """Fail the run when a step failed.

        Raises:
            Exception: what the first of the failed steps raised.
        """
        if self._failed:
            raise self._failed[0]
