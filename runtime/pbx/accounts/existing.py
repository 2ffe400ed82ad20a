"""The account of a user who is there already, out of what the SIP files say; pure."""

import re
from dataclasses import dataclass

from pbx.accounts.directory import accounts
from pbx.accounts.user import User
from pbx.asterisk.sections import Configuration, Section
from pbx.core.errors import CommandError

DEFAULT_REALM = "asterisk"  # PJSIP's, unless [global] has a default_realm

_CALLER_ID = re.compile(r'\s*"?(.*?)"?\s*<.*>\s*')
_MEDIA_ENCRYPTION = ("sdes", "dtls")


@dataclass(frozen=True)
class Existing:
    """An account, and what a phone that is set up by itself has to know besides.

    Attributes:
        user: The account.
        realm: What the server says it is when it asks for the password (RFC 8760 section 2.4).
        encryption: How sound is encrypted: `sdes`, `dtls`, or empty for not at all.
        insists: Whether calls without that are refused.
    """

    user: User
    realm: str
    encryption: str
    insists: bool


def find_existing(name: str, configuration: Configuration) -> Existing:
    """Return the account of a name.

    Raises:
        CommandError: there is none that a phone could register with by what is known of it.
    """
    known = {one.name: one for one in accounts(configuration) if _is_phone(one.name, configuration)}
    account = known.get(name)
    if account is None:
        near = [one for one in known if one.lower() == name.lower()]
        hint = f"type {near[0]}" if near else "`pbx user list` lists them"
        raise CommandError(f"there is no user '{name}'", hint)
    if not account.password:
        problem = "no password" if account.password == "" else "a password that cannot be read back"
        raise CommandError(
            f"[{name}] in {account.path} has {problem}", "give it an inbound_auth/password"
        )
    section = _section(name, configuration)
    named = _CALLER_ID.fullmatch(section.get("endpoint/callerid"))
    user = User(
        name,
        account.number,
        (named[1] if named else section.get("endpoint/callerid")) or name,
        section.get("endpoint/mailboxes"),
        account.parents,
        account.password,
        "" if account.username == name else account.username,
    )
    encryption = section.get("endpoint/media_encryption").lower()
    return Existing(
        user,
        section.get("inbound_auth/realm") or _default_realm(configuration),
        encryption if encryption in _MEDIA_ENCRYPTION else "",
        insists=encryption in _MEDIA_ENCRYPTION
        and not section.is_true("endpoint/media_encryption_optimistic"),
    )


def _is_phone(name: str, configuration: Configuration) -> bool:
    return any(s.name == name and s.get("type").lower() == "wizard" for s in _real(configuration))


def _section(name: str, configuration: Configuration) -> Section:
    return next(s for s in _real(configuration) if s.name == name)


def _real(configuration: Configuration) -> list[Section]:
    return [s for s in configuration.sections if not s.template]


def _default_realm(configuration: Configuration) -> str:
    realms = (s.get("default_realm") for s in _real(configuration) if s.get("type") == "global")
    return next(filter(None, realms), DEFAULT_REALM)
