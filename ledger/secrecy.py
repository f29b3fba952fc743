"""The encrypted column: whom a parcel goes to, readable only with a key that the ledger does not hold."""

import base64
import hmac
import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import Refused
from domain.recipient import Recipient

_VERSION = b"\x01"  # the first byte tells how the rest was made, so that a key or cipher can change later
_NONCE_BYTES = 12


def new_key() -> str:
    """A fresh AES-256 key as text, for the first setup."""
    return base64.urlsafe_b64encode(AESGCM.generate_key(bit_length=256)).decode()


class Seal:
    """Seals recipients with AES-GCM; each is bound to its order, so that rows cannot be swapped."""

    def __init__(self, key: str) -> None:
        try:
            raw = base64.urlsafe_b64decode(key)
            self._cipher = AESGCM(raw)
            self._mark = hmac.digest(raw, b"fingerprints", "sha256")
        except ValueError:
            message = "The privacy key cannot be used: give 32 bytes as base64, or leave [privacy] key empty."
            raise Refused(message) from None

    def close(self, recipient: Recipient, order_id: str) -> bytes:
        """The recipient of one order, sealed."""
        nonce = os.urandom(_NONCE_BYTES)
        plain = json.dumps(recipient.as_dict(), ensure_ascii=False).encode()
        return _VERSION + nonce + self._cipher.encrypt(nonce, plain, order_id.encode())

    def open(self, sealed: bytes, order_id: str) -> Recipient:
        """The recipient that `close` sealed for the same order.

        Raises:
            Refused: the key is not the one it was sealed with, or the row was moved or damaged.
        """
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            plain = self._cipher.decrypt(nonce, body, order_id.encode())
        except (InvalidTag, ValueError):
            message = (
                f"The address of order {order_id} cannot be read with this privacy key: restore the key."
            )
            raise Refused(message) from None
        return Recipient.from_dict(json.loads(plain))

    def fingerprint(self, secret: str) -> str:
        """What tells one secret from another, and nothing else: a keyed hash, worthless without our key."""
        return hmac.digest(self._mark, secret.encode(), "sha256").hex()
