"""What a provider's reply means; pure."""

import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

from pbx.websms.settings import SendSettings
from pbx.websms.values import Pair

SHOWN = 160
"""Letters of a reply that are shown."""


class Fate(StrEnum):
    """What became of an attempt to send."""

    SENT = "sent"
    FAILED = "failed"
    AGAIN = "again"
    """It has certainly not been sent, and may be tried again."""
    UNKNOWN = "unknown"
    """It may have been sent; trying again could send it twice."""


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt to send.

    Attributes:
        fate: In one word.
        reason: In one line; "" if it was sent.
        wait: Seconds that the provider wants to be left in peace; None if it did not say.
    """

    fate: Fate
    reason: str = ""
    wait: float | None = None


def judge(settings: SendSettings, status: int, body: str, retry_after: str, now: float) -> Outcome:
    """Says what a reply means.

    408, 429 and 503 say that the request was not carried out (RFC 9110, 15.5.9 and 15.6.4; RFC
    6585, 4). Other replies from 500 on leave that open, as those of gateways do whose server did
    not answer in time.

    Args:
        settings: Of the interface.
        status: Of HTTP.
        body: Of the reply.
        retry_after: That header (RFC 9110, 10.2.3), or "".
        now: Seconds since 1970.
    """
    said = _excerpt(body)
    answered = f"the provider answered {status}{': ' * bool(said)}{said}"
    if status in (408, 429, 503):
        return Outcome(Fate.AGAIN, answered, _seconds(retry_after, now))
    if status >= 500:
        return Outcome(Fate.UNKNOWN, answered)
    if 300 <= status < 400:
        return Outcome(Fate.FAILED, f"{answered}; is url_host or url_path another now?")
    if not 200 <= status < 300:
        return Outcome(Fate.FAILED, answered)
    return _judge_success(settings, body, answered)


def _judge_success(settings: SendSettings, body: str, answered: str) -> Outcome:
    if settings.resp_again and holds(body, settings.resp_again):
        return Outcome(Fate.AGAIN, answered)
    if settings.resp_check and not holds(body, settings.resp_check):
        key, value = settings.resp_check
        return Outcome(Fate.FAILED, f"{answered} (resp_check wants {key}={value})")
    return Outcome(Fate.SENT)


def holds(body: str, pair: Pair) -> bool:
    """Whether a reply has a field with a value: as JSON (`messages.0.status`), form or text."""
    key, wanted = pair
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return any((k.strip(), v.strip()) == pair for k, v in _pairs(body))
    if isinstance(value, dict) and key in value:
        return _as_text(value[key]) == wanted
    for part in key.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isascii() and part.isdigit():
            value = value[int(part)] if int(part) < len(value) else None
        else:
            return False
    return value is not None and _as_text(value) == wanted


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _pairs(body: str) -> list[tuple[str, str]]:
    lines = [line.partition("=") for line in body.splitlines()]
    lines += [line.partition(":") for line in body.splitlines()]
    return parse_qsl(body.strip()) + [(key, value) for key, _, value in lines]


def _excerpt(body: str) -> str:
    """Return the beginning of a reply in one line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in body[: 4 * SHOWN]).split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


def _seconds(retry_after: str, now: float) -> float | None:
    text = retry_after.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None
