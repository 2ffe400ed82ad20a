"""Reads the result of an attempt from a provider's reply; pure."""

import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

from pbx.websms.configuration.settings import SendSettings
from pbx.websms.configuration.values import Pair

SHOWN = 160
"""Characters of a reply that are shown."""


class SendStatus(StrEnum):
    """The result of an attempt to send, in one word."""

    SENT = "sent"
    FAILED = "failed"
    RETRY = "retry"
    """It has certainly not been sent, and can be retried."""
    UNKNOWN = "unknown"
    """It may have been sent; a retry could send it twice."""


@dataclass(frozen=True)
class SendResult:
    """The result of an attempt to send.

    Attributes:
        status: In one word.
        reason: In one line; "" if it was sent.
        wait: Seconds that the provider asks to wait; None if it did not.
    """

    status: SendStatus
    reason: str = ""
    wait: float | None = None


def judge(
    settings: SendSettings, status: int, body: str, retry_after: str, now: float
) -> SendResult:
    """Return the result that a reply stands for.

    408, 429 and 503 mean that the request was not carried out (RFC 9110, 15.5.9 and 15.6.4; RFC
    6585, 4). Other replies from 500 on leave that open: for example, a gateway's server did not
    answer in time.

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
        return SendResult(SendStatus.RETRY, answered, _seconds(retry_after, now))
    if status >= 500:
        return SendResult(SendStatus.UNKNOWN, answered)
    if 300 <= status < 400:
        return SendResult(SendStatus.FAILED, f"{answered}; has url_host or url_path changed?")
    if not 200 <= status < 300:
        return SendResult(SendStatus.FAILED, answered)
    return _judge_success(settings, body, answered)


def _judge_success(settings: SendSettings, body: str, answered: str) -> SendResult:
    if settings.resp_again and holds(body, settings.resp_again):
        return SendResult(SendStatus.RETRY, answered)
    if settings.resp_check and not holds(body, settings.resp_check):
        key, value = settings.resp_check
        return SendResult(SendStatus.FAILED, f"{answered} (resp_check expects {key}={value})")
    return SendResult(SendStatus.SENT)


def holds(body: str, pair: Pair) -> bool:
    """Tell whether a reply (JSON, a form or text) contains a field with a value.

    In JSON, the field may be a path: `messages.0.status`.
    """
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
