"""The users and the trunk that the tests give a PBX, beside those that it has."""

from __future__ import annotations

from collections.abc import Mapping

from fixtures.softphone import Account

# 202-555-0100 to -0199 are nobody's (North American numbering plan: for use in fiction).
NUMBERS = {
    "alice": "+12025550111",
    "bob": "+12025550112",  # has voicemail
    "sam": "+12025550113",  # insists on SDES
    "dora": "+12025550114",  # insists on DTLS
    "attic": "+12025550115",  # may not call out
    "inga": "+12025550116",  # sends keys by SIP INFO
    "carol": "+12025550117",
    "obrien": "+12025550118",  # has voicemail, at an address that a shell would stumble over
    "injector": "+12025550119",  # has a mailbox that a shell would run
    "climber": "+12025550120",  # has a mailbox whose folder would be somewhere else
    "vera": "+12025550123",  # her calls end soon after her phone is unreachable
    "quinn": "+12025550124",  # so do his, but not as soon
    "tanya": "+12025550125",  # whom she calls may use her trunk, too
}
INJECTION = "a'|touch${IFS}/tmp/injected|'@example.com"
TRAVERSAL = "../../climbed@example.com"
TRUNK = "trunk:proof"

_TEMPLATES = {"attic": "w_term_i", "dora": "w_term:dtls"}
_SETTINGS = {
    "bob": ["endpoint/mailboxes = bob@example.com"],
    "climber": [f"endpoint/mailboxes = {TRAVERSAL}"],
    "inga": ["endpoint/dtmf_mode = info"],
    "injector": [f"endpoint/mailboxes = {INJECTION}"],
    "obrien": ["endpoint/mailboxes = o'brien@example.com"],
    "quinn": ["endpoint/rtp_timeout = 15"],
    "sam": ["endpoint/media_encryption = sdes", "endpoint/media_encryption_optimistic = no"],
    "tanya": [f"endpoint/set_var = __TRUNK_ENDPOINT={TRUNK}"],
    "vera": ["endpoint/rtp_timeout = 4", "endpoint/rtp_timeout_hold = 8"],
}
_ENCRYPTED = ("sam", "dora")


def accounts(password: str) -> dict[str, Account]:
    """Returns the accounts by name; all have one password."""
    return {name: Account(f"proof-{name}", password, number) for name, number in NUMBERS.items()}


def configuration(accounts: Mapping[str, Account], trunk_host: str, *, encryption: bool) -> str:
    """Returns what is to be added to pjsip_endpoint.conf.

    Args:
        accounts: The users by name.
        trunk_host: Address of the provider.
        encryption: Whether the image can encrypt sound.
    """
    lines = [
        "",
        "[w_term:proof](!,w_term_io)",
        f"endpoint/set_var = TRUNK_ENDPOINT={TRUNK}",
        "[w_term:dtls](!,_nat,_qos,_dtls,_hint,_term,_inout)",
        f"[{TRUNK}](w_trunk)",
        f"remote_hosts = {trunk_host}",
        "sends_auth = no",
    ]
    for name, account in accounts.items():
        if name in _ENCRYPTED and not encryption:
            continue
        lines += [
            f"[{account.user}]({_TEMPLATES.get(name, 'w_term:proof')})",
            f"hint_exten = {account.number}",
            f"endpoint/callerid = {name.title()} <{account.number}>",
            f"inbound_auth/username = {account.user}",
            f"inbound_auth/password = {account.password}",
            *_SETTINGS.get(name, []),
        ]
    return "\n".join(lines) + "\n"
