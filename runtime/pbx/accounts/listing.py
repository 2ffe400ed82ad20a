"""`pbx user list`: the accounts, without passwords."""

import argparse
import sys

from pbx.accounts.directory import accounts
from pbx.accounts.sip_files import read_sip
from pbx.core.terminal import harmless


def run(_: argparse.Namespace) -> int:
    """Print a table; return the exit status."""
    configuration = read_sip()
    rows = [
        tuple(map(harmless, (one.name, one.number, ",".join(one.parents), one.path)))
        for one in accounts(configuration)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    for line in configuration.unread:
        print(f"pbx: not read: {harmless(line)}", file=sys.stderr)
    return 1 if configuration.unread else 0
