"""A team's channel: Slack's shape or an Apprise address, three tries, and no word about the address."""

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from prefect.blocks.abstract import NotificationError
from pydantic import SecretStr

from blocks import team_channel
from blocks.channel_address import address_fault, place_of, takes_slacks_shape
from blocks.team_channel import LONGEST, TeamChannel

SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
PLAIN_MAIL = "mailto://lockstep:pw@{host}:2525?from=lockstep@example.com&to=ops@example.com"


class Receiver:
    """Answers with what is left in `answers`, then 200, and keeps what it heard."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: list[int] = []
        self.heard: list[str] = []


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A Slack of our own; waiting between tries takes no time."""
    monkeypatch.setattr(team_channel, "PAUSES", (0.0, 0.0))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.heard.append(body["text"])
            self.send_response(made.answers.pop(0) if made.answers else 200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        made = Receiver(f"http://127.0.0.1:{listener.server_port}/services/T/B/secret")
        thread = threading.Thread(target=listener.serve_forever, daemon=True)
        thread.start()
        yield made
        listener.shutdown()
        thread.join()


def tell(address: str, body: str = "What to do: map it.", subject: str | None = "Not mapped") -> None:
    """Send one message."""
    asyncio.run(TeamChannel(address=SecretStr(address)).notify(body, subject))


def test_a_message_has_slacks_shape(receiver: Receiver) -> None:
    """Slack's own signs are escaped, the first line is bold, and a link stays whole when Slack reads it."""
    tell(receiver.url, "Look: http://x/?a=1&b=2", "Carrier <!channel> & *Sons*\nis new")
    assert receiver.heard == ["*Carrier &lt;!channel&gt; &amp; Sons is new*\nLook: http://x/?a=1&amp;b=2"]


def test_a_long_message_keeps_its_end(receiver: Receiver) -> None:
    """What is too long for Slack loses its middle; its beginning and the links at its end stay."""
    tell(receiver.url, f"begin {'x' * 50_000} end", None)
    (text,) = receiver.heard
    assert len(text) < LONGEST + 20
    assert (text[:5], text[-3:]) == ("begin", "end")


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_channel_that_stumbles_is_tried_three_times(receiver: Receiver, status: int) -> None:
    """After two errors the third try arrives."""
    receiver.answers = [status, status]
    tell(receiver.url)
    assert len(receiver.heard) == 3


@pytest.mark.parametrize(("answers", "tries"), [([500] * 5, 3), ([404], 1)])
def test_a_lost_message_is_told_without_its_address(
    receiver: Receiver, answers: list[int], tries: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Three errors, or one that stays, end the tries; neither the error nor a log names the address."""
    receiver.answers = list(answers)
    with caplog.at_level(logging.DEBUG), pytest.raises(NotificationError) as lost:
        tell(receiver.url)
    assert len(receiver.heard) == tries
    assert lost.value.log == f"The channel answered {answers[0]}."
    assert "secret" not in caplog.text


def test_a_channel_that_is_not_there_is_told_without_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listening is an error of one plain sentence, also for email."""
    monkeypatch.setattr(team_channel, "PAUSES", (0.0, 0.0))
    for address, words in (
        ("http://127.0.0.1:9/secret", "did not answer"),
        (PLAIN_MAIL.format(host="127.0.0.1").replace("2525", "9"), "did not take"),
    ):
        with pytest.raises(NotificationError) as lost:
            tell(address)
        assert words in lost.value.log
        assert "127.0.0.1" not in lost.value.log


@pytest.mark.parametrize(
    "address",
    [
        SLACK,
        "http://127.0.0.1:8080/hook",
        "http://[::1]:8080/hook",
        "https://chat.example.com/hooks/abc",
        "https://discord.com/api/webhooks/1234567890/abcdefghijklmnop",
        "mailtos://user:password@example.com",
        PLAIN_MAIL.format(host="localhost"),
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "workflows://prod.westeurope.logic.azure.com:443/643e69f83c8944/z8UaWsj2",
    ],
)
def test_an_address_that_can_be_used(address: str) -> None:
    """Slack, any https webhook of its shape, mail and chats that Apprise knows are all a team's channel."""
    assert address_fault(address) == ""


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "not an address"),
        ("hooks.slack.com/x", "not an address"),
        ("nonsense://x", "not an address"),
        ("https://", "not an https address"),
        ("http://[::1", "not an address"),
        ("http://example.com/x", "plain http"),
        (PLAIN_MAIL.format(host="mail.example.com"), "in the clear"),
        ("json://example.com/x", "in the clear"),
    ],
)
def test_an_address_that_cannot_be_used(address: str, reason: str) -> None:
    """What nobody can be told at, or what would send in the clear, is refused without repeating the address."""
    fault = address_fault(address)
    assert reason in fault
    assert "example.com" not in fault


def test_an_address_is_spoken_of_by_its_place() -> None:
    """People read the host or the service, never the secret part."""
    assert place_of(SLACK) == "hooks.slack.com"
    assert place_of("mailtos://user:password@example.com") == "E-Mail"
    assert takes_slacks_shape(SLACK)
    assert takes_slacks_shape("https://chat.example.com/hooks/abc")
    assert not takes_slacks_shape("https://discord.com/api/webhooks/1234567890/abcdefghijklmnop")
