"""A new user: what was typed in, an entry of pjsip_endpoint.conf out; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pbx.accounts.directory import FILE, accounts
from pbx.asterisk.mailbox import mailbox_problem
from pbx.asterisk.sections import Configuration
from pbx.core.errors import CommandError
from pbx.core.terminal import harmless

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
_TYPED_FOR_READING = str.maketrans("", "", " -./()")


@dataclass(frozen=True)
class User:
    """Somebody with an account.

    Attributes:
        account: Name of the account.
        number: In international form.
        name: What others see.
        mailbox: Where voicemail is sent; empty for nowhere.
        templates: What it is made from.
        password: What the phone has to know.
        login: What the phone calls itself when it proves that it knows it; empty where that is
            the account's name.
    """

    account: str
    number: str
    name: str
    mailbox: str
    templates: tuple[str, ...]
    password: str
    login: str = ""


def check_name(account: str) -> str:
    """Return the name of an account.

    Raises:
        CommandError: it cannot be one.
    """
    if not _NAME.fullmatch(account):
        raise CommandError(
            f"'{account}' cannot be the name of an account",
            "use letters a-z, digits, and . _ - after the first, as in ann.smith",
            status=2,
        )
    return account


def check_number(typed: str) -> str:
    """Return a number in international form; spaces, hyphens, dots and brackets may be in it.

    Raises:
        CommandError: it is none.
    """
    number = typed.translate(_TYPED_FOR_READING)
    if _NUMBER.fullmatch(number):
        return number
    hint = "type + and the country code, then the rest, as in +12025550160"
    if _NUMBER.fullmatch(f"+{number[2:]}") and number.startswith("00"):
        hint = f"type +{number[2:]}"
    elif _NUMBER.fullmatch(f"+1{number[1:]}") and number.startswith("0"):
        hint = f"type + and your country code in place of the first 0, as in +46{number[1:]}"
    raise CommandError(f"'{typed}' is not a number in international form", hint, status=2)


def check_shown_name(name: str, account: str) -> str:
    """Return what others see: the name given, or one made of the account's.

    Raises:
        CommandError: it cannot be put into a caller ID.
    """
    name = name.strip() or " ".join(
        word.capitalize() for word in re.split(r"[._-]+", account) if word
    )
    if not name.isprintable() or set(name) & set('"<>\\;'):
        raise CommandError(f"--name '{name}' cannot be shown", 'leave out " < > ; and \\', status=2)
    return name


def check_mailbox(address: str) -> str:
    """Return a mailbox, or nothing where none was given.

    Raises:
        CommandError: it is none.
    """
    problem = mailbox_problem(address) if address else ""
    if problem:
        raise CommandError(
            f"--mailbox '{harmless(address)}' is no mail address that voicemail can go to",
            f"{problem} (an example: ann@example.com)",
            status=2,
        )
    return address


def check_templates(templates: Sequence[str], configuration: Configuration) -> tuple[str, ...]:
    """Return the templates.

    Raises:
        CommandError: one is not there.
    """
    for template in templates:
        if configuration.find(template) is None:
            known = [s.name for s in configuration.sections if s.template]
            usable = ", ".join(name for name in known if name.startswith("w_term"))
            raise CommandError(
                f"there is no template '{template}'",
                f"those for users are {usable}" if usable else "is pjsip_wizard.conf there?",
            )
    return tuple(templates)


def check_unused(account: str, number: str, configuration: Configuration) -> None:
    """Sees to it that neither name nor number is taken.

    Raises:
        CommandError: one is.
    """
    taken = configuration.find(account)
    if taken is not None:
        raise CommandError(
            f"there is a [{taken.name}] in {taken.path} already",
            "choose another name, or edit that one",
        )
    for other in accounts(configuration):
        if other.username.lower() == account.lower():
            raise CommandError(
                f"'{account}' is the user name of [{other.name}] in {other.path} already",
                "choose another name",
            )
        if other.number == number:
            raise CommandError(
                f"{number} belongs to [{other.name}] in {other.path} already",
                "several phones can share that account; a new one needs another number",
            )


def entry(user: User) -> str:
    """Return the lines of a user's section."""
    lines = [
        f"[{user.account}]({','.join(user.templates)})",
        f"hint_exten = {user.number}",
        f"endpoint/callerid = {user.name} <{user.number}>",
    ]
    if user.mailbox:
        lines.append(f"endpoint/mailboxes = {user.mailbox}")
    lines += [
        f"inbound_auth/username = {user.account}",
        f"inbound_auth/password = {user.password}",
    ]
    return "\n".join(lines) + "\n"


def append_entry(content: bytes, user: User) -> bytes:
    """Return a file with a user added at its end; what is there stays as it is."""
    end = b"" if not content or content.endswith(b"\n") else b"\n"
    gap = b"\n" if content else b""
    return content + end + gap + entry(user).encode()


def check_takes_effect(user: User, configuration: Configuration) -> None:
    """Sees to it that Asterisk would find a user in a configuration.

    Raises:
        CommandError: it would not.
    """
    found = [a for a in accounts(configuration) if a.name == user.account]
    if [(a.number, a.password) for a in found] == [(user.number, user.password)]:
        return
    where = next(
        (text for text in configuration.mistakes if text.startswith((f"{FILE}:", "pjsip"))), ""
    )
    raise CommandError(
        f"an account at the end of {FILE} would have no effect ({where})"
        if where
        else f"an account made from {', '.join(user.templates)} would not be one that a phone "
        "can register with",
        "correct that first" if where else "choose another --template",
    )
