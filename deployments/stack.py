"""What a command stands on: PostgreSQL and a Prefect server, started only when nobody else runs them."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deployments.embedded.prefect_server import HEARTBEAT_SECONDS, PrefectServer
from deployments.ledger_place import running_ledger
from deployments.own_server import is_ours, own_server
from deployments.prefect_objects import talking_to
from deployments.settings import Settings
from domain.errors import Refused, TryAgain

CHECKOUT = Path(__file__).resolve().parent.parent
_SERVER_SECONDS = 120  # the first start builds Prefect's own tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A running PostgreSQL and Prefect server, and what a flow run needs in its environment to use them.

    `ended` says in a sentence that a server of our own is gone; empty while it runs. For a server that others
    run it stays empty: they bring it back.
    """

    ledger_url: str = field(repr=False)
    environment: dict[str, str] = field(repr=False)
    ui_url: str
    home: Path
    ended: Callable[[], str] = field(default=str, repr=False)


@contextmanager
def running_stack(settings: Settings, say: Callable[[str], None]) -> Iterator[Stack]:
    """PostgreSQL and Prefect, with this process's Prefect client pointed at the latter.

    The server of PREFECT_API_URL is used when that is set. `say` is told what takes a while.

    Raises:
        Refused: something cannot run here; the message says why.
        TryAgain: something that should run already cannot be reached.
    """
    with running_ledger(settings) as url:
        home = settings.ledger.data_dir / "prefect"
        given = os.environ.get("PREFECT_API_URL", "")
        if given:
            environment = _given(given)
            with talking_to(environment):
                ui_url = given.removesuffix("/").removesuffix("/api")
                yield Stack(ledger_url=url, environment=environment, ui_url=ui_url, home=home)
            return
        with _own_server(url, home, say) as (server, runs), talking_to(server.environment()):
            yield Stack(
                ledger_url=url,
                environment=server.environment(),
                ui_url=server.ui_url,
                home=home,
                ended=lambda: "" if runs() else _gone(server),
            )


def answering_prefect(settings: Settings) -> dict[str, str] | None:
    """The environment of the Prefect server that runs now; None when there is none. Starts nothing."""
    given = os.environ.get("PREFECT_API_URL", "")
    if given:
        return _given(given)
    server = own_server("", settings.ledger.data_dir / "prefect")
    return server.environment() if server.ready() and is_ours(settings.ledger.data_dir / "prefect") else None


@contextmanager
def _own_server(
    ledger_url: str, home: Path, say: Callable[[str], None]
) -> Iterator[tuple[PrefectServer, Callable[[], bool]]]:
    """The server of this data folder, and whether it still runs."""
    server = own_server(ledger_url, home)
    if server.ready() and is_ours(home):
        yield server, lambda: is_ours(home)  # another Lockstep started it, and takes it along when it goes
        return
    say(f"Starting the Prefect server at {server.ui_url} (log: {server.log}).")
    try:
        server.start()
    except Refused as error:
        if not server.ready():
            raise
        raise Refused(
            f"Another Prefect server runs at {server.ui_url}. To use it set PREFECT_API_URL={server.api_url};"
            " for one of our own set PREFECT_SERVER_API_PORT to a free port."
        ) from error
    try:
        server.wait_ready(_SERVER_SECONDS)
        yield server, lambda: server.pid is not None
    finally:
        server.stop()


def _gone(server: PrefectServer) -> str:
    return f"The Prefect server at {server.ui_url} ended; the end of {server.log} says why. Start Lockstep again."


def _given(api_url: str) -> dict[str, str]:
    try:
        httpx.get(f"{api_url.removesuffix('/')}/health", timeout=10).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL):
        raise TryAgain(
            f"The Prefect server of PREFECT_API_URL ({api_url}) does not answer. Start it, or unset the variable"
            " to use our own."
        ) from None
    login = os.environ.get("PREFECT_API_AUTH_STRING")
    return {
        "PREFECT_API_URL": api_url,
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
        **({"PREFECT_API_AUTH_STRING": login} if login else {}),
    }
