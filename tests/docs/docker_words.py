"""Moves a command for docker to where tests may be: other names, other ports, a network of theirs.

The command does the same as in the document, on containers, volumes and networks that belong to
the test. What is not known here is refused rather than let through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

ELLIPSIS = "…"
_FLAGS = {"-d", "-i", "--rm", "--read-only", "--init", "--detach", "--interactive"}
_TERMINAL = {"-t", "--tty"}
_WITH_VALUE = {
    "-e": "--env",
    "-h": "--hostname",
    "-p": "--publish",
    "-u": "--user",
    "-v": "--volume",
    "-w": "--workdir",
}
_VALUES = {
    *_WITH_VALUE.values(),
    *("--name", "--network", "--cap-add", "--cap-drop", "--tmpfs", "--restart", "--add-host"),
    *("--label", "--entrypoint", "--ulimit", "--memory", "--security-opt", "--dns"),
}
_RANGE = 2
"""So many of a range of ports are published: each one costs two processes."""


class UnknownWordError(Exception):
    """The command has something that is not known here."""


@dataclass(frozen=True)
class World:
    """Where the commands of a document act.

    Attributes:
        prefix: Goes before the names of containers, volumes and networks.
        images: What is tested, by the names that documents have for it.
        network: The network for containers for which none is named.
        subnet: For the network that a document makes.
        labels: For all that is made.
        folders: What stands for folders of the host, by their names in documents.
        options: More options for each container.
    """

    prefix: str
    images: Mapping[str, str]
    network: str
    subnet: str
    labels: Mapping[str, str]
    folders: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[str] = ()


def moved(words: Sequence[str], world: World) -> list[str]:
    """Returns the arguments for docker that do in a world what those of a document say.

    Raises:
        UnknownWordError: they have something that is not known here.
    """
    command, *rest = [word for word in words if word != ELLIPSIS]
    commands: dict[str, Callable[[list[str], World], list[str]]] = {
        "run": _run,
        "exec": _exec,
        "cp": _copy,
        "network": _network,
        **dict.fromkeys(("logs", "port", "restart", "rm", "start", "stats", "stop"), _named),
    }
    if command not in commands:
        raise UnknownWordError(f"docker {command}")
    return [command, *commands[command](rest, world)]


def container_made(words: Sequence[str]) -> str:
    """Returns the name that `docker run` gives to a container in the background, '' if none."""
    if words[0] != "run":
        return ""
    options, _ = _options(list(words[1:]))
    names = [value for name, value in options if name == "--name"]
    return names[0] if names and ("-d", "") in options else ""


def _run(words: list[str], world: World) -> list[str]:
    options, (image, *command) = _options(words)
    if image not in world.images:
        raise UnknownWordError(f"image {image}")
    moved = [word for name, value in options for word in _option(name, value, world)]
    if "--network" not in dict(options):
        moved += ["--network", world.network]
    for name, value in world.labels.items():
        moved += ["--label", f"{name}={value}"]
    return [*moved, *world.options, world.images[image], *command]


def _option(name: str, value: str, world: World) -> list[str]:
    if name in _FLAGS:
        return [name]
    if name == "--name":
        value = world.prefix + value
    elif name == "--network":
        if value == "host":
            raise UnknownWordError("--network host: it would take ports of this machine")
        value = world.prefix + value
    elif name == "--publish":
        value = _published(value)
    elif name == "--volume":
        return ["--mount", _mounted(value, world)]
    return [name, value]


def _published(ports: str) -> str:
    """Leaves the choice of a port to the engine, since others may have that of the document."""
    _outside, _, inside = ports.rpartition(":")
    number, slash, protocol = inside.partition("/")
    return f"127.0.0.1::{_shortened(number)}{slash}{protocol}"


def _shortened(ports: str) -> str:
    first, dash, last = ports.partition("-")
    return f"{first}-{min(int(last), int(first) + _RANGE - 1)}" if dash else ports


def _mounted(volume: str, world: World) -> str:
    source, target, *mode = volume.split(":")
    readonly = ",readonly" if mode == ["ro"] else ""
    if "/" in source:
        if source not in world.folders:
            raise UnknownWordError(f"folder {source} of the host")
        return f"type=bind,source={world.folders[source]},target={target}{readonly}"
    labels = "".join(f",volume-label={k}={v}" for k, v in world.labels.items())
    return f"type=volume,source={world.prefix}{source},target={target}{readonly}{labels}"


def _exec(words: list[str], world: World) -> list[str]:
    options, (name, *command) = _options(words)
    return [*_flat(options), world.prefix + name, *command]


def _copy(words: list[str], world: World) -> list[str]:
    return [world.prefix + word if ":" in word else word for word in words]


def _named(words: list[str], world: World) -> list[str]:
    return [word if word.startswith("-") else world.prefix + word for word in words]


def _network(words: list[str], world: World) -> list[str]:
    if len(words) != 2 or words[0] != "create":
        raise UnknownWordError(f"docker network {' '.join(words)}")
    labels = [part for k, v in world.labels.items() for part in ("--label", f"{k}={v}")]
    return ["create", "--subnet", world.subnet, *labels, world.prefix + words[1]]


def _options(words: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Splits words into options, by their long names, and the rest. There is no terminal here."""
    options: list[tuple[str, str]] = []
    rest = list(words)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name in _VALUES or name in _WITH_VALUE:
            options.append((_WITH_VALUE.get(name, name), value if equals else rest.pop(0)))
        elif word in _FLAGS:
            options.append((word, ""))
        elif not word.startswith("--") and len(word) > 2:
            rest[:0] = [f"-{letter}" for letter in word[1:]]
        elif word not in _TERMINAL:
            raise UnknownWordError(f"option {word}")
    return options, rest


def _flat(options: list[tuple[str, str]]) -> list[str]:
    return [word for name, value in options for word in ([name, value] if value else [name])]
