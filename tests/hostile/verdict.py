"""Which promise is broken, and by which path: what a test says when it fails. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tests.hostile.plants import RAN, Kind, Plant
from tests.hostile.root_files import ASTERISK

UNCHANGED = "no file outside of /srv and /run changes"
EXECUTED = "root executes nothing that user asterisk wrote"
LEAKED = "user asterisk cannot read what is root's"
WORKS = "the container works, or says in one line which path is wrong"
IN_TIME = "no start, stop, health check or command waits for what is planted"


def changed(words: Mapping[str, str], plants: Sequence[Plant]) -> list[str]:
    """Returns a line on the files outside that are not as they were; see root_files.changes."""
    by = list(dict.fromkeys(plant for path in words for plant in blame(path, plants)))
    what = _several([f"{path} {word}" for path, word in words.items()])
    return [_broken(UNCHANGED, what, by)] if words else []


def silent(state: str, log: Sequence[str], plants: Sequence[Plant]) -> list[str]:
    """Returns the line on a container that does not work, and does not say why.

    Args:
        state: `ended`, or what else it is.
        log: Its last lines.
        plants: What was planted.
    """
    return [_broken(WORKS, f"{state}, and the log ends with {list(log)}", plants)]


def executed(names: Iterable[str], plants: Sequence[Plant]) -> list[str]:
    """Returns a line for each other user that ran a planted script, given what lies in /tmp."""
    users = sorted(name.removeprefix(RAN) for name in names if name.startswith(RAN))
    scripts = [plant for plant in plants if plant.kind is Kind.SCRIPT] or plants
    return [
        _broken(EXECUTED, f"user {user} ran a planted script", scripts)
        for user in users
        if user != str(ASTERISK)
    ]


def leaked(paths: Sequence[str], plants: Sequence[Plant]) -> list[str]:
    """Returns a line on the files of user asterisk in which a secret of root's was found."""
    return [_broken(LEAKED, f"a secret is in {_several(paths)}", plants)] if paths else []


def hung(what: Iterable[str], plants: Sequence[Plant]) -> list[str]:
    """Returns a line for each program that did not end."""
    return [_broken(IN_TIME, f"`{program}` did not end", plants) for program in what]


def says_which(text: str, plants: Sequence[Plant]) -> bool:
    """Tells whether a line of a log names a planted path."""
    names = {name for plant in plants for name in plant.names() if len(name) > 3}
    return any(name in line for line in text.splitlines() for name in names)


def blame(path: str, plants: Sequence[Plant]) -> Sequence[Plant]:
    """Returns the links that lead to a path, or lie there; all plants if none does."""
    suspects = [
        plant
        for plant in plants
        if plant.path == path or (plant.target and _leads(plant.target, path))
    ]
    return suspects or plants


def _leads(target: str, path: str) -> bool:
    target = target.removeprefix("/proc/1/root")
    return path == target or path.startswith(target.rstrip("/") + "/")


def _broken(promise: str, what: str, by: Sequence[Plant]) -> str:
    planted = f"; planted: {_several([str(plant) for plant in by])}" if by else ""
    return f"broken: {promise}: {what}{planted}"


def _several(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - 5} more" if len(texts) > 5 else ""
    return "; ".join(texts[:5]) + more
