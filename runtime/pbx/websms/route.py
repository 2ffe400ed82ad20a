"""Which interface a text takes, and when it is tried again; pure."""

from collections.abc import Iterable, Mapping

from pbx.websms.reply import Outcome
from pbx.websms.settings import Interface, SendSettings

FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
"""Seconds between attempts: twice as many after each, unless the provider says how many."""


class NoInterfaceError(Exception):
    """There is none of that name which sends; the text says which there are."""


def senders(interfaces: Iterable[Interface]) -> dict[str, SendSettings]:
    """Return by name the interfaces of which something is said about sending."""
    return {x.name: x.send for x in interfaces if x.send and x.send != SendSettings()}


def choose(interfaces: Mapping[str, SendSettings], index: str) -> tuple[str, SendSettings]:
    """Return name and settings of the interface that an index means.

    Without an index it is the first. Where interfaces have no names, any index means the one that
    there is.

    Raises:
        NoInterfaceError: there is none.
    """
    if index in interfaces:
        return index, interfaces[index]
    if not interfaces:
        raise NoInterfaceError("websms.conf does not say where to send texts, in [websms]")
    name = next(iter(interfaces))
    if not index or not name:
        return name, interfaces[name]
    known = ", ".join(interfaces)
    raise NoInterfaceError(f"there is no interface '{index}' in websms.conf, but {known}")


def next_attempt(outcome: Outcome, attempts: int, now: float, expires: float) -> float | None:
    """Return when to try again; None if that would be too late.

    Args:
        outcome: Of the last attempt: AGAIN.
        attempts: How many there were before that.
        now: Seconds since 1970.
        expires: When to give up.
    """
    wait = FIRST_WAIT * 2.0 ** min(attempts, 20)
    due = now + (min(wait, LONGEST_WAIT) if outcome.wait is None else outcome.wait)
    return due if due < expires else None
