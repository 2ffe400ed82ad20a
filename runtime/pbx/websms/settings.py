"""The file websms.conf: what it says, made of indexed keys, plain keys, profiles and defaults."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, TypeVar

from pbx.core.times import parse_time
from pbx.websms import values
from pbx.websms.ini import NAME, Entry, SettingsError, parse_ini
from pbx.websms.values import Network, Pair

__all__ = ["NAME", "Settings", "SettingsError", "read_settings"]

Profiles = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Values by name of a profile, section and key."""


@dataclass(frozen=True)
class SendSettings:
    """How an interface sends; section [websms].

    Attributes:
        url_host: Scheme and host.
        url_path: What follows it; {auth_user} in it stands for that.
        auth_method: none, plain, basic, bearer or zadarma.
        auth_user: Or key.
        auth_secret: Or password, or token.
        key_user: Field with auth_user, of plain.
        key_secret: Field with auth_secret, of plain.
        key_to: Field with the recipient.
        key_from: Field with the sender.
        key_body: Field with the text.
        resp_check: Field and value that the reply must have; None: any will do.
        resp_again: Field and value of a reply after which one may try again; None: there is none.
        val_numform: E164: numbers without the leading +; E123: with it; "": as they are.
        val_static: Fields and values of every request.
        val_unicode: UCS-2: characters above U+FFFF are replaced; `key=value`: a field for texts
            that have characters beyond the phones' basic set; "": neither.
        content_type: form or json.
        timeout: Seconds for the reply.
        expire: Seconds after which a text that could not be sent is given up.
        profile: Of the provider; "": none.
    """

    url_host: str = "http://localhost"
    url_path: str = "/"
    auth_method: str = "basic"
    auth_user: str = ""
    auth_secret: str = field(default="", repr=False)
    key_user: str = ""
    key_secret: str = ""
    key_to: str = "To"
    key_from: str = "From"
    key_body: str = "Body"
    resp_check: Pair | None = None
    resp_again: Pair | None = None
    val_numform: str = ""
    val_static: tuple[Pair, ...] = ()
    val_unicode: str = ""
    content_type: str = "form"
    timeout: int = 30
    expire: int = 3600
    profile: str = ""


@dataclass(frozen=True)
class ReceiveSettings:
    """How an interface receives; section [websmsd].

    Attributes:
        key_to: Field with the recipient. Like those that follow it may be a path into JSON, such
            as `data.payload.to.0.phone_number`.
        key_from: Field with the sender.
        key_body: Field with the text.
        key_echo: A request with this field gets its value back; "": none does.
        key_id: Field with the provider's number of the message; "": there is none.
        remt_addr: Who may post; empty: anybody.
        req_check: Field and value of requests that bring messages. Others, such as reports of
            what became of sent ones, are taken and forgotten. None: all bring messages.
        resp_ack: Text of the reply to a message that was taken.
        url_path: Paths that are served; empty: all.
        verify: How requests are signed: none, basic, zadarma, twilio, telnyx, vonage, 46elks.
        verify_user: Of basic and 46elks.
        verify_secret: Password, token, secret or public key.
        verify_hash: Of vonage: md5hash, or a HMAC's.
        public_url: What is before the path in the address that the provider posts to, of twilio.
        profile: Of the provider; "": none.
    """

    key_to: str = "To"
    key_from: str = "From"
    key_body: str = "Body"
    key_echo: str = ""
    key_id: str = ""
    remt_addr: tuple[Network, ...] = ()
    req_check: Pair | None = None
    resp_ack: str = ""
    url_path: tuple[str, ...] = ()
    verify: str = "none"
    verify_user: str = ""
    verify_secret: str = field(default="", repr=False)
    verify_hash: str = "md5hash"
    public_url: str = ""
    profile: str = ""


@dataclass(frozen=True)
class Interface:
    """A connection to a provider.

    Attributes:
        name: The index that its keys have; "" if they have none.
        send: How it sends; None if it does not.
        receive: How it receives; None if it does not.
    """

    name: str
    send: SendSettings | None
    receive: ReceiveSettings | None


@dataclass(frozen=True)
class ProxySettings:
    """Whose word is taken for where a request comes from.

    Attributes:
        prox_addr: The proxies.
        prox_header: The header that names the address, in small letters.
    """

    prox_addr: tuple[Network, ...] = values.networks("172.16.0.0/12,192.168.0.0/16")
    prox_header: str = "x-forwarded-for"


