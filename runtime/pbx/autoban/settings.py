"""The file autoban.conf."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pbx.asterisk.ami_client import Login
from pbx.autoban.judgement.addresses import Span, parse_span
from pbx.autoban.judgement.rules import Rules
from pbx.core.times import format_time, parse_time

NAME = "autoban.conf"
PORTS = (5060, 5061)
_OFF = ("no", "false", "off", "0", "n", "f")


@dataclass(frozen=True)
class Settings:
    """What autoban.conf says.

    Attributes:
        enabled: Whether to do anything.
        login: For the manager interface.
        rules: Of the game.
        whitelist: Addresses that are always accepted.
        blacklist: Addresses that are always dropped.
        complaints: Lines for the log about what was not understood.
        ports: Where SIP is spoken; beside those that Asterisk's events name.
    """

    enabled: bool = True
    login: Login = field(default_factory=lambda: Login("127.0.0.1", 5038, "", "", "security"))
    rules: Rules = field(default_factory=Rules)
    whitelist: tuple[Span, ...] = ()
    blacklist: tuple[Span, ...] = ()
    complaints: tuple[str, ...] = ()
    ports: tuple[int, ...] = PORTS


def read_settings(text: str) -> Settings:
    """Read the file. Invalid values are reported, and their defaults used."""
    values: dict[str, Any] = {}
    complaints = []
    for number, section, key, value in _lines(text):
        where = f"{NAME}, line {number}"
        read = _READERS.get((section, key))
        if read is None:
            complaints.append(f"{where}: there is no setting '{key}' in [{section}]; left out")
            continue
        try:
            if key in _LISTS:
                for word in value.replace(",", " ").split():
                    values.setdefault(key, []).append(read(word))
            else:
                values[key] = read(value)
        except ValueError as error:
            instead = _default(key)
            complaints.append(f"{where}: {key} = {value}: {error}; {instead}")
    login = values.get("server"), values.get("port"), values.get("username"), values.get("secret")
    if values.get("enabled", True) and not all(login[2:]):
        complaints.append(f"{NAME}: [asmanager] needs username and secret, as in manager.conf")
    rules = {key: value for key, value in values.items() if key in Rules.__annotations__}
    return Settings(
        values.get("enabled", True),
        Login(
            login[0] or "127.0.0.1", login[1] or 5038, login[2] or "", login[3] or "", "security"
        ),
        Rules(**rules),
        tuple(values.get("whitelist", ())),
        tuple(values.get("blacklist", ())),
        tuple(complaints),
        tuple(values.get("ports", PORTS)),
    )


def _lines(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield number, section, key and value of each line that has any."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            section = bare[1:].partition("]")[0].strip().lower()
        elif bare and bare[0] not in ";#":
            key, _, value = bare.partition("=")
            yield number, section, key.strip().lower(), _unquote(value.removeprefix(">").strip())


def _unquote(value: str) -> str:
    if value[:1] in ("'", '"') and (end := value.find(value[0], 1)) > 0:
        return value[1:end]
    words = value.split(" ;", 1)[0].split("\t;", 1)[0]  # a comment behind it
    return words.strip() if not value.startswith(";") else ""


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
