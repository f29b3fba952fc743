"""Logging in to an SFTP server whose host key is known."""

import io
import logging
import socket
from dataclasses import dataclass, field

from paramiko import (
    AuthenticationException,
    ECDSAKey,
    Ed25519Key,
    PKey,
    RSAKey,
    SFTPClient,
    SSHException,
    Transport,
)

from domain.errors import Refused, TryAgain

_CONNECT_WITHIN = 10.0  # seconds
_LOGIN_WITHIN = 20.0
_ANSWER_WITHIN = 30.0
_LOG = "lockstep.sftp"
# Everything worth telling is raised as a sentence; paramiko would print tracebacks beside it.
logging.getLogger(_LOG).addHandler(logging.NullHandler())
logging.getLogger(_LOG).propagate = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpLogin:
    """Where and as whom to log in. `host_key` is `<type> <base64>` or `SHA256:<fingerprint>`."""

    host: str
    port: int
    user: str
    password: str = field(default="", repr=False)  # with an encrypted private key: its passphrase, too
    private_key: str = field(default="", repr=False)
    host_key: str = ""

    @property
    def where(self) -> str:
        """The server, for sentences."""
        return f"{self.host}:{self.port}"


def connected(login: SftpLogin) -> tuple[Transport, SFTPClient]:
    """An open connection to the server, after its host key and our login were accepted.

    Raises:
        TryAgain: the server cannot be reached or does not answer in time.
        Refused: the host key is not the one set, or the server does not accept the login.
    """
    transport = _transport(login)
    try:
        transport.start_client(timeout=_LOGIN_WITHIN)
        _prove_host(transport.get_remote_server_key(), login)
        _log_in(transport, login)
        client = SFTPClient.from_transport(transport)
        assert client is not None  # only for a transport without a session
        channel = client.get_channel()
        assert channel is not None
        channel.settimeout(_ANSWER_WITHIN)
    except (SSHException, OSError, EOFError) as error:
        transport.close()
        raise TryAgain(
            f"The SFTP server {login.where} answers but does not let a session begin ({error or 'it hung up'})."
        ) from error
    except BaseException:
        transport.close()
        raise
    return transport, client


def _transport(login: SftpLogin) -> Transport:
    try:
        connection = socket.create_connection((login.host, login.port), timeout=_CONNECT_WITHIN)
    except OSError as error:
        reason = error.strerror or str(error)
        raise TryAgain(f"The SFTP server {login.where} cannot be reached: {reason}.") from error
    try:
        transport = Transport(connection)
    except (SSHException, OSError) as error:
        connection.close()
        raise TryAgain(f"The SFTP server {login.where} cannot be reached: {error}.") from error
    transport.set_log_channel(_LOG)
    transport.banner_timeout = transport.auth_timeout = _LOGIN_WITHIN
    _ask_for_pinned_type(transport, login.host_key)
    return transport


def _ask_for_pinned_type(transport: Transport, host_key: str) -> None:
    """A server has keys of several types and shows the one the client likes best: like the pinned one."""
    options = transport.get_security_options()
    wanted = [
        kind
        for kind in options.key_types
        if kind in host_key.split() or (_rsa(kind) and "ssh-rsa" in host_key)
    ]
    options.key_types = [*wanted, *(kind for kind in options.key_types if kind not in wanted)]


def _rsa(kind: str) -> bool:
    return kind.startswith("rsa-sha2-") and "cert" not in kind


def _prove_host(found: PKey, login: SftpLogin) -> None:
    shown = f"{found.get_name()} {found.fingerprint}"
    setting = f'host_key = "{found.get_name()} {found.get_base64()}"'
    pinned = login.host_key.split()
    if not pinned:
        raise Refused(
            f"The SFTP server {login.where} shows the host key {shown}, and none is set. Have the warehouse "
            f"confirm this fingerprint, then put {setting} beside the url in lockstep.toml and run lockstep setup.",
            code="host-key",
        )
    if found.get_base64() not in pinned and found.fingerprint not in pinned:
        raise Refused(
            f"The SFTP server {login.where} shows another host key than the one set: {shown}. It may be another "
            "machine, so nothing was sent. Ask the warehouse whether the key was changed; only if it was, "
            f"put {setting} beside the url in lockstep.toml and run lockstep setup.",
            code="host-key",
        )


def _log_in(transport: Transport, login: SftpLogin) -> None:
    try:
        if login.private_key:
            transport.auth_publickey(login.user, _private_key(login))
        if login.password and not transport.is_authenticated():
            transport.auth_password(login.user, login.password)
    except AuthenticationException as error:
        if "transport" in str(error) or "timeout" in str(error):  # hung up or silent; that is no answer
            raise
        raise _not_let_in(login) from None
    if not transport.is_authenticated():
        raise _not_let_in(login)


def _not_let_in(login: SftpLogin) -> Refused:
    means = "private key" if login.private_key else "password" if login.password else "empty password"
    return Refused(
        f'The SFTP server {login.where} does not let in the user "{login.user}" with the {means} that is set. '
        "Correct the user in the url, or the password or private_key beside it, and run lockstep setup.",
        code="login",
    )


def _private_key(login: SftpLogin) -> PKey:
    text = login.private_key.strip() + "\n"
    for kind in (Ed25519Key, ECDSAKey, RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text), login.password or None)
        except (SSHException, ValueError, IndexError):
            continue
    raise Refused(
        f"The private key for the SFTP server {login.where} cannot be read. It must be a whole OpenSSH or PEM key "
        "(ed25519, ECDSA or RSA); when it has a passphrase, set that as the password.",
        code="login",
    )
