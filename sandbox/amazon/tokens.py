"""Login with Amazon: access tokens for the one seller account, and restricted data tokens."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sandbox.amazon.answers import Answer, reply

LIFE = 3600  # seconds, as Amazon's; never shortened, it is the wall clock's


class Tokens:
    """Gives out and checks tokens; the world's lock guards it."""

    def __init__(self, *, client_id: str, client_secret: str, refresh_token: str) -> None:
        self.client_id, self.client_secret, self.refresh_token = client_id, client_secret, refresh_token
        self._given: dict[str, tuple[datetime, str]] = {}  # token -> end, kind

    def grant(self, form: dict[str, str], now: datetime) -> Answer:
        """Answers the form of an OAuth token request."""
        if form.get("client_id") != self.client_id or form.get("client_secret") != self.client_secret:
            return _error(401, "invalid_client", "Client authentication failed")
        kind = form.get("grant_type")
        told: dict[str, Any] = {"token_type": "bearer", "expires_in": LIFE}
        if kind == "refresh_token":
            if form.get("refresh_token") != self.refresh_token:
                return _error(
                    400, "invalid_grant", "The request has an invalid grant parameter : refresh_token"
                )
            told |= {"access_token": self.give("seller", now), "refresh_token": self.refresh_token}
        elif kind == "client_credentials":
            if not form.get("scope"):
                return _error(400, "invalid_scope", "The request has an invalid parameter : scope")
            told |= {"access_token": self.give("grantless", now), "scope": form["scope"]}
        else:
            return _error(400, "unsupported_grant_type", "The authorization grant type is not supported")
        return reply(told)

    def give(self, kind: str, now: datetime) -> str:
        """A fresh token that lives an hour; kind is seller, grantless or restricted."""
        prefix = {"restricted": "Atz.sprdt|"}.get(kind, "Atza|")
        token = prefix + secrets.token_urlsafe(32)
        self._given[token] = (now + timedelta(seconds=LIFE), kind)
        return token

    def end(self, token: str) -> None:
        """A token expires now."""
        if token in self._given:
            self._given[token] = (datetime.min.replace(tzinfo=self._given[token][0].tzinfo), "ended")

    def refusal(self, token: str | None, now: datetime) -> str:
        """Why a token opens nothing, in Amazon's words; an empty text when it opens."""
        if not token:
            return "The access token is missing in the request header."
        end, kind = self._given.get(token, (None, ""))
        if end is None:
            return "The access token you provided is revoked, malformed or invalid."
        if end <= now:
            return "The access token you provided has expired."
        return "The access token does not carry the seller's grant." if kind == "grantless" else ""


def _error(status: int, error: str, description: str) -> Answer:
    return reply({"error": error, "error_description": description}, status)
