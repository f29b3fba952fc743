"""The ledger as Prefect knows it: where it is, and the key to its one encrypted column."""

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from ledger.connection import Ledger


class LedgerConnection(Block):
    """The PostgreSQL that remembers every hand-over, and the privacy key.

    Example:
        ```python
        from blocks.ledger_connection import LedgerConnection

        ledger = LedgerConnection.load("lockstep").open()
        ```
    """

    _block_type_name = "Ledger Connection"
    _block_type_slug = "ledger-connection"
    _description = "The PostgreSQL that remembers every hand-over, and the key to its encrypted column."

    url: SecretStr = Field(description="SQLAlchemy URL of the ledger's PostgreSQL.")
    privacy_key: SecretStr = Field(description="AES-256 key of the recipients, as base64.")

    def open(self) -> Ledger:
        """The ledger, ready for transactions; nothing is read yet.

        Raises:
            Refused: the privacy key is not one.
        """
        return Ledger(self.url.get_secret_value(), self.privacy_key.get_secret_value())
