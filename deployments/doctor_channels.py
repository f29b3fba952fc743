"""The doctor's look at the teams' channels: where each team is told, and whether anybody answers there."""

from collections.abc import Callable, Iterator
from functools import partial

import httpx

from blocks.channel_address import place_of, takes_slacks_shape
from deployments.automations import told_at
from deployments.settings import Settings
from domain.errors import Refused
from domain.problems import Team

_PATIENCE = 10.0  # seconds


def channel_looks(settings: Settings) -> Iterator[tuple[str, Callable[[], str]]]:
    """For each team the name of its row and a look at its channel; nothing is posted."""
    people = settings.people.channels()
    if not people:
        yield "Channels", _nobody
        return
    for team in Team:
        name = f"Channel {team.replace('_', ' ')}"
        if team in people:
            yield name, partial(_look, people[team])
        else:
            yield name, partial(_elsewhere, told_at(team, people))


def _nobody() -> str:
    return "nobody is told: problems are shown in the Prefect UI only; name a channel under [people]"


def _elsewhere(reader: str) -> str:
    return f"none of its own; it is told at {reader.replace('_', ' ')}"


def _look(address: str) -> str:
    """Any answer counts: what a service says to a look that posts nothing differs from one to the next."""
    place = place_of(address)
    if not takes_slacks_shape(address):
        return f"told by {place}; whether it arrives, only a message can tell"
    try:
        httpx.head(address, timeout=_PATIENCE)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Refused(
            f"{place} could not be reached ({type(error).__name__}); check it under [people]."
        ) from None
    return f"{place} answers; nothing was posted to try it"
