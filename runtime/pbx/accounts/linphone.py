"""What Linphone reads when it scans the address of a remote configuration; pure.

The document holds sections and keys of Linphone's own configuration file (its documentation:
“Remote Provisioning”, “Provisioning configuration keys”).
"""

import hashlib
from collections.abc import Mapping
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from pbx.accounts.existing import Existing
from pbx.accounts.phone import Server, in_address
from pbx.core.errors import CommandError
from pbx.core.terminal import harmless

_USER_PART = "-_.!~*'()&=+$,;?/"  # what stays as it is in a SIP address, RFC 3261 section 25.1
_ENCRYPTION = {"sdes": "srtp", "dtls": "dtls", "": "none"}


def choose_transport(wanted: str, server: Server, *, trusted: bool) -> str:
    """Return `tls`, `tcp` or `udp`.

    Args:
        wanted: What was asked for; empty to choose.
        server: What it offers.
        trusted: Whether phones take its certificate; without that, TLS has to be asked for.

    Raises:
        CommandError: the server does not offer it.
    """
    order = ("tls", "tcp", "udp") if trusted else ("tcp", "udp", "tls")
    offered = [name for name in order if name in server.ports]
    if wanted and wanted not in offered:
        raise CommandError(
            f"this server does not speak {wanted.upper()}",
            f"it speaks {', '.join(offered).upper()}" if offered else "see pjsip_transport.conf",
        )
    if not offered:
        raise CommandError("there is no transport for SIP", "see pjsip_transport.conf")
    return wanted or offered[0]


def provisioning_document(
    existing: Existing, server: Server, transport: str, *, trusted: bool
) -> str:
    """Return the document.

    The password is not in it, but what a phone makes of it for this server (HA1, RFC 7616
    section 3.4.2): who reads that can use this account, and knows no password.

    Args:
        existing: The account.
        server: Its host is known.
        transport: Which of the server's.
        trusted: Whether Linphone can check the certificate. If not, and with TLS, it is told not
            to, which it does for all that it connects to.
    """
    user = existing.user
    host, login = in_address(server.host), user.login or user.account
    proxy = f"<sip:{host}:{server.ports[transport]};transport={transport}>"
    shown = harmless(user.name).replace("\\", "\\\\").replace('"', '\\"')
    verify = "0" if transport == "tls" and not trusted else "1"
    sections: Mapping[str, Mapping[str, str]] = {
        # Forget the address of this document: it is there once.
        "misc": {"transient_provisioning": "1"},
        "sip": {
            "default_proxy": "0",
            "media_encryption": _ENCRYPTION[existing.encryption],
            "media_encryption_mandatory": "1" if existing.insists else "0",
            "verify_server_certs": verify,
            "verify_server_cn": verify,
        },
        # Android ends apps in the background, and this server cannot wake them.
        "app": {"keep_service_alive": "1", "auto_start": "1"},
        "proxy_0": {
            "reg_proxy": proxy,
            "reg_route": proxy,  # or calls would leave over UDP
            "reg_identity": f'"{shown}" <sip:{_user_part(user.account)}@{host}>',
            "reg_sendregister": "1",
            "publish": "0",
        },
        "auth_info_0": {
            "username": harmless(user.account),
            "userid": harmless(login),
            "ha1": ha1(login, existing.realm, user.password),
            "realm": harmless(existing.realm),
            "algorithm": "MD5",
        },
    }
    body = "".join(_section(name, entries) for name, entries in sections.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<config xmlns="http://www.linphone.org/xsds/lpconfig.xsd">\n{body}</config>\n'
    )


def ha1(username: str, realm: str, password: str) -> str:
    """Return what a phone needs of a password to prove to one realm that it knows it."""
    # What is no UTF-8 in a file comes out as it was.
    text = f"{username}:{realm}:{password}".encode("utf-8", "surrogateescape")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()  # SIP's choice, not ours


def _user_part(account: str) -> str:
    return quote(account, safe=_USER_PART, errors="surrogateescape")


def _section(name: str, entries: Mapping[str, str]) -> str:
    lines = (
        f'<entry name={quoteattr(key)} overwrite="true">{escape(value)}</entry>\n'
        for key, value in entries.items()
    )
    return f"<section name={quoteattr(name)}>\n{''.join(lines)}</section>\n"
