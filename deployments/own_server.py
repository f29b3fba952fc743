"""The Prefect server of this data folder: where it is, and whether it is ours. Loads no Prefect."""

import fcntl
import os
from pathlib import Path

from deployments.embedded.prefect_server import PrefectServer


def own_server(ledger_url: str, home: Path) -> PrefectServer:
    """Address and login as Prefect's own settings have them; nothing is started."""
    return PrefectServer(
        ledger_url,
        home,
        host=os.environ.get("PREFECT_SERVER_API_HOST") or "127.0.0.1",
        port=int(os.environ.get("PREFECT_SERVER_API_PORT") or 4200),
        auth=os.environ.get("PREFECT_SERVER_API_AUTH_STRING") or None,
    )


def is_ours(home: Path) -> bool:
    """Whether a live Lockstep keeps the server of this data folder: it holds the lock as long as it lives."""
    try:
        with (home / "server.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
