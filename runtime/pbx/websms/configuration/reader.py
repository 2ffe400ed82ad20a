"""Reads the text of websms.conf; pure.

A key with an index overrides one without, which overrides the profile, which overrides the default.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any, TypeVar

from pbx.core.ini import IniEntry, IniError, parse_ini
from pbx.core.times import parse_time
from pbx.websms.configuration import values
from pbx.websms.configuration.settings import (
    Interface,
    ProxySettings,
    QueueSettings,
    ReceiveSettings,
    SendSettings,
    SmsSettings,
)

NAME = "websms.conf"
Profiles = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Values by name of a profile, section and key."""


def read_settings(text: str, profiles: Profiles) -> SmsSettings:
    """Read the file.

    Args:
        text: Of the file.
        profiles: All known profiles.

    Raises:
        IniError: a line is wrong.
    """
    said: dict[str, list[IniEntry]] = {section: [] for section in _READERS}
    for entry in parse_ini(text, NAME):
        if entry.section not in said:
            known = ", ".join(f"[{section}]" for section in _READERS)
            reason = f"there is no section [{entry.section}]; there are {known}"
            raise IniError(NAME, entry.line, entry.key, reason)
        _check_key(entry)
        said[entry.section].append(entry)
    proxies = [x for x in said["websmsd"] if x.key in _PROXY_KEYS]
    receive = [x for x in said["websmsd"] if x.key not in _PROXY_KEYS]
    senders = _interfaces(SendSettings, "websms", said["websms"], profiles, _check_send)
    receivers = _interfaces(ReceiveSettings, "websmsd", receive, profiles, _check_receive)
    return SmsSettings(
        tuple(
            Interface(name, senders.get(name), receivers.get(name))
            for name in dict.fromkeys((*senders, *receivers))
        ),
        QueueSettings(**_read_all("astqueue", said["astqueue"])),
        ProxySettings(**_read_all("websmsd", proxies)),
    )


def _check_key(entry: IniEntry) -> None:
    readers = _READERS[entry.section]
    if entry.key not in readers:
        likely = get_close_matches(entry.key, readers, 1)
        hint = f"; is it {likely[0]}?" if likely else ""
        raise IniError(
            NAME, entry.line, entry.key, f"there is no such key in [{entry.section}]{hint}"
        )
    if entry.index is not None and (entry.section == "astqueue" or entry.key in _PROXY_KEYS):
        reason = "this key is for all interfaces: it takes no index"
        raise IniError(NAME, entry.line, entry.key, reason)


_Kind = TypeVar("_Kind", SendSettings, ReceiveSettings)


def _interfaces(
    kind: type[_Kind],
    section: str,
    entries: list[IniEntry],
    profiles: Profiles,
    check: Callable[[_Kind], tuple[str, str] | None],
) -> dict[str, _Kind]:
    """Return the interfaces of a section by name."""
    names = dict.fromkeys(x.index for x in entries if x.index is not None) or {"": None}
    found = {}
    for name in names:
        chosen = {x.key: x for x in entries if x.index is None}
        chosen |= {x.key: x for x in entries if x.index == name}
        read = _profile(section, chosen.get("profile"), profiles)
        read |= _read_all(section, chosen.values())
        settings = kind(**read)
        if mistake := check(settings):
            key, reason = mistake
            where = chosen.get(key) or chosen.get("profile")
            about = f" (interface {name})" if name else ""
            raise IniError(NAME, where.line if where else 0, key, f"[{section}]{about} {reason}")
        found[name] = settings
    return found


def _profile(section: str, entry: IniEntry | None, profiles: Profiles) -> dict[str, Any]:
    if entry is None or not entry.value:
        return {}
    if entry.value not in profiles:
        known = ", ".join(sorted(profiles)) or "none"
        reason = f"there is no profile '{entry.value}'; there are {known}"
        raise IniError(NAME, entry.line, "profile", reason)
    read = {}
    for key, value in profiles[entry.value].get(section, {}).items():
        reader = _READERS[section].get(key)
        if reader is None or key in (*_PROXY_KEYS, "profile"):
            reason = f"{entry.value}: the key {key} is not allowed there"
            raise IniError(NAME, entry.line, "profile", reason)
        read[key] = _read(reader, value, entry.line, f"profile: {entry.value}: {key}")
    return read


def _read_all(section: str, entries: Iterable[IniEntry]) -> dict[str, Any]:
    return {x.key: _read(_READERS[section][x.key], x.value, x.line, x.key) for x in entries}


def _read(reader: Callable[[str], Any], value: str, line: int, key: str) -> Any:
    try:
        return reader(value)
    except ValueError as error:
        raise IniError(NAME, line, key, str(error)) from error


def _check_send(settings: SendSettings) -> tuple[str, str] | None:
    if settings.auth_method == "plain" and not (settings.key_user or settings.key_secret):
        return "auth_method", "plain needs key_user or key_secret"
    if settings.auth_method in ("bearer", "zadarma") and not settings.auth_secret:
        return "auth_method", f"{settings.auth_method} needs auth_secret"
    if settings.auth_method == "zadarma" and not settings.auth_user:
        return "auth_method", "zadarma needs auth_user"
    return None


def _check_receive(settings: ReceiveSettings) -> tuple[str, str] | None:
    if settings.verify == "none":
        return None
    if not settings.verify_secret:
        return "verify", f"{settings.verify} needs verify_secret"
    if settings.verify in ("basic", "46elks") and not settings.verify_user:
        return "verify", f"{settings.verify} needs verify_user"
    return None


_PROXY_KEYS = tuple(x.name for x in fields(ProxySettings))
_SCHEMES = ("none", "basic", "zadarma", "twilio", "telnyx", "vonage", "46elks")
_READERS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "websms": {
        "url_host": values.base_url,
        "url_path": str,
        "auth_method": values.one_of("none", "plain", "basic", "bearer", "zadarma"),
        "auth_user": str,
        "auth_secret": str,
        "key_user": str,
        "key_secret": str,
        "key_to": values.key_name,
        "key_from": values.key_name,
        "key_body": values.key_name,
        "resp_check": values.pair,
        "resp_again": values.pair,
        "val_numform": values.numform,
        "val_static": values.pairs,
        "val_unicode": values.unicode_form,
        "content_type": values.one_of("form", "json"),
        "timeout": parse_time,
        "expire": parse_time,
        "profile": str,
    },
    "websmsd": {
        "key_to": values.key_name,
        "key_from": values.key_name,
        "key_body": values.key_name,
        "key_echo": str,
        "key_id": str,
        "remt_addr": values.networks,
        "prox_addr": values.proxies,
        "prox_header": values.header,
        "req_check": values.pair,
        "resp_ack": str,
        "url_path": values.served_paths,
        "verify": values.one_of(*_SCHEMES),
        "verify_user": str,
        "verify_secret": str,
        "verify_hash": values.one_of("md5hash", "md5", "sha1", "sha256", "sha512"),
        "public_url": values.public_url,
        "profile": str,
    },
    "astqueue": {
        "outgoingdir": str,
        "stagingdir": str,
        "waittime": values.whole(1, 3600),
        "maxretries": values.whole(0, 1_000_000),
        "retrytime": parse_time,
        "archive": values.flag,
        "channel_context": values.dialplan_name,
        "context": values.dialplan_name,
        "priority": values.whole(1, 10_000),
        "message_encode": values.one_of("rfc3986", "none", ""),
        "expire": parse_time,
    },
}
