"""The users in a configuration of Asterisk. Pure."""

from __future__ import annotations

import re

from fixtures.softphone import Account


def read_users(text: str) -> tuple[Account, ...]:
    """Return the users in a pjsip_endpoint.conf: sections with a number, a name and a password.

    Args:
        text: The file; sections of the form that the wizard's templates take.
    """
    users = []
    for section in re.split(r"^(?=\[)", text, flags=re.MULTILINE):
        settings = dict(re.findall(r"^\s*([\w/]+)[ \t]*=>?[ \t]*([^;\s]+)", section, re.MULTILINE))
        keys = ("inbound_auth/username", "inbound_auth/password", "hint_exten")
        if all(key in settings for key in keys):
            users.append(Account(*(settings[key] for key in keys)))
    return tuple(users)
