"""The database of apk, which lists installed packages. Pure.

Source: wiki.alpinelinux.org, "Apk spec": the fields of the installed database.
"""

from __future__ import annotations

PATHS = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
"""Where it is; the second where /lib is a link to /usr/lib."""


def read(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the version by name of each package, and the package by path of each file.

    Args:
        text: The database: fields of a letter, a colon and a value, a line each; P is a package's
            name, V its version, F a folder without the first slash, R a file in that folder.
    """
    packages: dict[str, str] = {}
    owners: dict[str, str] = {}
    name = folder = ""
    for line in text.splitlines():
        field, _, value = line.partition(":")
        if field == "P":
            name = value
        elif field == "V":
            packages[name] = value
        elif field == "F":
            folder = f"/{value}/" if value else "/"
        elif field == "R":
            owners[f"{folder}{value}"] = name
    return packages, owners
