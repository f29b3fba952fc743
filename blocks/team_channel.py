"""Where a team is told: a Slack channel, or an address of another chat or of email."""

import asyncio

import httpx
from apprise import Apprise
from prefect.blocks.abstract import NotificationBlock, NotificationError
from pydantic import Field, SecretStr

PAUSES = (
    0.5,
    2.0,
)  # seconds before the second and the third try; nothing else would send a lost message again
_PATIENCE = 10.0  # seconds for one try


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
        for pause in (*PAUSES, None):
            lost = await (
                _post(address, body, subject) if address.startswith("http") else _tell(address, body, subject)
            )
            if not lost:
                return
            if pause is not None:
                await asyncio.sleep(pause)
        raise NotificationError(lost)


async def _post(url: str, body: str, subject: str | None) -> str:
    """Post in the shape of a Slack incoming webhook; what went wrong, or nothing."""
    text = f"*{subject}*\n{body}" if subject else body
    try:
        async with httpx.AsyncClient(timeout=_PATIENCE) as client:
            answer = await client.post(url, json={"text": text})
    except httpx.HTTPError as error:
        return f"The channel did not answer ({type(error).__name__})."
    return "" if answer.is_success else f"The channel answered {answer.status_code}."


async def _tell(address: str, body: str, subject: str | None) -> str:
    channel = Apprise()
    if not channel.add(address):
        return "The channel's address is not one that can be used."
    sent = await channel.async_notify(body=body, title=subject or "")
    return "" if sent else "The channel did not take the message."
