"""Tables of the manuals that say who may do what, and rights as the kernel shows them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

NAMES = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
]  # a list of 41 lines says no more
"""By bit, as in linux/capability.h."""

LIST = """
for process in /proc/[0-9]*; do
    cat $process/status || continue
    printf 'Command:\\t%s\\n' "$(tr '\\0' ' ' < $process/cmdline)"
done 2> /dev/null
"""
"""Script for POSIX sh that prints what read_processes reads."""

OF_CONTAINER = "the container's"


@dataclass(frozen=True)
class Process:
    """A process as /proc shows it.

    Attributes:
        pid: Its number.
        parent: That of its parent.
        name: Its program's name, of at most 15 characters.
        command: Its command line.
        uids: All user numbers that it has: real, effective, saved, of the file system.
        capabilities: Those in effect, permitted or ambient.
        no_new_privs: Whether it and its children can gain no right.
    """

    pid: int
    parent: int
    name: str
    command: str
    uids: frozenset[int]
    capabilities: frozenset[str]
    no_new_privs: bool


@dataclass(frozen=True)
class Rights:
    """A row of the table of services.

    Attributes:
        service: Its name; `supervisors` for what starts and watches services. `NAME: WORD` for
            those of its processes that have the word in their command line; they need not be there.
        user: Its user's name.
        capabilities: What it has beyond its user's rights; None if all that the container has.
        no_new_privs: As in Process.
        places: Folders below which it may write.
    """

    service: str
    user: str
    capabilities: frozenset[str] | None
    no_new_privs: bool
    places: tuple[str, ...]


def read_table(text: str, *columns: str) -> list[list[str]]:
    """Returns the rows of the table in a Markdown document that has these columns.

    Raises:
        ValueError: there is none, or a row has another number of cells.
    """
    lines = iter(text.splitlines())
    for line in lines:
        if _cells(line) == list(columns):
            break
    else:
        raise ValueError(f"there is no table | {' | '.join(columns)} |")
    next(lines, "")
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        row = _cells(line)
        if len(row) != len(columns):
            raise ValueError(f"{line}: not {len(columns)} cells")
        rows.append(row)
    return rows


def read_rights(text: str) -> list[Rights]:
    """Returns the table of services in a document."""
    columns = ("service", "user", "capabilities", "no_new_privs", "writes below")
    return [
        Rights(
            service, user, _capabilities(held), flag == "yes", tuple(re.findall("`(.+?)`", where))
        )
        for service, user, held, flag, where in read_table(text, *columns)
    ]


def read_processes(text: str) -> list[Process]:
    """Returns processes, as LIST prints them."""
    found = []
    for part in re.split(r"^(?=Name:\t)", text, flags=re.MULTILINE)[1:]:
        fields = dict(line.split(":\t", 1) for line in part.splitlines() if ":\t" in line)
        held = [fields[f"Cap{kind}"] for kind in ("Eff", "Prm", "Amb")]
        found.append(
            Process(
                int(fields["Pid"]),
                int(fields["PPid"]),
                fields["Name"],
                fields.get("Command", "").strip(),
                frozenset(map(int, fields["Uid"].split())),
                frozenset().union(*map(capabilities_of, held)),
                fields["NoNewPrivs"] == "1",
            )
        )
    return found


def capabilities_of(mask: str) -> frozenset[str]:
    """Returns the names of the capabilities in a mask of hexadecimal digits."""
    bits = int(mask, 16)
    return frozenset(
        NAMES[bit] if bit < len(NAMES) else str(bit) for bit in range(64) if bits >> bit & 1
    )


def by_service(
    processes: Sequence[Process], services: Mapping[int, str], parts: Iterable[str] = ()
) -> dict[str, list[Process]]:
    """Returns the processes of each service, and as `supervisors` those that belong to none.

    Args:
        processes: All of a container.
        services: Names of the services by the number of the process that runsv started.
        parts: Names of rows such as `NAME: WORD`.
    """
    parents = {process.pid: process.parent for process in processes}
    found: dict[str, list[Process]] = {}
    for process in processes:
        pid = process.pid
        while pid in parents and pid not in services:
            pid = parents[pid]
        name = services.get(pid, "supervisors")
        for part in parts:
            service, _, word = part.partition(": ")
            if service == name and word in process.command.split():
                name = part
        found.setdefault(name, []).append(process)
    return found


def differences(
    table: Sequence[Rights],
    found: Mapping[str, Sequence[Process]],
    users: Mapping[str, int],
    container: frozenset[str],
) -> list[str]:
    """Returns a line for each thing in which a container differs from the table.

    Args:
        table: The rows.
        found: The processes of each service.
        users: Numbers of the users by name.
        container: The capabilities that the container has.
    """
    rows = {row.service: row for row in table}
    lines = [f"{name}: not in the table" for name in sorted(found.keys() - rows.keys())]
    lines += [
        f"{name}: does not run" for name in sorted(rows.keys() - found.keys()) if ": " not in name
    ]
    for name in sorted(found.keys() & rows.keys()):
        row = rows[name]
        wanted = container if row.capabilities is None else row.capabilities & container
        for process in found[name]:
            who = f"{name}: {process.name} ({process.pid})"
            if process.uids != {users[row.user]}:
                lines.append(f"{who} has the users {sorted(process.uids)}, not {row.user}")
            if process.capabilities != wanted:
                has = ", ".join(sorted(process.capabilities)) or "none"
                lines.append(f"{who} has {has}, not {', '.join(sorted(wanted)) or 'none'}")
            if process.no_new_privs != row.no_new_privs:
                lines.append(f"{who}: no_new_privs is {process.no_new_privs}")
    return lines


def unlisted(paths: Sequence[str], places: Sequence[str]) -> list[str]:
    """Returns those paths that are neither one of the places nor below one."""
    return [
        path
        for path in paths
        if not any((path + "/").startswith(place.rstrip("/") + "/") for place in places)
    ]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")] if "|" in line else []


def _capabilities(text: str) -> frozenset[str] | None:
    if text == OF_CONTAINER:
        return None
    return frozenset() if text == "none" else frozenset(text.replace("`", "").split(", "))
