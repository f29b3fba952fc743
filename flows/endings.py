"""How a run ends badly: people read one sentence, engineers find the traceback of what nobody expected."""

import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.flow_engine import FlowRunTimeoutError
from prefect.logging import get_run_logger
from prefect.logging.loggers import get_logger
from prefect.states import Failed

from domain.errors import Denied, NeedsDecision, Refused, TryAgain

OURS = (TryAgain, Refused, NeedsDecision)
P = ParamSpec("P")
R = TypeVar("R")

_BROKE = "Something in Lockstep broke that should not, and this run stopped. What it had done is kept."
_FINISHED = re.compile(r"Finished in state ([\w ]+)\(")
NOT_DONE = "Not done"
AUTHOR = "your_name"  # the field that every form has and no other flow
_FLOWS, _TASKS = "prefect.flow_runs", "prefect.task_runs"
_TOLD = "_told_in_its_run"


def says_why(story: Callable[P, R]) -> Callable[P, R]:
    """Let a flow that fails say why in one sentence; stands right under `@flow`.

    Prefect else puts a class name before the sentence and a traceback into the log of the run. The run ends as
    Failed all the same, and who calls the flow gets the error itself. A form that a person has to fill in otherwise
    ends as "Not done": that is for who sent it, and no engineer is called.
    """
    _speak_plainly()

    @wraps(story)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        if FlowRunContext.get() is None:  # called as a plain function: there is no run to end
            return story(*args, **kwargs)
        try:
            return story(*args, **kwargs)
        except FlowRunTimeoutError:
            raise  # Prefect says so itself, as TimedOut
        except OURS as error:
            if _is_for_who_asked(error):
                get_run_logger().error("Not done. %s", error)
                return cast("R", _failed(str(error), error, NOT_DONE))
            get_run_logger().error("This run failed. %s", error)
            return cast("R", _failed(str(error), error))
        except Exception as error:  # noqa: BLE001 - it goes on to the caller, within the state
            get_run_logger().error("%s For the engineer:", _BROKE, exc_info=error)
            where = f"The last lines of its log are for the engineer ({type(error).__name__})."
            return cast("R", _failed(f"{_BROKE} {where}", error))

    return told


def _is_for_who_asked(error: Exception) -> bool:
    """Whether a person sent this run, as a form, and can send it otherwise; credentials are the engineers'."""
    run = FlowRunContext.get()
    form = run is not None and AUTHOR in (run.parameters or {})
    return form and isinstance(error, Refused) and not isinstance(error, Denied)


def _failed(sentence: str, error: Exception, name: str = "Failed") -> State[Exception]:
    """The end of a run that has told its log already; Prefect raises the error where the flow was called."""
    setattr(error, _TOLD, True)
    return Failed(message=sentence, data=error, name=name)


class _Sentences(logging.Filter):
    """What Prefect itself says of a run's errors, in the error's own words."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record where it shows an error of ours; drop what a run has said of it already."""
        error = record.exc_info[1] if record.exc_info else None
        if getattr(error, _TOLD, False):
            return False
        if isinstance(error, OURS):
            _say(record, str(error))
        elif tried := [one for one in _arguments(record) if isinstance(one, OURS)]:
            if "- Retry " in str(record.msg):
                _say(record, f"{tried[0]} It is tried again in a moment.")
        elif found := _FINISHED.match(str(record.msg)):
            if record.name == _TASKS:  # the line names no task; the timeline shows how each ended
                return False
            _say(record, f"Ended as {found[1]}.")
        return True


_SENTENCES = _Sentences()


def _speak_plainly() -> None:
    """Put the filter on the loggers whose lines people read in the UI; a second time changes nothing."""
    for name in (_FLOWS, _TASKS):
        get_logger(name).addFilter(_SENTENCES)


def _arguments(record: logging.LogRecord) -> tuple[object, ...]:
    return record.args if isinstance(record.args, tuple) else ()


def _say(record: logging.LogRecord, sentence: str) -> None:
    record.msg, record.args = sentence, ()
    record.exc_info = record.exc_text = None
