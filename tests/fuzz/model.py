"""What WebSMS should make of a request: written from its manual and specification alone.

Nothing here calls the code under test. The configuration that it speaks of is CONF.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

CONF = """\
[websmsd]
prox_addr = 198.18.0.0/15, {peer}
url_path [plain] = /sms,/straße
url_path [nested] = /nested
key_to [nested] = data.to.0.number
key_from [nested] = data.from
key_body [nested] = data.text
key_id [nested] = id
url_path [echo] = /echo
key_echo [echo] = zd_echo
url_path [far] = /far
remt_addr [far] = 192.0.2.0/24
[astqueue]
channel_context = dp_entry_answer
context = dp_entry_text_in
archive = yes
"""
PATHS = {"/sms": "plain", "/straße": "plain", "/nested": "nested", "/echo": "echo", "/far": "far"}
KEYS = {"nested": ("data.to.0.number", "data.from", "data.text")}
LARGEST, MOST_FIELDS, LONGEST_TEXT, LONGEST_ID = 64 * 1024, 100, 6000, 200

METHODS = ("PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "LOCK")
"""Known ones, besides GET and POST."""
FORM, JSON = "form", "json"
TYPES = {
    "": FORM,
    "application/x-www-form-urlencoded": FORM,
    "Application/X-WWW-Form-URLencoded;charset=UTF-8": FORM,
    "application/json": JSON,
    'application/JSON; charset="utf-8"': JSON,
    "application/vnd.api+json; version=1": JSON,
    "application/json; charset=us-ascii": JSON,
    "application/json; charset=utf-16": None,
    "application/x-www-form-urlencoded; charset=iso-8859-1": None,
    "multipart/form-data; boundary=b": None,
    "text/plain": None,
    "application/json, text/plain": None,
    "application/xml": None,
    "${SHELL(id)}": None,
    "\xff/\xfe": None,
}
HOPS = {
    "192.0.2.7": "far",
    "192.0.2.7:1234": "far",
    "::ffff:192.0.2.7": "far",
    "203.0.113.9": "other",
    "2001:db8::1": "other",
    "[2001:db8::1]:443": "other",
    "198.18.3.4": "proxy",
    "": None,
    "unknown": None,
    "_hidden": None,
    "192.0.2": None,
    "999.0.2.7": None,
    "192.0.2.7\xff": None,
    "${SHELL(id)}": None,
    "192.0.2.7/24": None,
}
"""What X-Forwarded-For may say, and what kind of address that is; None if it is none."""


@dataclass(frozen=True)
class Head:
    """What is before the body of a request, as it matters here; the path is still encoded."""

    method: str
    path: bytes
    query: bytes
    content_type: str
    forwarded: tuple[str, ...]


@dataclass(frozen=True)
class KeptMessage:
    """What is to be kept."""

    interface: str
    number: str | None
    recipient: str
    sender: str
    body: str


@dataclass(frozen=True)
class Expected:
    """What is to happen: one of these statuses and, with 200, a message is kept or echoed."""

    statuses: frozenset[int]
    message: KeptMessage | None = None
    echo: str = ""


class RefusedError(Exception):
    """The content is not acceptable."""


def judge(head: Head, body: bytes) -> Expected:
    """Says what is to become of a request."""
    if head.method not in ("GET", "POST"):
        return _status(405)
    try:
        path = unquote_to_bytes(head.path).decode()
        return _status_before_body(head, path, len(body)) or _accept(PATHS[path], head, body)
    except (UnicodeDecodeError, RefusedError):
        return _status(400)


def _status_before_body(head: Head, path: str, length: int) -> Expected | None:
    known, origin = path in PATHS, _origin(head.forwarded)
    if origin is None:
        return _status(403) if known else _status(403, 404)
    if not known:
        return _status(404)
    if PATHS[path] == "far" and origin != "far":
        return _status(403)
    return _status(413) if length > LARGEST else None


def _status(*statuses: int) -> Expected:
    return Expected(frozenset(statuses))


def _origin(forwarded: Sequence[str]) -> str | None:
    """Whom a request is from; who connects is a proxy of ours, and others are not believed."""
    origin: str | None = "proxy"
    for hop in reversed(forwarded):
        if origin == "proxy":
            origin = HOPS[hop]
    return origin


def _accept(interface: str, head: Head, body: bytes) -> Expected:
    content = head.query if head.method == "GET" else body
    kind = FORM if head.method == "GET" else TYPES[head.content_type]
    if kind is None:
        raise RefusedError
    fields = _form(content) if kind == FORM else _json(_utf8(content))
    if interface == "echo":
        echo = _value(fields, "zd_echo")
        if echo is None:
            echo = _value(_form(head.query), "zd_echo")
        if echo is not None:
            if _controls(echo) or _halves(echo):
                raise RefusedError
            return Expected(frozenset({200}), echo=echo)
    keys = KEYS.get(interface, ("To", "From", "Body"))
    recipient, sender, text = (_value(fields, key) for key in keys)
    number = _value(fields, "id") if interface == "nested" else None
    if recipient is None or sender is None or text is None:
        raise RefusedError
    if number is not None and (not 0 < len(number) <= LONGEST_ID or not number.isprintable()):
        raise RefusedError
    message = KeptMessage(interface, number, _plus(recipient), _plus(sender), text)
    if not acceptable(message):
        raise RefusedError
    return Expected(frozenset({200}), message)


def acceptable(message: KeptMessage) -> bool:
    """Whether recipient, sender and text are of the kinds that the manual names."""
    text = message.body
    return (
        (_is_number(message.recipient) or _is_name(message.recipient, "._-", last="._-"))
        and (_is_number(message.sender) or _is_name(message.sender, " ._&-", last="."))
        and not _halves(text)
        and 0 < len(text.encode()) <= LONGEST_TEXT
        and not _controls(text) - set("\t\r\n")
    )


def _is_number(text: str) -> bool:
    digits = text.removeprefix("+")
    return 2 <= len(digits) <= 20 and set(digits) <= set("0123456789")


def _is_name(text: str, between: str, last: str) -> bool:
    def ends(character: str, more: str = "") -> bool:
        return (character.isascii() and character.isalnum()) or character in more

    return (
        2 <= len(text) <= 20
        and all(ends(character, between) for character in text)
        and ends(text[0])
        and ends(text[-1], last)
    )


def _plus(text: str) -> str:
    """The + of a number that a form has made a blank."""
    return f"+{text[1:]}" if text[:1] == " " and _is_number(text[1:]) and text[1] != "+" else text


def _controls(text: str) -> set[str]:
    return {character for character in text if unicodedata.category(character) == "Cc"}


def _halves(text: str) -> bool:
    return any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def _utf8(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise RefusedError from error


def _form(content: bytes) -> list[tuple[str, str]]:
    _utf8(content)
    pieces = content.split(b"&")
    if len(pieces) > MOST_FIELDS:
        raise RefusedError
    plain = [piece.replace(b"+", b" ").partition(b"=") for piece in pieces if piece]
    return [(_utf8(unquote_to_bytes(x)), _utf8(unquote_to_bytes(y))) for x, _, y in plain]


def _json(text: str) -> Mapping[str, Any] | Sequence[Any]:
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise RefusedError from error
    if not isinstance(value, dict | list):
        raise RefusedError
    return value


def _value(fields: Any, name: str) -> str | None:
    """A field's text, by its name or by a path into JSON; None if it is not there."""
    if isinstance(fields, list) and all(isinstance(x, tuple) for x in fields):
        found = [value for key, value in fields if key == name]
        if len(found) > 1:
            raise RefusedError
        if found:
            return str(found[0])
        first, dot, rest = name.partition(".")
        inner = _value(fields, first) if dot else None
        return None if inner is None else _value(_json(inner), rest)
    value = _walk(fields, name.split("."))
    if value is None or isinstance(value, str):
        return value
    raise RefusedError


def _walk(value: Any, steps: Sequence[str]) -> Any:
    if not steps:
        return value
    if isinstance(value, dict):
        whole = ".".join(steps)
        if whole in value:
            return value[whole]
        return _walk(value.get(steps[0]), steps[1:])
    if isinstance(value, list) and steps[0].isdigit() and int(steps[0]) < len(value):
        return _walk(value[int(steps[0])], steps[1:])
    return None
