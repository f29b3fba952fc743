"""Login with Amazon: one access token per set of credentials, however many threads want it at once."""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from domain.errors import Denied, Refused, TryAgain

LOGIN_WITH_AMAZON = "https://api.amazon.com/auth/o2/token"
_PATIENCE = 10.0  # seconds for one answer of the token service, which usually needs a fraction of one

# What to check, by the word the token service uses (RFC 6749, section 5.2).
_CHECK = {
    "invalid_client": "Check client_id and client_secret of this seller account.",
    "invalid_grant": "Check refresh_token of this seller account, or authorize the application again.",
    "unauthorized_client": "Check that refresh_token was issued to the application named by client_id.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What proves to Amazon that we act for a seller; never shown.

    Raises:
        Refused: When a part is blank. A blank must not be filled from anywhere else: it could be another
            seller's.
    """

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)

    def __post_init__(self) -> None:
        blank = [part for part in self.__slots__ if not getattr(self, part).strip()]
        if blank:
            raise Denied(f"The seller account has no {' and no '.join(blank)}.", code="MissingCredentials")

    def key(self, url: str) -> str:
        """A name for these credentials at this token service that tells nobody what they are."""
        parts = (url, self.client_id, self.client_secret, self.refresh_token)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(slots=True)
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    token: str = field(default="", repr=False)
    good_until: float = 0.0  # on the monotonic clock


class TokenStore:
    """Access tokens by credentials. One thread asks while the others wait for its answer."""

    def __init__(self) -> None:
        self._slots: dict[str, _Slot] = {}
        self._lock = threading.Lock()

    def token(self, key: str, ask: Callable[[], tuple[str, float]]) -> str:
        """The token under this key; `ask` fetches one with its life in seconds when there is none."""
        slot = self._slot(key)
        with slot.lock:
            if not slot.token or slot.good_until <= time.monotonic():
                asked_at = time.monotonic()
                slot.token, life = ask()
                # Leave before it ends: a call that starts with the last second of a token fails under way.
                slot.good_until = asked_at + life - min(120.0, life / 10)
            return slot.token

    def evict(self, key: str, token: str) -> None:
        """Forget this token, unless another thread has replaced it already."""
        slot = self._slot(key)
        with slot.lock:
            if slot.token == token:
                slot.token = ""

    def _slot(self, key: str) -> _Slot:
        with self._lock:
            return self._slots.setdefault(key, _Slot())


SHARED_TOKENS = TokenStore()


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The token service as the client library wants it: an object that knows `get_auth`."""

    http: httpx.Client
    url: str
    credentials: Credentials
    tokens: TokenStore

    @property
    def access_token(self) -> str:
        """A token that is good for a while.

        Raises:
            TryAgain: When the token service did not answer usefully.
            Refused: When it does not accept the credentials; the message says which setting to check.
        """
        return self.tokens.token(self.credentials.key(self.url), self._ask)

    def get_auth(self) -> "Login":
        """The library asks for an object with `access_token`: this one."""
        return self

    def evict(self, token: str) -> None:
        """Amazon did not take this token; the next call fetches another."""
        self.tokens.evict(self.credentials.key(self.url), token)

    def _ask(self) -> tuple[str, float]:
        form = {
            "grant_type": "refresh_token",
            "client_id": self.credentials.client_id,
            "client_secret": self.credentials.client_secret,
            "refresh_token": self.credentials.refresh_token,
        }
        try:
            answer = self.http.post(self.url, data=form, timeout=_PATIENCE)
        except httpx.HTTPError as error:
            raise TryAgain(f"Login with Amazon could not be reached ({type(error).__name__}).") from error
        told = _object(answer)
        if answer.status_code != httpx.codes.OK:
            raise _refusal(answer.status_code, told)
        token, life = told.get("access_token"), told.get("expires_in")
        if not isinstance(token, str) or not (token.isascii() and token.isprintable() and token.strip()):
            raise TryAgain("Login with Amazon answered without an access token.")
        return token, float(life) if isinstance(life, int | float) and life > 0 else 300.0


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _refusal(status: int, told: dict[str, Any]) -> TryAgain | Refused:
    word = told.get("error")
    final = status < 500 and status not in {408, 429}  # what the service says about itself passes
    if not final or not isinstance(word, str) or not word.isidentifier():
        return TryAgain(f"Login with Amazon answered {status} and gave no token.")
    check = _CHECK.get(word, "Check client_id, client_secret and refresh_token of this seller account.")
    return Denied(f"Login with Amazon does not accept the credentials ({word}). {check}", code=word)
