"""Which addresses a team's channel may have, and how one is spoken of without telling it."""

import ipaddress
import logging
from urllib.parse import urlsplit

from apprise import Apprise, NotifyBase

# Its own accounts of a message hold addresses with their secrets.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)

_HELP = "use a Slack incoming webhook (https://...) or an Apprise address such as mailtos:// or msteams://"


def address_fault(address: str) -> str:
    """Why nobody can be told at this address, as a part of a sentence that does not repeat it; empty: one can.

    What is sent in the clear stays on this machine: plain http, or plain mail (mailto://).
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return f"this is not an address; {_HELP}"
    if parts.scheme in ("http", "https"):
        return _web_fault(parts.scheme, host)
    plugin = _plugin(address)
    if plugin is None:
        return f"this is not an address that can be used; {_HELP}"
    if parts.scheme in _schemes(plugin.protocol) and not is_this_machine(host):
        return f"{parts.scheme}:// sends in the clear, which is allowed on this machine only; {_HELP}"
    return ""


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def takes_slacks_shape(address: str) -> bool:
    """Whether a message is posted there as to Slack; some https addresses belong to other services."""
    if urlsplit(address).scheme not in ("http", "https"):
        return False
    plugin = _plugin(address)
    return plugin is None or plugin.service_name == "Slack"


def place_of(address: str) -> str:
    """Where an address leads, for people: its host or its service, nothing secret."""
    parts = urlsplit(address)
    if parts.scheme in ("http", "https"):
        return parts.hostname or ""
    return str(getattr(_plugin(address), "service_name", None) or parts.scheme)


def _web_fault(scheme: str, host: str) -> str:
    if not host:
        return f"this is not an https address; {_HELP}"
    if scheme == "http" and not is_this_machine(host):
        return "plain http is allowed on this machine (127.0.0.1) only; use https"
    return ""


def _plugin(address: str) -> NotifyBase | None:
    found: NotifyBase | None = Apprise.instantiate(address) if "://" in address else None
    return found


def _schemes(given: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else given or ()
