"""The part of dpkg's database that is true for an image."""

import re
from collections.abc import Collection, Mapping

from rootfs.packages import DATABASE, Package, info_file
from rootfs.tree import Tree


def reduced_database(
    tree: Tree, packages: Mapping[str, Package], kept: Collection[str], present: Collection[str]
) -> dict[str, str]:
    """Return the database files by path: the kept packages, and of their files those present.

    `present` holds the canonical paths of all files and directories in the image. With it `dpkg -l`
    names what is there, and `dpkg -V` misses nothing that was left out on purpose.
    """
    chosen = [packages[name] for name in sorted(kept)]
    stanzas = [_present_conffiles(tree, package.stanza, present) for package in chosen]
    texts = {
        f"{DATABASE}/status": "".join(f"{stanza}\n\n" for stanza in stanzas),
        f"{DATABASE}/info/format": "1\n",
    }
    for package in chosen:
        texts |= _package_files(tree, package, present)
    return texts


def _package_files(tree: Tree, package: Package, present: Collection[str]) -> dict[str, str]:
    texts = {}
    for kind, path_of in (("list", _whole), ("md5sums", _after_sum), ("conffiles", _last_word)):
        source = info_file(tree, package, kind)
        if source is None:
            continue
        lines = [
            line
            for line in source.read_text(encoding="utf-8").splitlines()
            if line == "/." or (line and tree.canonical(path_of(line)) in present)
        ]
        if lines:
            texts[f"{DATABASE}/info/{source.name}"] = "\n".join(lines) + "\n"
    return texts


def _present_conffiles(tree: Tree, stanza: str, present: Collection[str]) -> str:
    """Return the stanza without the configuration files that are not there."""
    field = re.search(r"^Conffiles:((?:\n .*)+)\n?", stanza, re.MULTILINE)
    if field is None:
        return stanza
    lines = field[1].strip("\n").split("\n")
    left = [line for line in lines if tree.canonical(line.split()[0]) in present]
    text = "".join(f"{line}\n" for line in ["Conffiles:", *left]) if left else ""
    return (stanza[: field.start()] + text + stanza[field.end() :]).rstrip("\n")


def _whole(line: str) -> str:
    return line


def _after_sum(line: str) -> str:
    return "/" + line.split(maxsplit=1)[1]


def _last_word(line: str) -> str:
    return line.rsplit(maxsplit=1)[-1]
