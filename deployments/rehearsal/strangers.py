"""The simulated strangers as a process of their own, and the lockstep.toml that points at them."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from domain.errors import Refused

SPEED = 60  # an hour of the strangers' work takes a minute; only their delays and limits shrink
ORDERS = 240
_READY_SECONDS = 30

_TOML = """\
# Made by `lockstep demo`. A simulated Amazon and 3PL: nothing here reaches the outside.
[ledger]
data_dir = "{data_dir}"

[amazon.main]
seller_id = "A1SANDBOX"
region = "EU"
endpoint = "{endpoint}"
token_url = "{endpoint}/auth/o2/token"
marketplaces = ["A1F83G8C2ARO7P", "A1PA6795UKMFR9"]
prove_within = "30s"
client_id = "amzn1.application-oa2-client.sandbox"
client_secret = "sandbox-client-secret"
refresh_token = "Atzr|sandbox-refresh-token"

[warehouse.main]
adapter = "file-drop"
serves = ["main"]
same_skus = true

[warehouse.main.file_drop]
url = "{folder}"
codec = "csv"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strangers:
    """Where the simulated Amazon will listen and the simulated 3PL will look."""

    home: Path
    port: int

    @property
    def endpoint(self) -> str:
        """The simulated Amazon's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def folder(self) -> Path:
        """The file drop between us and the simulated 3PL."""
        return self.home / "file-drop"

    def write_config(self) -> Path:
        """Write the lockstep.toml of the demo and make the file drop's folders."""
        for part in ("in/archive", "out/archive"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        path = self.home / "lockstep.toml"
        path.write_text(
            _TOML.format(data_dir=self.home, endpoint=self.endpoint, folder=self.folder), encoding="utf-8"
        )
        return path

    @contextmanager
    def trading(self, orders: int) -> Iterator[None]:
        """Let the strangers work until the block ends: a busy hour of that many orders, then quiet.

        Raises:
            Refused: they did not start; their log says why.
        """
        words = ["--port", self.port, "--folder", self.folder, "--speed", SPEED]
        words += ["--orders", orders, "--shapes"]
        log = self.home / "strangers.log"
        with log.open("w", encoding="utf-8") as out:
            child = subprocess.Popen(  # noqa: S603 - our own program and our own words
                [sys.executable, "-m", "sandbox", *map(str, words)], stdout=out, stderr=out
            )
        try:
            self._wait(child, log)
            yield
        finally:
            child.terminate()
            child.wait(timeout=20)

    def summary(self) -> dict[str, Any]:
        """What the strangers expect by now, and what they have seen (see `sandbox.trading`)."""
        answer = httpx.get(f"{self.endpoint}/_sandbox/summary", timeout=30)
        answer.raise_for_status()
        found: dict[str, Any] = json.loads(answer.content)
        return found

    def _wait(self, child: subprocess.Popen[bytes], log: Path) -> None:
        end = time.monotonic() + _READY_SECONDS
        while time.monotonic() < end and child.poll() is None:
            try:
                self.summary()
            except httpx.HTTPError:
                time.sleep(0.2)
            else:
                return
        raise Refused(f"The simulated Amazon and 3PL did not start; {log} says why.")


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
