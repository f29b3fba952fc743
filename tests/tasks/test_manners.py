"""How tasks try again: what was refused once is refused again, so nobody is told that it is tried."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
from prefect import Task

import tasks
from tasks.manners import worth_retrying


def _refusing() -> Iterator[tuple[str, Task[..., Any]]]:
    """Every task that tries again and says that it may be refused, by its module and name."""
    for found in walk_packages(tasks.__path__, "tasks."):
        for name, one in vars(import_module(found.name)).items():
            if isinstance(one, Task) and one.retries and "Refused" in (one.fn.__doc__ or ""):
                yield f"{found.name}.{name}", one


REFUSING = dict(_refusing())


def test_the_tasks_of_forms_are_among_them() -> None:
    """The search finds what a person's slip reaches first."""
    forms = ("orders.decisions.find_order", "tracking.parcel_words.correct", "watch.acknowledging.keep_seen")
    assert {
        f"tasks.{name}" for name in (*forms, "stock.stops.decide_stop", "map_forms.put_carrier")
    } <= REFUSING.keys()


@pytest.mark.parametrize("name", REFUSING)
def test_what_is_refused_is_not_tried_again(name: str) -> None:
    """A task that may be refused tries again only what may succeed later."""
    assert REFUSING[name].retry_condition_fn is worth_retrying
