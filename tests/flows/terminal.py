"""The lockstep command on a terminal, beside a street."""

import subprocess
import sys
from pathlib import Path

from tests.flows.conftest import Street
from tests.flows.runs import process_environment

CONFIG = """
[ledger]
url = "{ledger}"
data_dir = "data"
[amazon.main]
seller_id = "A1SANDBOX"
region = "EU"
marketplaces = ["A1F83G8C2ARO7P", "A1PA6795UKMFR9"]
client_id = "x"
client_secret = "x"
refresh_token = "x"
[warehouse.main]
adapter = "file-drop"
serves = ["main"]
[warehouse.main.file_drop]
url = "{drop}"
"""


class Terminal:
    """The lockstep command as a person types it, and all that it ever printed."""

    def __init__(self, street: Street, folder: Path, ledger_url: str) -> None:
        self.folder, self.printed = folder, b""
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        config = CONFIG.format(ledger=ledger_url, drop=street.folder)
        (folder / "lockstep.toml").write_text(config, encoding="utf-8")
        own = {"TMPDIR": str(self.temporary), "PREFECT_LOGGING_LEVEL": "DEBUG"}
        loud = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "DEBUG", "COLUMNS": "200"}
        self.environment = {**process_environment(street.prefect), **own, **loud}

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "deployments.cli", *words],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def finish(self, process: "subprocess.Popen[bytes]") -> int:
        self.printed += process.communicate(timeout=90)[0]
        return process.returncode
