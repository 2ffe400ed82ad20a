"""The users and the trunk that the tests give a PBX, beside those that it has."""

from __future__ import annotations

from fixtures.softphone import Account

# 202-555-0100 to -0199 are nobody's (North American numbering plan: for use in fiction).
NUMBERS = {
    "alice": "+12025550111",
    "bob": "+12025550112",
    "carol": "+12025550113",
    "attic": "+12025550114",  # may not call out
    "inga": "+12025550115",  # sends keys by SIP INFO
    "sam": "+12025550116",  # insists on SDES
    "dora": "+12025550117",  # insists on DTLS
    "six": "+12025550118",  # has sound over IPv6
}
TRUNK = "trunk:proof"

_TEMPLATES = {"attic": "w_term_i", "dora": "w_term:dtls"}
_SETTINGS = {
    "inga": ["endpoint/dtmf_mode = info"],
    "sam": ["endpoint/media_encryption = sdes", "endpoint/media_encryption_optimistic = no"],
    "six": ["endpoint/rtp_ipv6 = yes"],
}
_ENCRYPTED = ("sam", "dora")


def accounts(password: str) -> dict[str, Account]:
    """Returns the accounts by name; all have one password."""
    return {name: Account(f"proof-{name}", password, number) for name, number in NUMBERS.items()}


def configuration(password: str, trunk_host: str, *, encryption: bool) -> str:
    """Returns what is to be added to pjsip_endpoint.conf.

    Args:
        password: Of all users.
        trunk_host: Address of the telephone company.
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
    for name, account in accounts(password).items():
        if name in _ENCRYPTED and not encryption:
            continue
        lines += [
            f"[{account.user}]({_TEMPLATES.get(name, 'w_term:proof')})",
            f"hint_exten = {account.number}",
            f"endpoint/callerid = {name.title()} <{account.number}>",
            *([f"endpoint/mailboxes = {name}@example.com"] if name == "bob" else []),
            f"inbound_auth/username = {account.user}",
            f"inbound_auth/password = {account.password}",
            *_SETTINGS.get(name, []),
        ]
    return "\n".join(lines) + "\n"
