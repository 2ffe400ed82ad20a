"""Who may do what in a running container: what SECURITY.md says, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from factory.waiting import wait_for
from tests.pbx import Pbx
from tests.rights_table import (
    LIST,
    Process,
    by_service,
    capabilities_of,
    differences,
    read_processes,
    read_rights,
    unlisted,
)

from .conftest import Start

pytestmark = pytest.mark.image("full", only=True)

EVERYBODY = ("/tmp", "/var/tmp", "/run/lock", "/dev", "/proc")
"""Where everybody may write; /proc and /dev are the engine's."""


READER = "certificates: pbx.tls.reader"


def processes(pbx: Pbx) -> dict[str, list[Process]]:
    """The processes of each service; not those of this question, which the engine started."""
    known = read_processes(pbx.run(LIST))
    inside = {1}
    for _ in known:
        inside |= {process.pid for process in known if process.parent in inside}
    status = pbx.run("sv status /etc/service/*")
    services = {
        int(pid): name
        for name, pid in re.findall(r"^run: /etc/service/(\S+): \(pid (\d+)\)", status, re.M)
    }
    return by_service([process for process in known if process.pid in inside], services, [READER])


@pytest.mark.parametrize("net_admin", [False, True], ids=["usual", "net_admin"])
@pytest.mark.parametrize("acme", [False, True], ids=["alone", "acme"])
def test_rights_are_those_of_the_manual(
    start: Start, root: Path, tmp_path: Path, *, net_admin: bool, acme: bool
) -> None:
    options: dict[str, Any] = {"cap_add": ["NET_ADMIN"]} if net_admin else {}
    if acme:
        (tmp_path / "acme.json").write_text("{}")
        options["volumes"] = [f"{tmp_path}:/acme:ro"]
    pbx = start(**options)
    table = read_rights((root / "SECURITY.md").read_text())
    users = {row.user: int(pbx.run(f"id -u {row.user}")) for row in table}
    fields = pbx.run("grep CapEff /proc/1/status")
    container = capabilities_of(fields.split()[1])
    # A service that has just begun is still root's for a moment.
    wait_for(
        lambda: differences(table, processes(pbx), users, container),
        lambda lines: not lines,
        seconds=20,
        otherwise="the rights differ from the table in SECURITY.md",
    )
    assert (READER in processes(pbx)) == acme, "the right to read any file is for acme.json alone"


def test_users_write_where_the_manual_says(pbx: Pbx, root: Path) -> None:
    table = read_rights((root / "SECURITY.md").read_text())
    for user in {row.user for row in table} - {"root"}:
        places = [place for row in table if row.user == user for place in row.places]
        found = pbx.run("find / -writable ! -type l 2> /dev/null || true", user=user)
        paths = [path for path in found.splitlines() if not path.startswith(("/proc/", "/dev/"))]
        assert unlisted(paths, [*places, *EVERYBODY]) == [], user


def test_no_service_holds_a_file_that_its_user_cannot_open(pbx: Pbx) -> None:
    """A descriptor that root has opened is a right, too."""
    known = processes(pbx)
    mine = [process for name, group in known.items() if name != "supervisors" for process in group]
    assert mine
    for process in mine:
        targets = pbx.run(f"readlink /proc/{process.pid}/fd/* || true").splitlines()
        files = {target for target in targets if target.startswith("/")}
        for file in files - {"/dev/null"}:
            tried = pbx.run(f"[ -r '{file}' ] || [ -w '{file}' ] || echo no", user=str(200))
            assert tried == "", f"{process.name} holds {file}"
