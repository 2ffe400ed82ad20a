"""Which accounts have a mailbox that voicemail cannot go to; pure."""

from collections.abc import Iterator, Sequence

from pbx.asterisk.mailbox import mailbox_problem
from pbx.asterisk.sections import Configuration
from pbx.core.terminal import harmless


def unusable_mailboxes(configuration: Configuration) -> Iterator[str]:
    """Give a line about each account whose mailbox the dialplan refuses.

    Args:
        configuration: What the SIP files say.
    """
    for section in configuration.sections:
        # As in the dialplan: the first of those that are named.
        mailbox = section.get("endpoint/mailboxes").partition(",")[0].strip(" \t")
        problem = mailbox_problem(mailbox) if mailbox and not section.template else ""
        if problem:
            yield harmless(f"{section.name} has no voicemail: mailbox '{mailbox}': {problem}")


def mailbox_warning(lines: Sequence[str]) -> str:
    """Return one line for the log of a start.

    Args:
        lines: About each account; at least one.
    """
    others = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return f"{lines[0]}{others}; correct endpoint/mailboxes in pjsip_endpoint.conf"
