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

SERVICES = Path("/etc/service")
PROC = Path("/proc")
SETS = ["nft", "-j", "list", "table", "inet", "autoban"]


def process(pid: str) -> "dict[str, float] | None":
    """What a process holds; resident memory in KiB. None if there is no such process."""
    folder = PROC / pid
    try:
        status = (folder / "status").read_text()
        descriptors = len(list((folder / "fd").iterdir()))
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
        "descriptors": descriptors,
        "threads": int(threads[1]),
    }


def services() -> "dict[str, dict[str, float]]":
    """The process of each service that has one."""
    found = {}
    for folder in sorted(SERVICES.iterdir()):
        pid = (folder / "supervise" / "pid").read_text().strip()
        holds = process(pid) if pid else None
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
