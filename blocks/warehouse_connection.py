"""How to reach one warehouse: the Prefect block that flows load and people can edit in the UI."""

from pathlib import Path
from typing import ClassVar, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from prefect.blocks.core import Block
from pydantic import Field, SecretStr, field_validator, model_validator

from blocks.file_drop.door import FileDrop
from blocks.file_drop.folders import Folder
from blocks.file_drop.local_folder import LocalFolder
from blocks.file_drop.sftp_folder import SftpFolder
from blocks.file_drop.sftp_login import SftpLogin
from domain.ports import CallDesk


class WarehouseConnection(Block):
    """One warehouse connection of lockstep.toml, with its credentials."""

    _block_type_name: ClassVar[str | None] = "Warehouse Connection"
    _block_type_slug: ClassVar[str | None] = "warehouse-connection"
    _description: ClassVar[str | None] = "Where a 3PL warehouse takes orders from and leaves its files."

    name: str = Field(description="The connection's name in lockstep.toml.")
    adapter: Literal["file-drop"] = "file-drop"
    url: str = Field(description="sftp://user@host:port/path, or a folder on this machine.")
    password: SecretStr | None = Field(
        default=None, description="For SFTP; the passphrase of an encrypted key."
    )
    private_key: SecretStr | None = Field(default=None, description="For SFTP: the whole OpenSSH or PEM key.")
    host_key: str = Field(default="", description='The SFTP server\'s key, such as "ssh-ed25519 AAAA...".')
    codec: Literal["csv"] = "csv"
    encoding: str = Field(default="utf-8", description="Of the warehouse's files; only when it is not UTF-8.")

    @model_validator(mode="before")
    @classmethod
    def _hide_password(cls, values: object) -> object:
        """A password inside the URL becomes a secret, and the URL is kept without it."""
        if not isinstance(values, dict) or "://" not in str(values.get("url", "")):
            return values
        parts = urlsplit(str(values["url"]))
        if parts.password is None:
            return values
        place = parts.netloc.rpartition("@")[2]
        plain = parts._replace(netloc=f"{parts.username}@{place}").geturl()
        return {**values, "url": plain, "password": values.get("password") or unquote(parts.password)}

    @field_validator("url")
    @classmethod
    def _usable_url(cls, url: str) -> str:
        """A folder becomes absolute, because flows run in other folders than the one set-up ran in."""
        if "://" not in url:
            return str(Path(url).expanduser().resolve())
        parts = urlsplit(url)
        if parts.scheme == "file":
            return str(Path(unquote(parts.path)))
        if parts.scheme != "sftp" or not parts.hostname or not parts.username or not _port(parts):
            raise ValueError(
                "The url of a file drop is sftp://user@host:port/path, or a folder on this machine."
            )
        return url

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        try:
            "a".encode(encoding)  # empty text is encoded without looking the name up
        except LookupError:
            raise ValueError(
                f"The encoding {encoding!r} is not known; examples are utf-8 and cp1252."
            ) from None
        return encoding

    def open(self, desk: CallDesk) -> FileDrop:
        """The door to this warehouse; every call through it is reported to the desk. Nothing is opened yet."""
        return FileDrop(connection=self.name, folder=self._folder(), desk=desk, encoding=self.encoding)

    def _folder(self) -> Folder:
        if "://" not in self.url:
            return LocalFolder(Path(self.url))
        parts = urlsplit(self.url)
        login = SftpLogin(
            host=parts.hostname or "",
            port=_port(parts),
            user=unquote(parts.username or ""),
            password=self.password.get_secret_value() if self.password else "",
            private_key=self.private_key.get_secret_value() if self.private_key else "",
            host_key=self.host_key,
        )
        return SftpFolder(login, unquote(parts.path))


def _port(parts: SplitResult) -> int:
    """The port, 22 when none is written, 0 when what is written is none."""
    try:
        return 22 if parts.port is None else parts.port
    except ValueError:
        return 0
