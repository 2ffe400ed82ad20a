"""How to send mail: options of minivm-send in, settings out."""

import argparse
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from pbx.asterisk.syntax import Setting, parse_lines

PROGRAM = "minivm-send"
PORTS = {"smtp": 25, "smtps": 465, "tls": 465, "starttls": 587}


class MailSettingError(ValueError):
    """An option is invalid; the message says which one and what it may be."""


@dataclass(frozen=True)
class MailSettings:
    """A mail server and how to talk to it.

    Attributes:
        host: Its name or address.
        port: Its port.
        protocol: `smtp` (in the clear), `starttls`, `smtps` or `tls` (both encrypted at once).
        user: Whom to log in as; nobody if empty.
        password: Its password; see password_file and the environment for safer places.
        password_file: Where the password is the first line.
        sender: Address for MAIL FROM; that of the message's From if empty.
        ca_file: Authorities that may have signed the server's certificate; the system's if empty.
        insecure: Whether any certificate will do.
    """

    host: str
    port: int
    protocol: str = "smtp"
    user: str = ""
    password: str = ""
    password_file: str = ""
    sender: str = ""
    ca_file: str = ""
    insecure: bool = False


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise MailSettingError(message)


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} -H HOST[:PORT] [options] < message\n       {PROGRAM} --queue | --retry",
        description="Queues a mail, and sends it; retries until the server has accepted it.",
        epilog="The recipients are those of the message's headers To, Cc and Bcc. A password is "
        "read from the environment variable MINIVM_SEND_PASSWORD, from --password-file, or from "
        "-p, where others in the container can see it. Exit status: 0 sent; 75 queued for a retry; "
        "64 invalid option (the message is queued); 74 the message could not be queued.",
        allow_abbrev=False,
    )
    server = parser.add_argument_group("mail server")
    server.add_argument("-H", dest="server", metavar="HOST[:PORT]", help="name or address")
    server.add_argument(
        "-P",
        dest="protocol",
        choices=list(PORTS),
        default="smtp",
        help="smtp: unencrypted (port 25, the default); starttls: encrypted (587); smtps, tls: "
        "encrypted from the start (465)",
    )
    server.add_argument("-u", dest="user", metavar="USER", default="", help="log in as")
    server.add_argument("-p", dest="password", metavar="PASSWORD", default="", help="password")
    server.add_argument(
        "--password-file", metavar="FILE", default="", help="password: the file's first line"
    )
    server.add_argument(
        "--ca-file",
        metavar="FILE",
        default="",
        help="trusted authorities (PEM), or the server's certificate itself",
    )
    server.add_argument(
        "--insecure",
        action="store_true",
        help="accept any certificate; an attacker on the network path can read the mail",
    )
    parser.add_argument(
        "-f", dest="sender", metavar="ADDRESS", default="", help="sender's address for MAIL FROM"
    )
    parser.add_argument("-e", dest="echo", action="store_true", help="also print successful steps")
    kept = parser.add_argument_group("queue")
    kept.add_argument("--queue", action="store_true", help="list pending mails")
    kept.add_argument(
        "--retry", action="store_true", help="retry all pending mails now, also refused ones"
    )
    kept.add_argument("--due", action="store_true", help="retry what is due (for the service)")
    kept.add_argument(
        "--rescue",
        action="store_true",
        help="mail what was being recorded when Asterisk was killed (for the service)",
    )
    return parser


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse minivm-send's options.

    Raises:
        MailSettingError: they cannot be.
    """
    return _make_parser().parse_args(_with_values(arguments))


def _with_values(arguments: Sequence[str]) -> Iterator[str]:
    """Join short options and their values: argparse takes no password that begins with a dash."""
    rest = iter(arguments)
    for word in rest:
        takes_value = word in ("-H", "-P", "-u", "-p", "-f")
        value = next(rest, None) if takes_value else None
        yield word if value is None else f"{word}={value}"


def settings_of(options: argparse.Namespace) -> MailSettings:
    """Check the options that name a server.

    Raises:
        MailSettingError: they cannot be.
    """
    if not options.server:
        raise MailSettingError("no mail server: give one with -H HOST:PORT")
    host, port = split_server(options.server, PORTS[options.protocol])
    return MailSettings(
        host=host,
        port=port,
        protocol=options.protocol,
        user=options.user,
        password=options.password,
        password_file=options.password_file,
        sender=options.sender,
        ca_file=options.ca_file,
        insecure=options.insecure,
    )


def split_server(text: str, port: int) -> tuple[str, int]:
    """Return host and port of HOST, HOST:PORT, ADDRESS or [ADDRESS]:PORT.

    Args:
        text: What the user wrote.
        port: Which one if the text names none.

    Raises:
        MailSettingError: it is none of these.
    """
    host, number = text, ""
    if text.startswith("["):
        host, closing, rest = text[1:].partition("]")
        number = rest.removeprefix(":")
        if not closing or (rest and not rest.startswith(":")):
            host = ""
    elif text.count(":") == 1:
        host, _, number = text.partition(":")
    if not host or any(c.isspace() for c in text):
        raise MailSettingError(f"-H {text}: write HOST:PORT, or [ADDRESS]:PORT for IPv6")
    # An address of IPv6 without a port may end in colons.
    if not number and (host == text or not text.endswith(":")):
        return host, port
    if not (number.isascii() and number.isdecimal() and 0 < int(number[:6]) < 65536):
        raise MailSettingError(f"-H {text}: '{number}' is no port; use 1 to 65535")
    return host, int(number)


def settings_of_mailcmd(minivm_conf: bytes) -> MailSettings | None:
    """Return the settings in the mailcmd of a minivm.conf; None if it calls another program.

    Raises:
        MailSettingError: the options in it cannot be.
    """
    items = (item for _, item in parse_lines(minivm_conf) if isinstance(item, Setting))
    commands = [item.value for item in items if item.name == "mailcmd"]
    try:
        words = shlex.split(commands[-1]) if commands else []
    except ValueError as error:
        raise MailSettingError(f"mailcmd: {error}") from error
    if not words or words[0].rpartition("/")[2] != PROGRAM:
        return None
    return settings_of(parse(words[1:]))
