"""The interface that sends an SMS, and the time of a retry; pure."""

from collections.abc import Iterable, Mapping

from pbx.websms.configuration.settings import Interface, SendSettings
from pbx.websms.outgoing.reply import SendResult

FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
"""Seconds between attempts: doubled after each, unless the provider asks for another time."""


class NoInterfaceError(Exception):
    """No interface of that name sends; the text names those that do."""


def senders(interfaces: Iterable[Interface]) -> dict[str, SendSettings]:
    """Return the interfaces with settings for sending, by name."""
    return {x.name: x.send for x in interfaces if x.send and x.send != SendSettings()}


def choose_sender(interfaces: Mapping[str, SendSettings], index: str) -> tuple[str, SendSettings]:
    """Return name and settings of the interface of an index.

    Without an index, it is the first. If the only interface has no name, any index stands for it.

    Raises:
        NoInterfaceError: there is no such interface.
    """
    if index in interfaces:
        return index, interfaces[index]
    if not interfaces:
        raise NoInterfaceError("websms.conf does not say where to send, in [websms]")
    name = next(iter(interfaces))
    if not index or not name:
        return name, interfaces[name]
    known = ", ".join(interfaces)
    raise NoInterfaceError(f"there is no interface '{index}' in websms.conf; there are {known}")


def next_attempt(result: SendResult, attempts: int, now: float, expires: float) -> float | None:
    """Return when to retry; None if that would be too late.

    Args:
        result: Of the last attempt: RETRY.
        attempts: How many there were before that.
        now: Seconds since 1970.
        expires: When the SMS expires.
    """
    wait = FIRST_WAIT * 2.0 ** min(attempts, 20)
    due = now + (min(wait, LONGEST_WAIT) if result.wait is None else result.wait)
    return due if due < expires else None
