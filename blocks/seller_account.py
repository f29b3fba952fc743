"""The seller account as people fill it in, and the way from there to a door."""

from datetime import timedelta
from typing import Literal

import httpx
from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.amazon.door import SellingPartnerDoor
from blocks.amazon.guard import REGIONS, on_this_machine, open_session
from blocks.amazon.login import LOGIN_WITH_AMAZON, SHARED_TOKENS, Credentials
from domain.errors import Refused
from domain.ports import AmazonDoor, CallDesk


class SellerAccount(Block):
    """One seller account at Amazon, with the application that acts for it."""

    _block_type_name = "Amazon Seller Account"
    _block_type_slug = "amazon-seller-account"
    _description = (
        "One seller account at Amazon: who it is, where it sells, and how we prove that we act for it."
    )

    name: str = Field(description="The name of this seller account in lockstep.toml.")
    seller_id: str = Field(description="Amazon's merchant token of the account, as in A1EXAMPLE.")
    region: Literal["NA", "EU", "FE"] = Field(
        description="The region whose marketplaces the account sells in."
    )
    endpoint: str = Field(
        default="", description="The Selling Partner API's address; empty: the region's own."
    )
    token_url: str = Field(default="", description="The token service's address; empty: Login with Amazon.")
    marketplaces: list[str] = Field(description="Ids of the marketplaces to keep in lockstep, at most 50.")
    client_id: str = Field(
        description="The client id of the application, as in amzn1.application-oa2-client.x."
    )
    client_secret: SecretStr = Field(description="The client secret of the application.")
    refresh_token: SecretStr = Field(description="What the seller's authorization of the application gave.")
    look_back: timedelta = Field(
        default=timedelta(hours=24), description="How far back the very first import of orders reads."
    )
    prove_within: timedelta = Field(
        default=timedelta(minutes=4),
        description="How long an accepted ship confirm or quantity may stay unseen before it is sent again.",
    )
    patience: timedelta = Field(
        default=timedelta(seconds=20),
        description="How long one call may wait for its turn in Amazon's budget.",
    )

    def open(self, desk: CallDesk, *, timeout: float = 30.0) -> AmazonDoor:
        """A door to this account. `timeout` is in seconds, for one answer. Nothing is called yet.

        Raises:
            Refused: When a setting cannot work or would send the credentials unprotected; it says which.
        """
        endpoint = _address("endpoint", self.endpoint or REGIONS[self.region])
        token_url = _address("token_url", self.token_url or LOGIN_WITH_AMAZON)
        if not 1 <= len(self.marketplaces) <= 50 or not all(one.strip() for one in self.marketplaces):
            raise Refused(f"Seller account {self.name} needs 1 to 50 marketplaces.", code="Settings")
        if not self.seller_id.strip():
            raise Refused(f"Seller account {self.name} has no seller_id.", code="Settings")
        session = open_session(
            endpoint=endpoint,
            token_url=token_url,
            credentials=self._credentials(),
            tokens=SHARED_TOKENS,
            timeout=timeout,
        )
        return SellingPartnerDoor(
            account=self.name,
            seller_id=self.seller_id,
            marketplaces=tuple(self.marketplaces),
            session=session,
            desk=desk,
            patience=self.patience.total_seconds(),
        )

    def _credentials(self) -> Credentials:
        return Credentials(
            client_id=self.client_id,
            client_secret=self.client_secret.get_secret_value(),
            refresh_token=self.refresh_token.get_secret_value(),
        )


def _address(setting: str, url: str) -> str:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Refused(f"The setting {setting} is not an address.", code="Settings") from error
    if not parts.host or parts.scheme not in {"http", "https"}:
        raise Refused(f"The setting {setting} is not an https address.", code="Settings")
    if parts.scheme == "http" and not on_this_machine(url):
        told = f"The setting {setting} is plain http, which is allowed on this machine only. Use https."
        raise Refused(told, code="Settings")
    return url
