"""Where a team is told: a Slack channel, or an address of another chat or of email."""

import asyncio
import logging
from html import escape

import httpx
from apprise import Apprise
from prefect.blocks.abstract import NotificationBlock, NotificationError
from pydantic import Field, SecretStr

from blocks.channel_address import takes_slacks_shape

logging.getLogger("httpx").setLevel(logging.WARNING)  # it writes whole addresses, which are secrets here

PAUSES = (
    0.5,
    2.0,
)  # seconds before the second and the third try; nothing else would send a lost message again
LONGEST = 3500  # characters; Slack folds away longer messages and cuts them at 40,000
_PATIENCE = 10.0  # seconds for one try
_LONGEST_PAUSE = 30.0  # seconds, when the channel itself asks for one
_AGAIN = (408, 425, 429)  # beside the 5xx; after any other answer the same message is refused again


class TeamChannel(NotificationBlock):
    """One team's channel. The Prefect server loads it to send what an automation says.

    Example:
        ```python
        from blocks.team_channel import TeamChannel

        await TeamChannel.load("team-operations").notify("What to do: map it.", "A carrier is not mapped")
        ```
    """

    _block_type_name = "Team Channel"
    _block_type_slug = "team-channel"
    _description = "Where a team of the seller's or the warehouse's is told what needs it."

    address: SecretStr = Field(
        description="A Slack incoming webhook (https), or an Apprise address of another chat or of email, such as"
        " mailtos://user:password@example.com or msteams://."
    )

    async def notify(self, body: str, subject: str | None = None) -> None:
        """Send one message, three times at most.

        Raises:
            NotificationError: nobody took it; the address is not named.
        """
        address = self.address.get_secret_value()
        send = _post if takes_slacks_shape(address) else _tell
        for pause in (*PAUSES, None):
            lost, asked = await send(address, _cut(body), subject or "")
            if not lost:
                return
            if pause is None or asked is None:
                break
            await asyncio.sleep(min(max(pause, asked), _LONGEST_PAUSE))
        raise NotificationError(lost)


def slack_text(body: str, subject: str) -> str:
    """A message as Slack wants it: its own three signs are escaped, and the first line is bold."""
    line = " ".join(subject.split()).replace("*", "")
    return escape(f"*{line}*\n{body}" if line else body, quote=False)


Sent = tuple[str, float | None]  # what went wrong, or nothing; seconds to wait for another try, None: no use


async def _post(url: str, body: str, subject: str) -> Sent:
    """Post in the shape of a Slack incoming webhook."""
    try:
        async with httpx.AsyncClient(timeout=_PATIENCE) as client:
            answer = await client.post(url, json={"text": slack_text(body, subject)})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"The channel did not answer ({type(error).__name__}).", 0.0
    if answer.is_success:
        return "", None
    again = answer.is_server_error or answer.status_code in _AGAIN
    return f"The channel answered {answer.status_code}.", _asked(answer) if again else None


async def _tell(address: str, body: str, subject: str) -> Sent:
    channel = Apprise()
    if not channel.add(address):
        return "The channel's address is not one that can be used.", None
    sent = await channel.async_notify(body=body, title=subject)
    return ("", None) if sent else ("The channel did not take the message.", 0.0)


def _asked(answer: httpx.Response) -> float:
    wish = answer.headers.get("retry-after", "")
    return float(wish) if wish.isdecimal() else 0.0


def _cut(body: str) -> str:
    """A long body loses its middle: what to do and the links stand at its end."""
    if len(body) <= LONGEST:
        return body
    half = LONGEST // 2
    return f"{body[:half]}\n...\n{body[-half:]}"