@dataclass(frozen=True)
class QueueSettings:
    """How messages get to phones; section [astqueue].

    Attributes:
        outgoingdir: Not used: there are no call files.
        stagingdir: Not used, either.
        waittime: Seconds that a phone may take to answer whether it is there.
        maxretries: Not used: `expire` says when to give up.
        retrytime: Seconds between attempts, if nothing has changed meanwhile.
        archive: Whether texts are kept once they are delivered, as long as their ids.
        channel_context: Where the dialplan answers if a phone is there.
        context: Where it takes the message.
        priority: At which priority.
        message_encode: rfc3986: the dialplan finds the text percent-encoded.
        expire: Seconds after which a message is given up.
    """

    outgoingdir: str = "/var/spool/asterisk/outgoing"
    stagingdir: str = "/var/spool/asterisk/staging"
    waittime: int = 45
    maxretries: int = 0
    retrytime: int = 300
    archive: bool = False
    channel_context: str = "default"
    context: str = "default"
    priority: int = 1
    message_encode: str = "rfc3986"
    expire: int = 7 * 86400


@dataclass(frozen=True)
class Settings:
    """All that websms.conf says.

    Attributes:
        interfaces: In the order in which the file first names them. A section without an index
            makes one, whose name is "".
        queue: For messages that came in.
        proxies: Whom to believe.
    """

    interfaces: tuple[Interface, ...]
    queue: QueueSettings = QueueSettings()
    proxies: ProxySettings = ProxySettings()


def read_settings(text: str, profiles: Profiles) -> Settings:
    """Reads the file.

    Args:
        text: Of the file.
        profiles: All that there are.

    Raises:
        SettingsError: something in it is wrong.
    """
    said: dict[str, list[Entry]] = {section: [] for section in _READERS}
    for entry in parse_ini(text):
        if entry.section not in said:
            known = ", ".join(f"[{section}]" for section in _READERS)
            raise SettingsError(
                entry.line, entry.key, f"there is no section [{entry.section}], but {known}"
            )
        _check_key(entry)
        said[entry.section].append(entry)
    proxies = [x for x in said["websmsd"] if x.key in _PROXY_KEYS]
    receive = [x for x in said["websmsd"] if x.key not in _PROXY_KEYS]
    senders = _interfaces(SendSettings, "websms", said["websms"], profiles, _check_send)
    receivers = _interfaces(ReceiveSettings, "websmsd", receive, profiles, _check_receive)
    return Settings(
        tuple(
            Interface(name, senders.get(name), receivers.get(name))
            for name in dict.fromkeys((*senders, *receivers))
        ),
        QueueSettings(**_read_all("astqueue", said["astqueue"])),
        ProxySettings(**_read_all("websmsd", proxies)),
    )


def _check_key(entry: Entry) -> None:
    readers = _READERS[entry.section]
    if entry.key not in readers:
        likely = get_close_matches(entry.key, readers, 1)
        hint = f"; is it {likely[0]}?" if likely else ""
        raise SettingsError(
            entry.line, entry.key, f"there is no such key in [{entry.section}]{hint}"
        )
    if entry.index is not None and (entry.section == "astqueue" or entry.key in _PROXY_KEYS):
        raise SettingsError(entry.line, entry.key, "it is the same for all: it takes no index")


_Kind = TypeVar("_Kind", SendSettings, ReceiveSettings)


def _interfaces(
    kind: type[_Kind],
    section: str,
    entries: list[Entry],
    profiles: Profiles,
    check: Callable[[_Kind], tuple[str, str] | None],
) -> dict[str, _Kind]:
    """Returns the interfaces of a section by name."""
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
            raise SettingsError(where.line if where else 0, key, f"[{section}]{about} {reason}")
        found[name] = settings
    return found


def _profile(section: str, entry: Entry | None, profiles: Profiles) -> dict[str, Any]:
    if entry is None or not entry.value:
        return {}
    if entry.value not in profiles:
        known = ", ".join(sorted(profiles)) or "nothing else, either"
        raise SettingsError(entry.line, "profile", f"there is no '{entry.value}', but {known}")
    read = {}
    for key, value in profiles[entry.value].get(section, {}).items():
        reader = _READERS[section].get(key)
        if reader is None or key in (*_PROXY_KEYS, "profile"):
            raise SettingsError(entry.line, "profile", f"{entry.value}: no key {key} is taken")
        read[key] = _read(reader, value, entry.line, f"profile: {entry.value}: {key}")
    return read


def _read_all(section: str, entries: Iterable[Entry]) -> dict[str, Any]:
    return {x.key: _read(_READERS[section][x.key], x.value, x.line, x.key) for x in entries}


def _read(reader: Callable[[str], Any], value: str, line: int, key: str) -> Any:
    try:
        return reader(value)
    except ValueError as error:
        raise SettingsError(line, key, str(error)) from error


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
        "prox_addr": values.networks,
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
