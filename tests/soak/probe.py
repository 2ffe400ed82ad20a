"""Runs inside the PBX's container: prints how it is, as one line of JSON. Needs SYS_PTRACE,
without which nobody may look into the processes of others.

Standard library only; in the image's Python.
"""

import json
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SERVICES = Path("/etc/service")
PROC = Path("/proc")
SOCKETS = ("tcp", "tcp6", "udp", "udp6")
STATES = {"01": "established", "08": "close wait", "0A": "listen"}
SETS = ["nft", "-j", "list", "table", "inet", "autoban"]


def sockets() -> "dict[str, str]":
    """What each socket is, by its inode; of the family INET, the ends in hexadecimal."""
    found = {}
    for family in SOCKETS:
        for line in (PROC / "net" / family).read_text().splitlines()[1:]:
            _, here, there, state, *rest = line.split()
            found[rest[5]] = f"{family} {here} {there} {STATES.get(state, state)}"
    for line in (PROC / "net" / "unix").read_text().splitlines()[1:]:
        inode, *path = line.split(maxsplit=7)[6:]
        found[inode] = " ".join(["unix", *path])
    return found


def held(pid: str, known: "dict[str, str]") -> "list[str]":
    """What each descriptor of a process is."""
    found = []
    for descriptor in (PROC / pid / "fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:  # closed meanwhile
            continue
        inode = re.fullmatch(r"socket:\[(\d+)\]", target)
        numbered = re.sub(r":\[\d+\]$", "", target)
        found.append(known.get(inode[1], "a socket of no name") if inode else numbered)
    return sorted(found)


def process(pid: str, known: "dict[str, str]") -> "dict[str, Any] | None":
    """What a process holds; resident memory in KiB. None if there is no such process."""
    folder = PROC / pid
    try:
        status = (folder / "status").read_text()
        open_ones = held(pid, known)
        ticks = (folder / "stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return None
    threads = re.search(r"Threads:\s*(\d+)", status)
    resident = re.search(r"VmRSS:\s*(\d+)", status)
    if threads is None or resident is None:  # it has ended
        return None
    return {
        "pid": int(pid),
        "started": int(ticks) / os.sysconf("SC_CLK_TCK"),
        "memory": int(resident[1]),
        "descriptors": len(open_ones),
        "held": open_ones,
        "threads": int(threads[1]),
    }


def services() -> "dict[str, dict[str, Any]]":
    """The process of each service that has one."""
    found, known = {}, sockets()
    for folder in sorted(SERVICES.iterdir()):
        pid = (folder / "supervise" / "pid").read_text().strip()
        holds = process(pid, known) if pid else None
        if holds:
            found[folder.name] = holds
    return found


def states() -> "Iterator[tuple[int, str, str]]":
    """Gives id, name and state of each process."""
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            try:
                name, _, rest = (folder / "stat").read_text().partition(" (")[2].rpartition(") ")
            except (FileNotFoundError, ProcessLookupError):
                continue
            yield int(folder.name), name, rest.split()[0]


def files() -> "dict[str, int]":
    """All files below /srv with their sizes."""
    found = {}
    for folder, _, names in os.walk("/srv"):
        for name in names:
            path = Path(folder, name)
            try:
                found[str(path)] = path.lstat().st_size
            except FileNotFoundError:
                continue
    return found


def sets() -> "dict[str, int]":
    """How many members each of AutoBan's sets has in the kernel; nothing without its table."""
    done = subprocess.run(SETS, capture_output=True, check=False, text=True)
    if done.returncode:
        return {}
    entries = json.loads(done.stdout)["nftables"]
    return {x["set"]["name"]: len(x["set"].get("elem", [])) for x in entries if "set" in x}


def uptime() -> float:
    """Seconds since the machine started, as the times of processes are counted."""
    return float((PROC / "uptime").read_text().split()[0])


print(
    json.dumps(
        {
            "time": time.time(),
            "uptime": uptime(),
            "services": services(),
            "names": Counter(name for _, name, _ in states()),
            "zombies": [pid for pid, _, state in states() if state == "Z"],
            "files": files(),
            "sets": sets(),
        }
    )
)
