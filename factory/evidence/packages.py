"""What the distribution's own files say of its packages: database and licences. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """A package of the distribution, as it is installed.

    Attributes:
        version: With epoch and revision.
        architecture: As dpkg names it, or `all`.
        source: Name of the source package.
        licences: Short names of all licences in it, sorted; empty where its copyright file is
            prose.
    """

    version: str
    architecture: str = ""
    source: str = ""
    licences: tuple[str, ...] = ()


def read_status(text: str) -> dict[str, Package]:
    """Read dpkg's database; return the installed packages by name.

    Source: dpkg(1), deb822(5).
    """
    packages = {}
    for stanza in text.split("\n\n"):
        wanted = r"^(Package|Version|Status|Architecture|Source): (.*)$"
        fields: dict[str, str] = dict(re.findall(wanted, stanza, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            name = fields["Package"]
            source = fields.get("Source", name).split(" ")[0]
            packages[name] = Package(fields["Version"], fields.get("Architecture", ""), source)
    return packages


def read_licences(text: str) -> tuple[str, ...]:
    """Read the short names of licences from a copyright file that programs can read.

    Source: Debian's machine-readable copyright format 1.0, field License.
    """
    if not text.startswith("Format:"):
        return ()
    lines = re.findall(r"^License:[ \t]*(\S.*?)[ \t]*$", text, re.MULTILINE)
    names = {name for line in lines for name in re.split(r",?\s+(?:and|or)\s+|,\s*", line)}
    return tuple(sorted(names - {""}))
