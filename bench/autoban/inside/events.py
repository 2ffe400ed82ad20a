"""A failed guess, as Asterisk 22 reports it to its manager interface and writes it to its log.

It came over TCP: over UDP AutoBan wants to have seen the challenge leave that was answered.
"""

import time
from collections.abc import Iterator
from itertools import count

_KIND = "ChallengeResponseFailed"
_LOCAL = "IPV4/TCP/198.18.0.1/5060"
_CHALLENGE = "1795417568/7d3f15c3c5350a19dced045bd284a624"
_RESPONSE = "5db3a776fd3645113a03b5060204a4e6"
_calls = count(215369685)


def message(source: str) -> bytes:
    """Return a message of AMI.

    Args:
        source: Address of the one who guesses.
    """
    fields = {"Event": _KIND, "Privilege": "security,all", **_fields(source)}
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n"


def line(source: str) -> bytes:
    """Return a line of the security log.

    Args:
        source: Address of the one who guesses.
    """
    fields = {"SecurityEvent": _KIND, **_fields(source)}
    text = ",".join(f'{name}="{value}"' for name, value in fields.items())
    moment = time.strftime("%b %d %H:%M:%S")
    return f"[{moment}] SECURITY[223] res_security_log.c: {text}\n".encode()


def addresses(number: int, first: str) -> list[str]:
    """Return a number of addresses that follow one another, none ending with 0 or 255.

    Args:
        number: How many.
        first: The first half of them, such as `198.18`.
    """
    return [f"{first}.{i // 254}.{i % 254 + 1}" for i in range(number)]


def guesses(sources: list[str], each: int, *, one_by_one: bool) -> Iterator[str]:
    """Yield the source of each guess.

    Args:
        sources: Who guesses.
        each: How often.
        one_by_one: Each makes all its guesses before the next one begins; else they take turns.
    """
    if one_by_one:
        return (source for source in sources for _ in range(each))
    return (source for _ in range(each) for source in sources)


def _fields(source: str) -> dict[str, str]:
    return {
        "EventTV": time.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "Severity": "Error",
        "Service": "PJSIP",
        "EventVersion": "1",
        "AccountID": "john.doe",
        "SessionID": str(next(_calls)),
        "LocalAddress": _LOCAL,
        "RemoteAddress": f"IPV4/TCP/{source}/5060",
        "Challenge": _CHALLENGE,
        "Response": _RESPONSE,
        "ExpectedResponse": "",
    }
