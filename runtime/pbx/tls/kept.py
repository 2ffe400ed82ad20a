"""The folder with what ACME_FILE has for this host, for other programs of the user's.

What was written here is listed in a file beside it, with digests: only that is ever removed. A file
that the user put there, or changed, stays.
"""

import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pbx.asterisk.files import read_regular
from pbx.core.durable import replace
from pbx.tls.pair import PairError, read_pair
from pbx.tls.pair_files import contents

LIST = ".from-acme.json"
CERTIFICATES, KEYS = "certs", "private"


@dataclass(frozen=True)
class Kept:
    """What was written.

    Attributes:
        files: Digests of the files that were written here, by their path below the folder.
        used: Digests of the certificate that was put into use last; '' if none was.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    used: str = ""


def load(folder: Path) -> Kept:
    """Return what was written; where nothing is listed, what an earlier version wrote."""
    try:
        text = read_regular(folder / LIST).decode()
    except FileNotFoundError:
        return Kept(_from_earlier(folder))
    except UnicodeError:
        return Kept()
    try:
        return Kept(**json.loads(text))
    except (ValueError, TypeError):
        return Kept()


def save(folder: Path, kept: Kept) -> None:
    """List what was written."""
    text = json.dumps({"files": dict(kept.files), "used": kept.used}, indent=1, sort_keys=True)
    replace(folder / LIST, text.encode())


def superfluous(kept: Kept, needed: Mapping[str, bytes], present: Mapping[str, bytes]) -> set[str]:
    """Return which files to remove: those that were written here, and are not needed any more.

    Args:
        kept: What was written.
        needed: What is to be there, by path.
        present: What is there.
    """
    return {
        name
        for name, written in kept.files.items()
        if name not in needed and name in present and checksum(present[name]) == written
    }


def update(folder: Path, kept: Kept, needed: Mapping[str, bytes]) -> Kept:
    """Have exactly what is needed in the folder, besides files of the user's.

    Returns:
        What is listed from now on.
    """
    present = {name: data for name in kept.files if (data := contents(folder / name))}
    doomed = superfluous(kept, needed, present)
    files = {name: checksum(data) for name, data in needed.items()}
    new = Kept(files, kept.used)
    if new != kept:
        # What is written is listed before, what is removed is listed until it is gone.
        save(folder, Kept({**{n: kept.files[n] for n in doomed}, **files}, kept.used))
    for name in sorted(doomed):
        (folder / name).unlink(missing_ok=True)
    if needed:
        (folder / CERTIFICATES).mkdir(mode=0o750, exist_ok=True)
        (folder / KEYS).mkdir(mode=0o700, exist_ok=True)
    for name, data in needed.items():
        if contents(folder / name) != data:
            replace(folder / name, data, 0o600 if name.startswith(KEYS) else 0o640)
    if doomed:
        save(folder, new)
    return new


def names(domain: str) -> tuple[str, str]:
    """Return the paths of a domain's certificate and key below the folder."""
    return f"{CERTIFICATES}/{domain}.crt", f"{KEYS}/{domain}.key"


def domains(kept: Kept) -> set[str]:
    """Return the domains that files were written for."""
    return {Path(name).name.removesuffix(".crt") for name in kept.files if name.endswith(".crt")}


def checksum(data: bytes) -> str:
    """Return what tells contents from others."""
    return hashlib.sha256(data).hexdigest()


def _from_earlier(folder: Path) -> dict[str, str]:
    """Find what a version without a list wrote: a pair that fits, with exactly its modes."""
    found: dict[str, str] = {}
    for path in (folder / CERTIFICATES).glob("*.crt"):
        certificate, key = names(path.name.removesuffix(".crt"))
        try:
            modes = [stat.S_IMODE((folder / name).lstat().st_mode) for name in (certificate, key)]
            data = [read_regular(folder / name) for name in (certificate, key)]
            pair = read_pair(*data)
        except (OSError, PairError):
            continue
        if modes == [0o640, 0o600] and path.name.removesuffix(".crt") in pair.names:
            found |= {certificate: checksum(data[0]), key: checksum(data[1])}
    return found
