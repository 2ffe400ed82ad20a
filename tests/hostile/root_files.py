"""The files of a container as the engine exports them: no program in the container is asked."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

ASTERISK = 200
OF_ASTERISK = ("run/asterisk", "run/autoban", "run/websms", "run/lock")
"""What user asterisk may own below /run."""
_LARGEST = 1 << 27  # bytes of a file that is searched for secrets; the image has none like that


@dataclass(frozen=True)
class RootFile:
    """What is kept of one file.

    Attributes:
        mode: Kind and permissions, such as `file 0644`.
        owner: User and group, such as `0:0`.
        contents: Digest of a file, target of a link, number of a device.
        attributes: Extended attributes, such as capabilities of the file.
    """

    mode: str
    owner: str
    contents: str = ""
    attributes: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.mode}, owner {self.owner}"


@dataclass
class RootFiles:
    """All files of a container.

    Attributes:
        outside: Those outside of /srv, /run and /tmp, by absolute path.
        secrets: Paths below /run and /tmp of files in which a secret was found.
        owned: Paths below /run that user asterisk owns and should not.
        names: All paths below /tmp.
    """

    outside: dict[str, RootFile] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    owned: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


def read_root_files(tar: tarfile.TarFile, secrets: Iterable[bytes] = ()) -> RootFiles:
    """Reads an exported container from front to back.

    Args:
        tar: The container's root, names without a leading slash.
        secrets: What must not be found below /run and /tmp.
    """
    found = RootFiles()
    for member in tar:
        name = member.name.removeprefix("./").rstrip("/")
        top = name.partition("/")[0]
        file = tar.extractfile(member) if member.isfile() and member.size <= _LARGEST else None
        data = file.read() if file else b""
        if top in ("run", "tmp"):
            if any(secret in data for secret in secrets):
                found.secrets.append(f"/{name}")
            if top == "run" and member.uid == ASTERISK and not name.startswith(OF_ASTERISK):
                found.owned.append(f"/{name}")
            if top == "tmp":
                found.names.add(f"/{name}")
        elif top not in ("srv", "proc", "sys", "dev"):
            found.outside[f"/{name}"] = _entry(member, data)
    return found


def changes(before: Mapping[str, RootFile], after: Mapping[str, RootFile]) -> dict[str, str]:
    """Returns what differs, by path: what became of the file, in words."""
    words = {}
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        if old is None:
            words[path] = f"appeared ({new})"
        elif new is None:
            words[path] = "is gone"
        elif (old.mode, old.owner) != (new.mode, new.owner):
            words[path] = f"was {old} and is {new}"
        else:
            words[path] = "has other contents"
    return words


def _entry(member: tarfile.TarInfo, data: bytes) -> RootFile:
    if member.isfile() or member.islnk():
        kind = "file"
        contents = member.linkname if member.islnk() else hashlib.sha256(data).hexdigest()
    elif member.issym():
        kind, contents = "link", member.linkname
    elif member.isdir():
        kind, contents = "folder", ""
    else:
        kind, contents = "special file", f"{member.type!r} {member.devmajor}:{member.devminor}"
    attributes = sorted(
        (key, value) for key, value in member.pax_headers.items() if key.startswith("SCHILY.xattr.")
    )
    owner = f"{member.uid}:{member.gid}"
    return RootFile(f"{kind} {member.mode:04o}", owner, contents, tuple(attributes))
