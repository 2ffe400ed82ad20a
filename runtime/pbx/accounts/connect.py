"""`pbx user phone`: shows an account again, or hands it to Linphone."""

import argparse
import asyncio
import secrets
import socket
import ssl

from pbx.accounts.certificate import files_of, problem_for_phones, server_context
from pbx.accounts.existing import Existing, find_existing
from pbx.accounts.phone import Server, check_host, in_address, server_of
from pbx.accounts.show import picture, show, shows_qr
from pbx.accounts.sip_files import folder, read_sip
from pbx.asterisk.sections import Configuration
from pbx.core.errors import CommandError


def run(options: argparse.Namespace) -> int:
    """Show or hands over; return the exit status."""
    configuration = read_sip()
    if not configuration.sections:
        raise CommandError(f"there are no SIP accounts in {folder()}", "is the volume mounted?")
    existing = find_existing(options.account, configuration)
    server = server_of(configuration, socket.gethostname(), check_host(options.server))
    if options.linphone:
        return _linphone(existing, server, configuration, options)
    show(existing.user, server, qr=options.qr)
    return 0


def _linphone(
    existing: Existing, server: Server, configuration: Configuration, options: argparse.Namespace
) -> int:
    # They take a while, and are not needed otherwise.
    from pbx.accounts.handover import Handover, hand_over  # noqa: PLC0415
    from pbx.accounts.linphone import choose_transport, provisioning_document  # noqa: PLC0415

    if not server.host:
        raise CommandError(
            "nothing here says how phones reach this server", "say it: --server HOST", status=2
        )
    https, problem = _examine(configuration, server.host)
    transport = choose_transport(options.transport, server, trusted=not problem)
    document = provisioning_document(existing, server, transport, trusted=not problem)
    path = f"/{secrets.token_urlsafe(16)}"
    scheme = "https" if https else "http"
    address = f"{scheme}://{in_address(server.host)}:{options.port}{path}"

    def invite() -> None:
        print(f"in Linphone, choose “Scan QR code”{_picture(address, asked=options.qr)}")
        print(f"\nor give it this address as remote configuration:\n{address}\n")
        print(_transport_line(transport, server, problem))
        if not https:
            print(_RISK)
        print(f"waiting {options.wait} s for the phone; Ctrl-C ends this", flush=True)

    order = Handover(path, document, options.port, https)
    phone = asyncio.run(hand_over(order, options.wait, invite))
    if not phone:
        raise CommandError(
            f"no phone has fetched it within {options.wait} s",
            f"does the phone's network reach {in_address(server.host)}:{options.port}, and is "
            "that port published (docker run -p)?",
        )
    print(f"{phone} has fetched it; the address is no longer valid")
    return 0


def _examine(configuration: Configuration, host: str) -> tuple[ssl.SSLContext | None, str]:
    """Return what HTTPS needs if phones trust the certificate, else why they do not."""
    files = files_of(configuration)
    if files is None:
        return None, "there is none"
    try:
        context = server_context(files)
    except OSError as error:
        return None, f"{files.certificate} and its key cannot be used ({error.strerror})"
    problem = problem_for_phones(context, host)
    return None if problem else context, problem


_RISK = (
    "fetched over HTTP, without encryption: who listens in between can use the account, so do "
    "this in your own network only"
)


def _picture(address: str, *, asked: bool) -> str:
    return f" and scan this:\n{picture(address)}" if shows_qr(asked=asked) else ""


def _transport_line(transport: str, server: Server, problem: str) -> str:
    line = f"it will use {transport.upper()}, port {server.ports[transport]}"
    if transport != "tls":
        why = f": phones do not trust the certificate, {problem}" if "tls" in server.ports else ""
        return f"{line}, without encryption{why}"
    if problem:
        return (
            f"{line}, and check no certificate of any server, as phones do not trust this one: "
            f"{problem}"
        )
    return f"{line}, encrypted, and check the certificate"
