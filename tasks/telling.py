"""A message to a team that is no problem: the day's close, the end of peak mode."""

from prefect.events import emit_event

from domain.problems import Team

MESSAGE = "lockstep.message.sent"


def tell(team: Team, subject: str, body: str, *, link: str = "") -> None:
    """Have the team's channel told: one line as the subject, some more as the body, and where to look.

    It is an event; an automation of the Prefect server sends it. Never about a buyer's data.
    """
    emit_event(
        MESSAGE,
        resource={"prefect.resource.id": f"lockstep.messages.{team}", "owner": team},
        payload={"subject": subject, "body": body, "link": link},
    )
