"""How tasks try again: for a reason, a few times, ever slower, never all at once, and loudly in the end."""

from typing import Any, TypeVar, cast

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff
from prefect.utilities.annotations import opaque

from domain.errors import TryAgain

RETRIES = 3
BACKOFF = exponential_backoff(backoff_factor=2)  # 2, 4, 8 seconds
JITTER = 0.5
_LONGEST_WAIT = 30.0  # seconds; a longer wait belongs to the next run, not into a sleeping process


T = TypeVar("T")


def whole(value: T) -> T:
    """Hand a task a large value as it is: Prefect else looks for futures in every field of a hundred orders.

    The task itself receives the value.
    """
    return cast("T", opaque(value))


async def worth_retrying(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Only TryAgain is tried again, and only when the stranger did not ask for a long wait."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, TryAgain) and (error.after or 0.0) <= _LONGEST_WAIT
