"""Accounts of phones, in the form that each side takes. No I/O."""

from __future__ import annotations

from collections.abc import Iterable

from fixtures.softphone import Account

NUMBERS = 100
"""As many as there are for fiction (NANPA: 555-0100 to 555-0199)."""


def users() -> tuple[Account, ...]:
    """Return users with a name and a number, as PrivateDial has them."""
    return tuple(
        Account(f"user{n:02}", f"Rather-long-{n:02}", f"+120255501{n:02}") for n in range(NUMBERS)
    )


def extensions() -> tuple[Account, ...]:
    """Return the same with their numbers for names, as a plain dialplan calls them."""
    return tuple(Account(user.number, user.password, user.number) for user in users())


def wizard_sections(accounts: Iterable[Account]) -> str:
    """Return users of PrivateDial, as in its pjsip_endpoint.conf."""
    return "".join(
        f"\n[{account.user}](w_term:mydoe)\n"
        f"hint_exten = {account.number}\n"
        f"endpoint/callerid = {account.user} <{account.number}>\n"
        f"inbound_auth/username = {account.user}\n"
        f"inbound_auth/password = {account.password}\n"
        for account in accounts
    )


def plain_sections(accounts: Iterable[Account]) -> str:
    """Return the least that PJSIP asks for, for each account; see plain/pjsip.conf."""
    return "".join(
        f"[{account.user}](phone)\nauth = {account.user}\naors = {account.user}\n"
        f"[{account.user}]\ntype = auth\nusername = {account.user}\npassword = {account.password}\n"
        f"[{account.user}]\ntype = aor\nmax_contacts = 10\nremove_existing = yes\n\n"
        for account in accounts
    )
