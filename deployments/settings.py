"""What lockstep.toml may say, section by section, and what each setting must be."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from blocks.channel_address import address_fault, is_this_machine
from domain.marketplaces import MARKETPLACES, spelled

_DURATION = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def _duration(value: object) -> object:
    found = _DURATION.fullmatch(str(value).strip())
    if not found or int(found[1]) == 0:
        raise ValueError(f'"{value}" is not a time; write it with its unit, such as "24h", "4m" or "90s"')
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _web_address(value: str) -> str:
    """Https, or plain http to this machine; empty and not yet filled in are let through."""
    if not value or "${" in value:
        return value
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in {"http", "https"}:
        raise ValueError("this is not an https address")
    if parts.scheme == "http" and not is_this_machine(host):
        raise ValueError("plain http is allowed on this machine (127.0.0.1) only; use https")
    return value


def _channel(value: SecretStr) -> SecretStr:
    """Where a team can be told; empty and not yet filled in are let through."""
    address = value.get_secret_value()
    fault = address_fault(address) if address and "${" not in address else ""
    if fault:
        raise ValueError(fault)
    return value


def _postgresql(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    try:
        driver = make_url(url).drivername if url and "${" not in url else "postgresql"
    except (ArgumentError, ValueError):
        driver = ""
    if driver not in {"postgresql", "postgresql+psycopg2"}:
        raise ValueError("this is not a PostgreSQL address; write postgresql+psycopg2://user@host:5432/name")
    return value


def _filled_in(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip():
        raise ValueError("this is empty; fill it in")
    return value


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value.strip()) if value.strip() else None
    except ValueError:
        raise ValueError(f'"{value}" is not a day; write it as 2027-05-24') from None


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("a name is made of small letters, digits and dashes")
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Channel = Annotated[SecretStr, AfterValidator(_channel)]
Secret = Annotated[SecretStr, AfterValidator(_filled_in)]
Day = Annotated[date | None, BeforeValidator(_day)]
Name = Annotated[str, AfterValidator(_name)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, strict=True)


class LedgerSettings(_Section):
    """[ledger]: an empty `url` is the embedded PostgreSQL under `data_dir`."""

    url: Annotated[SecretStr, AfterValidator(_postgresql)] = SecretStr("")
    data_dir: Annotated[Path, Field(strict=False)] = Path(".lockstep")


class AmazonSettings(_Section):
    """[amazon.NAME]: one seller account."""

    seller_id: Annotated[str, Field(min_length=1)]
    region: Literal["NA", "EU", "FE"]
    endpoint: WebAddress = ""
    token_url: WebAddress = ""
    marketplaces: Annotated[list[str], Field(min_length=1, max_length=50)]
    look_back: Duration = timedelta(hours=24)
    prove_within: Duration = timedelta(minutes=4)
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Secret
    refresh_token: Secret
    client_secret_until: Day = None
    authorized_until: Day = None

    @model_validator(mode="after")
    def _marketplaces_of_the_region(self) -> Self:
        for wanted in self.marketplaces:
            shop = MARKETPLACES.get(wanted)
            if shop is None:
                raise ValueError(
                    f'"{wanted}" is not a marketplace id; in region {self.region} there is:'
                    f" {spelled(self.region)}"
                )
            if shop.region != self.region:
                raise ValueError(f'"{wanted}" ({shop.country}) is in region {shop.region}, not {self.region}')
        if len(set(self.marketplaces)) != len(self.marketplaces):
            raise ValueError("a marketplace is listed twice")
        return self


class FileDropSettings(_Section):
    """[warehouse.NAME.file_drop]: the folder shared with the warehouse."""

    url: Annotated[str, Field(min_length=1)]
    codec: Literal["csv"] = "csv"
    password: SecretStr | None = None
    password_until: Day = None
    private_key: SecretStr | None = None
    host_key: str = ""
    encoding: str = "utf-8"


class WarehouseSettings(_Section):
    """[warehouse.NAME]: one warehouse connection."""

    adapter: Literal["file-drop", "mintsoft", "shiphero", "shipbob"]
    serves: Annotated[list[str], Field(min_length=1)]
    same_skus: bool = True
    buy_shipping: list[str] = Field(default_factory=list)
    file_drop: FileDropSettings | None = None

    @model_validator(mode="after")
    def _adapter_is_there(self) -> Self:
        if self.adapter != "file-drop":
            raise ValueError(f'the adapter "{self.adapter}" is not built yet; use "file-drop"')
        if self.file_drop is None:
            raise ValueError('the adapter "file-drop" needs a section file_drop with the url of the folder')
        return self


class PeopleSettings(_Section):
    """[people]: per owner team a Slack incoming webhook, or an Apprise address of another chat or of email."""

    operations: Channel = SecretStr("")
    ecommerce: Channel = SecretStr("")
    customer_service: Channel = SecretStr("")
    finance: Channel = SecretStr("")
    warehouse: Channel = SecretStr("")
    integration: Channel = SecretStr("")

    def channels(self) -> dict[str, str]:
        """The addresses that are given, by team."""
        told = {team: getattr(self, team).get_secret_value() for team in type(self).model_fields}
        return {team: url for team, url in told.items() if url}


class PrivacySettings(_Section):
    """[privacy]: an empty key is made at the first setup."""

    key: SecretStr = SecretStr("")


class Settings(_Section):
    """The whole of lockstep.toml."""

    ledger: LedgerSettings = LedgerSettings()
    amazon: dict[Name, AmazonSettings] = Field(default_factory=dict)
    warehouse: dict[Name, WarehouseSettings] = Field(default_factory=dict)
    people: PeopleSettings = PeopleSettings()
    privacy: PrivacySettings = PrivacySettings()

    @model_validator(mode="after")
    def _served_accounts_exist(self) -> Self:
        for name, connection in self.warehouse.items():
            for account in connection.serves:
                if account not in self.amazon:
                    known = ", ".join(self.amazon) or "none"
                    raise ValueError(
                        f'[warehouse.{name}] serves "{account}", but there is no [amazon.{account}]'
                        f" (seller accounts: {known})"
                    )
        return self

    def placed_in(self, folder: Path) -> "Settings":
        """The same with every relative folder starting at `folder`."""
        ledger = self.ledger.model_copy(update={"data_dir": folder / self.ledger.data_dir.expanduser()})
        warehouse = {name: _placed(one, folder) for name, one in self.warehouse.items()}
        return self.model_copy(update={"ledger": ledger, "warehouse": warehouse})


def known_keys(path: Sequence[str]) -> list[str]:
    """The settings that a section of the file may have; `path` as in `["amazon", "main"]`."""
    sections: dict[tuple[str, int], type[_Section]] = {
        ("ledger", 1): LedgerSettings,
        ("amazon", 2): AmazonSettings,
        ("warehouse", 2): WarehouseSettings,
        ("warehouse", 3): FileDropSettings,
        ("people", 1): PeopleSettings,
        ("privacy", 1): PrivacySettings,
    }
    section = sections.get((path[0], len(path)), Settings) if path else Settings
    return list(section.model_fields)


def _placed(warehouse: WarehouseSettings, folder: Path) -> WarehouseSettings:
    drop = warehouse.file_drop
    if drop is None or "://" in drop.url or "${" in drop.url:
        return warehouse
    url = str(folder / Path(drop.url).expanduser())
    return warehouse.model_copy(update={"file_drop": drop.model_copy(update={"url": url})})
