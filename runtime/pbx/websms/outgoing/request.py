"""Builds the request that sends an SMS; pure."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from pbx.websms.configuration.settings import SendSettings
from pbx.websms.incoming.signatures import zadarma_digest
from pbx.websms.outgoing.alphabet import is_basic, to_ucs2

HIDDEN = "***"
_SHORT = 6
"""Digits. Numbers that are not longer are short codes, which never have a +."""
_TYPES = {"form": "application/x-www-form-urlencoded", "json": "application/json"}


@dataclass(frozen=True)
class OutgoingSms:
    """An SMS to send.

    Attributes:
        recipient: Telephone number.
        sender: Telephone number, or name.
        body: The text.
    """

    recipient: str
    sender: str
    body: str


@dataclass(frozen=True)
class PostRequest:
    """A request to a provider.

    Attributes:
        url: Of the provider.
        headers: By name.
        body: The bytes.
        shown: Its fields as lines for people, without any secret.
    """

    url: str
    headers: dict[str, str]
    body: bytes
    shown: tuple[str, ...]


def build_request(settings: SendSettings, sms: OutgoingSms) -> PostRequest:
    """Return the request that sends an SMS.

    The scheme of Zadarma is that of https://zadarma.com/en/support/api/ ("Authorization").
    """
    path = settings.url_path.replace("{auth_user}", quote(settings.auth_user, safe=""))
    path = f"/{path.lstrip('/')}"
    url = settings.url_host.rstrip("/") + path
    fields = _fields(settings, sms)
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
    """Write a number in the provider's format: E164 without +, E123 with it.

    Names and short codes stay unchanged.
    """
    digits = number.removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or not form:
        return number
    if form == "E123" and (len(digits) > _SHORT or number != digits):
        return f"+{digits}"
    return digits


def _fields(settings: SendSettings, sms: OutgoingSms) -> list[tuple[str, str]]:
    body, added = sms.body, list(settings.val_static)
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
        (settings.key_to, write_number(sms.recipient, settings.val_numform)),
        (settings.key_from, write_number(sms.sender, settings.val_numform)),
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
    """Quote as PHP's urlencode, which Zadarma's signatures need: ~ is quoted, too."""
    return quote_plus(text, errors="replace").replace("~", "%7E")


def _nested(fields: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return an object of fields whose names may be paths (`to.0.number`); numbers make lists."""
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
