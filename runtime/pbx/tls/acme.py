"""Traefik's acme.json: bytes in, certificates and warnings out.

Version 1 of Traefik has one list of certificates, later ones have a list for each resolver, or null
while it has none. The names of fields are written in either case.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pbx.tls.guarded import MAX_BYTES

_MAX_DOMAIN = 240
"""A file name has 255 bytes at most, and endings are added."""
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_DOMAIN = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*|[0-9a-f:]*:[0-9a-f:.]+")


class AcmeError(ValueError):
    """The whole is no acme.json, or only the beginning of one; the message says why."""


@dataclass(frozen=True)
class AcmeEntry:
    """A certificate as it stands in the file, not examined yet.

    Attributes:
        domain: Whose it is, in lower case, and safe as part of a file name.
        certificate: With those of the authorities behind it, in PEM.
        key: In PEM.
    """

    domain: str
    certificate: bytes
    key: bytes


@dataclass(frozen=True)
class AcmeContents:
    """What is in the file, and what is wrong with single entries of it."""

    entries: tuple[AcmeEntry, ...] = ()
    warnings: tuple[str, ...] = ()


def parse(text: bytes) -> AcmeContents:
    """Read the file's contents.

    Raises:
        AcmeError: as a whole it cannot be used.
    """
    if len(text) > MAX_BYTES:
        raise AcmeError(f"it is larger than {MAX_BYTES // 1024**2} MiB")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise AcmeError(f"it is not JSON ({reason})") from error
    if not isinstance(document, dict | None):
        raise AcmeError("it is JSON, but not of Traefik")
    entries, warnings = [], []
    for where, item in _items(document or {}):
        try:
            entries.append(_entry(item))
        except ValueError as error:
            warnings.append(f"{where}: {error}")
    return AcmeContents(tuple(entries), tuple(warnings))


def _items(document: dict[str, object]) -> Iterator[tuple[str, object]]:
    """Find the single certificates, with words for where they stand."""
    first_version = _field(document, "certificates")
    if isinstance(first_version, list):
        yield from _numbered("certificate", first_version)
        return
    for name, resolver in document.items():
        found = _field(resolver, "certificates") if isinstance(resolver, dict) else None
        if isinstance(found, list):
            yield from _numbered(f"{_shown(name)}, certificate", found)


def _numbered(what: str, items: list[object]) -> Iterator[tuple[str, object]]:
    for number, item in enumerate(items, 1):
        yield f"{what} {number}", item


def _entry(item: object) -> AcmeEntry:
    if not isinstance(item, dict):
        raise ValueError("is no object")
    domain = _field(item, "domain")
    main = _field(domain, "main") if isinstance(domain, dict) else None
    if not isinstance(main, str):
        raise ValueError("names no domain")
    name = main.lower()
    if len(name) > _MAX_DOMAIN or not _DOMAIN.fullmatch(name):
        raise ValueError(f"{_shown(main)} is no domain")
    return AcmeEntry(name, _pem(item, "certificate", name), _pem(item, "key", name))


def _pem(item: dict[str, object], name: str, domain: str) -> bytes:
    value = _field(item, name)
    try:
        pem = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        pem = b""
    if not pem:
        raise ValueError(f"{domain} has no {name} in base64")
    return pem


def _field(item: dict[str, object], name: str) -> object:
    return next((value for key, value in item.items() if key.lower() == name), None)


def _shown(text: str) -> str:
    """Return a text from the file as it can be printed: in one line, not too long."""
    return ascii(text if len(text) <= 60 else f"{text[:60]}…")
