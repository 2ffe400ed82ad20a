"""Which package may import which: the plan of docs/architecture.md, held against the code.

Read with `ast`, which takes fewer lines than the configuration of an import linter, and sees the
programs without a suffix, too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LEAVES = ("factory.errors", "factory.waiting", "factory.console")
PLAN = (*LEAVES, "factory.plan")
BUILD = (*PLAN, "factory.build")
PROOF = (*BUILD, "factory.proof", "fixtures.softphone")
EVIDENCE = (*BUILD, "factory.proof", "factory.evidence")
SMS_SETTINGS = ("pbx.core", "pbx.websms.configuration")
SMS_INBOX = (*SMS_SETTINGS, "pbx.websms.incoming.inbox", "pbx.websms.incoming.checks")
JUDGEMENT = ("pbx.core", "pbx.asterisk.ami", "pbx.autoban.judgement")
KERNEL = (*JUDGEMENT, "pbx.autoban.kernel")
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "factory": (),
    "factory.plan": PLAN,
    "factory.build": BUILD,
    "factory.proof": PROOF,
    "factory.evidence": EVIDENCE,
    "factory.release": (*BUILD, "factory.evidence", "factory.release"),
    "factory.pipeline": (*EVIDENCE, "factory.release", "factory.pipeline"),
    "factory.request": BUILD,
    "factory.printing": (*BUILD, "factory.release", "factory.request"),
    "factory.command_line": ("factory.printing",),
    "build": ("factory",),
    "fixtures": (*BUILD, "fixtures"),
    "fixtures.softphone": ("fixtures.softphone",),
    "rootfs": ("rootfs",),
    "pbx.core": ("pbx.core",),
    "pbx.asterisk": ("pbx.core", "pbx.asterisk"),
    "pbx.websms.configuration": SMS_SETTINGS,
    "pbx.websms.incoming": (*SMS_SETTINGS, "pbx.websms.incoming"),
    "pbx.websms.outgoing": (*SMS_INBOX, "pbx.websms.incoming.signatures", "pbx.websms.outgoing"),
    "pbx.websms.asterisk": (*SMS_INBOX, "pbx.asterisk", "pbx.websms.asterisk"),
    "pbx.autoban.judgement": JUDGEMENT,
    "pbx.autoban.kernel": KERNEL,
    "pbx.autoban.manager": (*KERNEL, "pbx.asterisk", "pbx.autoban.manager"),
    "pbx.autoban.control": (*KERNEL, "pbx.autoban.control"),
    # Any other component: itself, core and asterisk.
}
OURS = ("factory", "fixtures", "tests", "bench", "build", "rootfs", "pbx")


def sources(root: Path) -> Iterator[tuple[str, Path]]:
    """Gives each source with its module's name; programs get that of their folder."""
    for folder, top in (("factory", root), ("fixtures", root), ("pbx", root / "runtime")):
        yield from ((module(path, top), path) for path in sorted((top / folder).rglob("*")))
    for path in sorted((root / "stages" / "rootfs").rglob("*.py")):
        yield module(path, root / "stages"), path
    yield "build", root / "build.py"


def module(path: Path, top: Path) -> str:
    parts = path.relative_to(top).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_python(path: Path) -> bool:
    if not path.is_file() or path.is_symlink():
        return False
    with path.open("rb") as file:
        first = file.readline(80)
    return path.suffix == ".py" or (first.startswith(b"#!") and b"python" in first)


def imports(name: str, path: Path) -> Iterator[str]:
    """Gives the modules of the project that a source imports, wherever in it."""
    parts = [*name.split("."), *(["__init__"] if path.name == "__init__.py" else [])]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom):
            above = parts[: len(parts) - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (other for other in names if other.split(".")[0] in OURS)


def allowed(name: str) -> tuple[str, ...]:
    """Returns what a module may import, by the longest name that the table has of it."""
    parts = name.split(".")
    for size in range(len(parts), 0, -1):
        if (found := MAY_IMPORT.get(".".join(parts[:size]))) is not None:
            return found
    return (*MAY_IMPORT["pbx.asterisk"], ".".join(parts[:2]))


def violations(name: str, imported: Iterator[str]) -> list[str]:
    doors = allowed(name)
    return [
        f"{name} imports {other}"
        for other in imported
        if other != "pbx"  # which holds nothing; supervision looks there for components
        and not any(other == door or other.startswith(f"{door}.") for door in doors)
    ]


def test_doors_are_kept(root: Path) -> None:
    found = [
        line
        for name, path in sources(root)
        if is_python(path)
        for line in violations(name, imports(name, path))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("name", "imported"),
    [
        ("factory.plan.tags", "factory.build.engine"),
        ("factory.build.base", "factory.proof.gate"),
        ("factory.errors", "factory.console"),
        ("pbx.core.rights", "pbx.asterisk.console"),
        ("pbx.autoban.judgement.guard", "pbx.autoban.kernel.firewall"),
        ("pbx.autoban.kernel.firewall", "pbx.autoban.control.sets"),
        ("pbx.websms.configuration.reader", "pbx.websms.incoming.checks"),
        ("pbx.websms.incoming.web", "pbx.websms.outgoing.outbox"),
        ("pbx.websms.asterisk.delivery", "pbx.websms.gateway"),
        ("fixtures.softphone.phone", "factory.waiting"),
        ("rootfs.elf", "factory.errors"),
    ],
)
def test_doors_are_closed_the_other_way(name: str, imported: str) -> None:
    assert violations(name, iter([imported]))
