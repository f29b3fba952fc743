"""The doctor says where each team is told, and posts nothing to find out."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from deployments.automations import told_at
from deployments.doctor_channels import channel_looks
from deployments.settings import PeopleSettings, Settings
from domain.errors import Refused


def looks(**people: str) -> dict[str, str]:
    """What the doctor says of these addresses, by row."""
    told = PeopleSettings(**{team: SecretStr(address) for team, address in people.items()})
    said = {}
    for name, look in channel_looks(Settings(people=told)):
        try:
            said[name] = look()
        except Refused as error:
            said[name] = f"not ok: {error}"
    return said


def test_every_team_has_a_row() -> None:
    """Each team is told at its own channel or at another team's, and the row says which."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append(self.path)
            self.send_response(405)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, daemon=True)
        thread.start()
        said = looks(
            operations=f"http://127.0.0.1:{listener.server_port}/hook",
            finance="mailtos://user:password@example.com",
            integration="http://127.0.0.1:9/secret",
        )
        listener.shutdown()
        thread.join()
    assert said == {
        "Channel operations": "127.0.0.1 answers; nothing was posted to try it",
        "Channel ecommerce": "none of its own; it is told at operations",
        "Channel customer service": "none of its own; it is told at operations",
        "Channel finance": "told by E-Mail; whether it arrives, only a message can tell",
        "Channel warehouse": "none of its own; it is told at operations",
        "Channel integration": "not ok: 127.0.0.1 could not be reached (ConnectError); check it under [people].",
    }
    assert asked == ["/hook"]


def test_without_a_channel_one_row_says_so() -> None:
    """Nobody is told: that is said, and is no error."""
    (said,) = looks().values()
    assert "nobody is told" in said


@pytest.mark.parametrize(
    ("team", "named", "reader"),
    [
        ("finance", ["finance", "operations"], "finance"),
        ("finance", ["integration", "operations"], "operations"),
        ("finance", ["integration", "warehouse"], "integration"),
        ("finance", ["warehouse", "ecommerce"], "ecommerce"),
        ("finance", [], ""),
    ],
)
def test_no_problem_is_without_a_reader(team: str, named: list[str], reader: str) -> None:
    """A team without a channel is read by operations, else by integration, else by anybody."""
    assert told_at(team, named) == reader
