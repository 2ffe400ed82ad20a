"""The commands `pbx passwords` and `pbx user`; what they do is imported when it is asked for."""

import argparse
from collections.abc import Callable
from typing import Any


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands of this component."""
    passwords = commands.add_parser(
        "passwords",
        help="which accounts have weak passwords?",
        description="Lists the accounts that phones can register with whose password is weak, "
        "published or missing. Passwords are not shown.",
        epilog="Exit status: 0 if all are strong, 1 if some are weak or a file could not be read.",
    )
    passwords.add_argument("--json", action="store_true", help="as JSON, for programs")
    passwords.add_argument("--log", action="store_true", help=argparse.SUPPRESS)  # at the start
    passwords.set_defaults(run=_passwords)
    _add_user(commands)


def _add_user(commands: Any) -> None:
    user = commands.add_parser("user", help="who has an account?", description="Users.")
    actions = user.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add = actions.add_parser(
        "add",
        help="make an account and show what to type into the phone",
        description="Adds a user with a random password to pjsip_endpoint.conf, has Asterisk "
        "read it, and shows what to type into a phone. On a terminal there is a QR code, too, "
        "for the app Grandstream Wave.",
        epilog="Exit status: 0 if it is done, 1 if it is not, 2 if the command was typed wrong.",
    )
    add.add_argument("account", metavar="NAME", help="the account's name, such as ann.smith")
    add.add_argument("number", metavar="NUMBER", help="in international form: +12025550160")
    add.add_argument("--name", default="", metavar="TEXT", help="what others see (Ann Smith)")
    add.add_argument("--mailbox", default="", metavar="ADDRESS", help="where voicemail is sent")
    add.add_argument(
        "--template",
        action="append",
        default=[],
        metavar="NAME",
        help="what kind of account (default: as most users); repeatable",
    )
    add.add_argument(
        "--server", default="", metavar="HOST", help="how phones reach this server, if not as set"
    )
    add.add_argument("--qr", action="store_true", help="show the QR code without a terminal, too")
    add.set_defaults(run=_user_add)
    _add_phone(actions)
    listing = actions.add_parser(
        "list", help="list the accounts", description="Lists the accounts, without passwords."
    )
    listing.set_defaults(run=_user_list)


def _add_phone(actions: Any) -> None:
    phone = actions.add_parser(
        "phone",
        help="show what to type into a phone, or hand it to the app Linphone",
        description="Shows what to type into a phone, with a QR code for the app Grandstream "
        "Wave on a terminal. With --linphone, serves the account to one phone, once, at an "
        "address that nobody can guess, and shows that as a QR code for Linphone.",
        epilog="Exit status: 0 if it was shown or fetched, 1 if not, 2 if the command was typed "
        "wrong.",
    )
    phone.add_argument("account", metavar="NAME", help="the account's name; see `pbx user list`")
    phone.add_argument(
        "--server", default="", metavar="HOST", help="how phones reach this server, if not as set"
    )
    phone.add_argument("--qr", action="store_true", help="show the QR code without a terminal, too")
    linphone = phone.add_argument_group("for Linphone")
    linphone.add_argument("--linphone", action="store_true", help="hand it to Linphone")
    linphone.add_argument(
        "--transport",
        default="",
        choices=("tls", "tcp", "udp"),
        help="how it connects (default: TLS if phones trust the certificate, else TCP)",
    )
    linphone.add_argument(
        "--port", type=_between(1, 65535), default=8088, help="where it is fetched (8088)"
    )
    linphone.add_argument(
        "--wait",
        type=_between(1, 3600),
        default=300,
        metavar="SECONDS",
        help="how long it can be fetched (300)",
    )
    phone.set_defaults(run=_user_phone)


def _between(least: int, most: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"'{text}' is not from {least} to {most}")
        return int(text)

    return whole_number


def _passwords(options: argparse.Namespace) -> int:
    from pbx.accounts.passwords import run  # noqa: PLC0415

    return run(options)


def _user_add(options: argparse.Namespace) -> int:
    from pbx.accounts.add import run  # noqa: PLC0415

    return run(options)


def _user_phone(options: argparse.Namespace) -> int:
    from pbx.accounts.connect import run  # noqa: PLC0415

    return run(options)


def _user_list(options: argparse.Namespace) -> int:
    from pbx.accounts.listing import run  # noqa: PLC0415

    return run(options)
