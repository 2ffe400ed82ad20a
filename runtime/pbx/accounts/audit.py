"""Which accounts have weak passwords, and how that is told; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from pbx.accounts.directory import accounts
from pbx.accounts.strength import weakness
from pbx.asterisk.sections import Configuration
from pbx.core.terminal import YELLOW, harmless, paint

MOST_NAMES = 5


@dataclass(frozen=True)
class Weak:
    """An account that is easily broken into."""

    account: str
    number: str
    problem: str


def weak_accounts(configuration: Configuration) -> tuple[Weak, ...]:
    """Return the accounts whose password is weak, in the order of the files."""
    found = []
    for account in accounts(configuration):
        problem = weakness(account.password, account.name, account.number, account.username)
        if problem:
            found.append(Weak(harmless(account.name), harmless(account.number), problem))
    return tuple(found)


def format_table(weak: Sequence[Weak], *, colours: bool) -> str:
    """Return a table of them; passwords are not in it."""
    name = max((len(one.account) for one in weak), default=0)
    number = max((len(one.number) for one in weak), default=0)
    return "\n".join(
        f"{paint(one.account.ljust(name), YELLOW, colours=colours)}  "
        f"{one.number.ljust(number)}  {one.problem}"
        for one in weak
    )


def warning(weak: Sequence[Weak]) -> str:
    """Return one line for the log of a start."""
    names = ", ".join(one.account for one in weak[:MOST_NAMES])
    if len(weak) > MOST_NAMES:
        names += f" and {len(weak) - MOST_NAMES} more"
    count = (
        "1 account has a weak password"
        if len(weak) == 1
        else (f"{len(weak)} accounts have weak passwords")
    )
    return f"{count}: {names}; type `pbx passwords` to see why"
