"""Makes the request that sends a text; pure."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from pbx.websms.alphabet import is_basic, to_ucs2
from pbx.websms.settings import SendSettings
from pbx.websms.signatures import zadarma_digest

HIDDEN = "***"
_SHORT = 6
"""Digits. Numbers of up to so many are a network's own, and are never written with a +."""
_TYPES = {"form": "application/x-www-form-urlencoded", "json": "application/json"}


@dataclass(frozen=True)
class Text:
    """What is to be sent.

    Attributes:
        recipient: A telephone number.
        sender: A telephone number, or a name.
        body: Of any characters.
    """

    recipient: str
    sender: str
    body: str


@dataclass(frozen=True)
class PostRequest:
    """A request to a provider.

    Attributes:
        url: Where to.
        headers: By name.
        body: As it goes over the wire.
        shown: Lines that say what it holds, without any secret.
    """

    url: str
    headers: dict[str, str]
    body: bytes
    shown: tuple[str, ...]


def build_request(settings: SendSettings, text: Text) -> PostRequest:
    """Return the request that sends a text.

    The scheme of Zadarma is that of https://zadarma.com/en/support/api/ ("Authorization").
    """
    path = settings.url_path.replace("{auth_user}", quote(settings.auth_user, safe=""))
    path = f"/{path.lstrip('/')}"
    url = settings.url_host.rstrip("/") + path
    fields = _fields(settings, text)
    secret = settings.key_secret if settings.auth_method == "plain" else ""
    shown = [f"{key}={HIDDEN if key == secret else value}" for key, value in fields]
    if settings.content_type == "json":
        body = json.dumps(_nested(fields), ensure_ascii=False).encode("utf-8", "replace")
    else:
        body = _form(fields).encode()
    headers = {"Content-Type": _TYPES[settings.content_type], "Accept": "application/json, */*"}
    if authorization := _authorization(settings, path, fields):
        headers["Authorization"] = authorization
        shown.append(f"(authorization: {settings.auth_method}, secret {HIDDEN})")
    return PostRequest(url, headers, body, tuple(shown))


def write_number(number: str, form: str) -> str:
    """Write a number as a provider wants it: E164 without the +, E123 with it.

    Names of senders and short numbers stay as they are.
    """
    digits = number.removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or not form:
        return number
    if form == "E123" and (len(digits) > _SHORT or number != digits):
        return f"+{digits}"
    return digits


def _fields(settings: SendSettings, text: Text) -> list[tuple[str, str]]:
    body, added = text.body, list(settings.val_static)
    if settings.val_unicode == "UCS-2":
        body = to_ucs2(body)
    elif settings.val_unicode and not is_basic(body):
        key, _, value = settings.val_unicode.partition("=")
        added.append((key.strip(), value.strip()))
    login = []
    if settings.auth_method == "plain":
        pairs = (
            (settings.key_user, settings.auth_user),
            (settings.key_secret, settings.auth_secret),
        )
        login = [(key, value) for key, value in pairs if key]
    return [
        *login,
        (settings.key_to, write_number(text.recipient, settings.val_numform)),
        (settings.key_from, write_number(text.sender, settings.val_numform)),
        (settings.key_body, body),
        *added,
    ]


def _authorization(settings: SendSettings, path: str, fields: Sequence[tuple[str, str]]) -> str:
    user, secret = settings.auth_user, settings.auth_secret
    if settings.auth_method == "basic" and (user or secret):
        return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()
    if settings.auth_method == "bearer":
        return f"Bearer {secret}"
    if settings.auth_method == "zadarma":
        query = _form(sorted(fields))
        digest = hashlib.md5(query.encode(), usedforsecurity=False).hexdigest()
        return f"{user}:{zadarma_digest(secret, path + query + digest)}"
    return ""


def _form(fields: Sequence[tuple[str, str]]) -> str:
    return "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in fields)


def _quoted(text: str) -> str:
    """As PHP's urlencode does it, which Zadarma signs by: ~ is a special character, too."""
    return quote_plus(text, errors="replace").replace("~", "%7E")


def _nested(fields: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Make an object of fields whose names may be paths (`to.0.number`); numbers make lists."""
    tree: dict[str, Any] = {}
    for path, value in fields:
        *parents, last = path.split(".")
        branch = tree
        for name in parents:
            below = branch.setdefault(name, {})
            branch = below if isinstance(below, dict) else branch
        branch[last] = value
    return {key: _listed(value) for key, value in tree.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    found = {key: _listed(below) for key, below in value.items()}
    if list(found) == [str(number) for number in range(len(found))]:
        return list(found.values())
    return found
