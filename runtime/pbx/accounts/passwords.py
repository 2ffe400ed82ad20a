"""`pbx passwords`: reads the configuration in use, says which passwords are weak."""

import argparse
import json
import sys
from dataclasses import asdict

from pbx.accounts.audit import format_table, warning, weak_accounts
from pbx.accounts.mailboxes import mailbox_warning, unusable_mailboxes
from pbx.accounts.sip_files import folder, read_sip
from pbx.core.errors import CommandError
from pbx.core.log import ERROR, log
from pbx.core.terminal import harmless, shows_colour


def run(options: argparse.Namespace) -> int:
    """Show the weak ones; return the exit status."""
    configuration = read_sip()
    weak = weak_accounts(configuration)
    if options.log:
        if weak:
            log(ERROR, warning(weak))
        if unusable := [*unusable_mailboxes(configuration)]:
            log(ERROR, mailbox_warning(unusable))
        return 0
    if not configuration.sections and not configuration.unread:
        raise CommandError(f"there are no SIP accounts in {folder()}", "is the volume mounted?")
    for text in configuration.unread:
        print(f"pbx: not read: {harmless(text)}", file=sys.stderr)
    if options.json:
        unread = [harmless(text) for text in configuration.unread]
        print(json.dumps({"weak": [asdict(one) for one in weak], "unread": unread}))
    elif weak:
        print(format_table(weak, colours=shows_colour(sys.stdout)))
    elif not configuration.unread:
        print("no weak passwords")
    return 1 if weak or configuration.unread else 0
