"""The accounts that phones can register with, out of what the SIP files say; pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pbx.asterisk.sections import Configuration, Section

FILE = "pjsip_endpoint.conf"
DEFAULT_TEMPLATE = "w_term_io"

_PASSWORD, _USERNAME = "inbound_auth/password", "inbound_auth/username"
_HASHES = ("md5_cred", "password_digest")


@dataclass(frozen=True)
class Account:
    """Who may register.

    Attributes:
        name: What the section is called.
        number: Where it is called; may be empty.
        username: What the phone says it is.
        password: None if it is there in a form that cannot be read back.
        parents: Templates that it is made from.
        path: The file that it is in.
    """

    name: str
    number: str
    username: str
    password: str | None
    parents: tuple[str, ...] = ()
    path: str = ""


def accounts(configuration: Configuration) -> tuple[Account, ...]:
    """Return all accounts: those of PJSIP's wizard, and sections of `type = auth`."""
    return (*_wizard_accounts(configuration), *_auth_sections(configuration))


def usual_templates(configuration: Configuration) -> tuple[str, ...]:
    """Return the templates that most users are made from; of equally many the latest."""
    users = [a for a in _wizard_accounts(configuration) if a.parents and a.number]
    counted = Counter(account.parents for account in reversed(users))
    return counted.most_common(1)[0][0] if counted else (DEFAULT_TEMPLATE,)


def _wizard_accounts(configuration: Configuration) -> Iterator[Account]:
    for section in configuration.sections:
        is_account = section.is_true("accepts_auth") or section.is_true("accepts_registrations")
        if section.template or section.get("type").lower() != "wizard" or not is_account:
            continue
        yield Account(
            section.name,
            section.get("hint_exten"),
            section.get(_USERNAME) or section.name,
            _password(section, "inbound_auth/", accepted=section.is_true("accepts_auth")),
            section.parents,
            section.path,
        )


def _auth_sections(configuration: Configuration) -> Iterator[Account]:
    sections = [s for s in configuration.sections if not s.template]
    outbound = {
        name.strip().lower() for s in sections for name in s.get("outbound_auth").split(",")
    }
    for section in sections:
        # What this server says of itself to others was chosen by those.
        if section.get("type").lower() == "auth" and section.name.lower() not in outbound:
            yield Account(
                section.name,
                "",
                section.get("username") or section.name,
                _password(section, "", accepted=True),
                section.parents,
                section.path,
            )


def _password(section: Section, prefix: str, *, accepted: bool) -> str | None:
    password = section.get(f"{prefix}password") if accepted else ""
    hashed = accepted and any(section.get(f"{prefix}{name}") for name in _HASHES)
    return None if hashed and not password else password
