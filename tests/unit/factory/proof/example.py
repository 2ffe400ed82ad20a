"""A user, and the section of pjsip_endpoint.conf that makes one."""

from fixtures.softphone import Account

ALICE = Account("alice", "Kx9/+=w", "+12025550160")


def section(account: Account, name: str = "", style: str = "{} = {}") -> str:
    settings = {
        "hint_exten": account.number,
        "endpoint/callerid": "Somebody",
        "inbound_auth/username": account.user,
        "inbound_auth/from": "anywhere",
        "inbound_auth/password": account.password,
        "endpoint/mailboxes": "box",
    }
    lines = [style.format(key, value) for key, value in settings.items()]
    return "\n".join([f"[{name or account.user}](w_term_io)", *lines, ""])
