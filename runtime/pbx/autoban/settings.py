"""The settings in autoban.conf."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pbx.asterisk.ami_client import AmiLogin
from pbx.autoban.judgement.addresses import Span, parse_span
from pbx.autoban.judgement.rules import Rules
from pbx.core.ini import IniError, parse_ini_lines
from pbx.core.times import format_time, parse_time

NAME = "autoban.conf"
PORTS = (5060, 5061)
_ASTERISK_ASSIGNMENT = re.compile(r"^([^;#=\n]*)=>", re.MULTILINE)
"""`key => value`, as in Asterisk's own files."""

_OFF = ("no", "false", "off", "0", "n", "f")


@dataclass(frozen=True)
class BanSettings:
    """The settings in autoban.conf.

    Attributes:
        enabled: Whether AutoBan is on.
        login: For the manager interface.
        rules: Thresholds and times.
        whitelist: Addresses that are always accepted.
        blacklist: Addresses that are always dropped.
        problems: Lines for the log about invalid values.
        ports: SIP ports, besides those that Asterisk's events name.
    """

    enabled: bool = True
    login: AmiLogin = field(default_factory=lambda: AmiLogin("127.0.0.1", 5038, "", "", "security"))
    rules: Rules = field(default_factory=Rules)
    whitelist: tuple[Span, ...] = ()
    blacklist: tuple[Span, ...] = ()
    problems: tuple[str, ...] = ()
    ports: tuple[int, ...] = PORTS


def read_settings(text: str) -> BanSettings:
    """Read the file. Invalid values are reported, and their defaults used."""
    values: dict[str, Any] = {}
    problems = []
    for entry in parse_ini_lines(_ASTERISK_ASSIGNMENT.sub("\\1=", text), NAME):
        if isinstance(entry, IniError):
            problems.append(f"{entry}; left out")
            continue
        key, value, where = entry.key, entry.value, f"{NAME}, line {entry.line}"
        read = _READERS.get((entry.section, key))
        if read is None or (entry.index is not None and key not in _LISTS):
            problems.append(f"{where}: there is no setting '{key}' in [{entry.section}]; left out")
            continue
        try:
            if key in _LISTS:
                for word in value.replace(",", " ").split():
                    values.setdefault(key, []).append(read(word))
            else:
                values[key] = read(value)
        except ValueError as error:
            instead = _default(key)
            problems.append(f"{where}: {key} = {value}: {error}; {instead}")
    login = values.get("server"), values.get("port"), values.get("username"), values.get("secret")
    if values.get("enabled", True) and not all(login[2:]):
        problems.append(f"{NAME}: [asmanager] needs username and secret, as in manager.conf")
    rules = {key: value for key, value in values.items() if key in Rules.__annotations__}
    return BanSettings(
        values.get("enabled", True),
        AmiLogin(
            login[0] or "127.0.0.1", login[1] or 5038, login[2] or "", login[3] or "", "security"
        ),
        Rules(**rules),
        tuple(values.get("whitelist", ())),
        tuple(values.get("blacklist", ())),
        tuple(problems),
        tuple(values.get("ports", PORTS)),
    )


def _flag(value: str) -> bool:
    return value.lower() not in _OFF


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if value.isascii() and value.isdigit() and len(value) < 12:
            number = int(value)
            if lowest <= number <= highest:
                return number
        raise ValueError(f"give a number from {lowest} to {highest}")

    return read


def _factor(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = 0
    if not 1 <= number <= 1000:
        raise ValueError("give a number from 1 to 1000")
    return number


_LISTS = ("whitelist", "blacklist", "ports")
_READERS: dict[tuple[str, str], Callable[[str], Any]] = {
    ("asmanager", "server"): str,
    ("asmanager", "port"): _whole(1, 65535),
    ("asmanager", "username"): str,
    ("asmanager", "secret"): str,
    ("autoban", "enabled"): _flag,
    ("autoban", "maxcount"): _whole(0, 1_000_000),
    ("autoban", "watchtime"): parse_time,
    ("autoban", "jailtime"): parse_time,
    ("autoban", "repeatmult"): _factor,
    ("autoban", "maxjailtime"): parse_time,
    ("autoban", "ownercount"): _whole(0, 1_000_000),
    ("autoban", "ownertime"): parse_time,
    ("autoban", "maxchallenges"): _whole(0, 1_000_000),
    ("autoban", "slowrate"): _whole(0, 1000),
    ("autoban", "maxconnections"): _whole(0, 1_000_000),
    ("autoban", "connectrate"): _whole(0, 100_000),
    ("autoban", "ports"): _whole(1, 65535),
    ("autoban", "whitelist"): parse_span,
    ("autoban", "blacklist"): parse_span,
}


def _default(key: str) -> str:
    if key in _LISTS:
        return "the rest of the line is left out"
    value = {"port": 5038, **vars(Rules())}[key]
    shown = format_time(value) if _READERS.get(("autoban", key)) is parse_time else f"{value:g}"
    return f"taking {shown}"
