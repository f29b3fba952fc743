"""The teams' channels as blocks of the Prefect server."""

from collections.abc import Mapping
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from pydantic import SecretStr

from blocks.channel_address import address_fault
from blocks.team_channel import TeamChannel
from domain.errors import Refused
from domain.problems import Team

_OURS = str(TeamChannel.get_block_type_slug())
_EARLIER = "slack-incoming-webhook"  # the type of block that channels were until now


def channel_name(team: str) -> str:
    """The name of a team's block; block names allow dashes only."""
    return f"team-{team.replace('_', '-')}"


def install_channels(client: SyncPrefectClient, people: Mapping[str, str]) -> list[str]:
    """One block per team of `people` (team to address); teams no longer named lose theirs.

    Raises:
        Refused: a team that does not exist, or an address that nobody can be told at.
    """
    for team, address in people.items():
        _check(team, address)
    changes = []
    there = channels(client)
    for team, address in people.items():
        name = channel_name(team)
        if there.get(name, ("", None))[0] != address:
            TeamChannel(address=SecretStr(address)).save(name, overwrite=True)
            changes.append(f"Channel of team {team} set.")
    for name in sorted(set(there) - {channel_name(team) for team in people}):
        client.delete_block_document(there[name][1])
        changes.append(f"Channel {name} removed.")
    for name, (_, number) in _of_type(client, _EARLIER).items():
        client.delete_block_document(number)
        changes.append(f"Slack channel {name} of an earlier version removed.")
    return changes


def channels(client: SyncPrefectClient) -> dict[str, tuple[str, UUID]]:
    """The address and the number of each team's block, by the block's name."""
    return _of_type(client, _OURS)


def _of_type(client: SyncPrefectClient, slug: str) -> dict[str, tuple[str, UUID]]:
    body = {
        "block_types": {"slug": {"any_": [slug]}},
        "block_documents": {"is_anonymous": {"eq_": False}},
        "include_secrets": True,
    }
    found = client.request("POST", "/block_documents/filter", json=body).json()
    ours = [block for block in found if block["name"].startswith("team-")]
    return {block["name"]: (block["data"].get("address", ""), UUID(block["id"])) for block in ours}


def _check(team: str, address: str) -> None:
    if team not in set(Team):
        raise Refused(f"There is no team {team} under [people]. The teams are {', '.join(Team)}.")
    if fault := address_fault(address):
        raise Refused(f"The address of team {team} under [people]: {fault}.")
