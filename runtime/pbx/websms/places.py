"""Where the service keeps things, and where the command finds it."""

from pathlib import Path

NAME = "websms.conf"
FOLDER = Path("/run/websms")
SOCKET = FOLDER / "control"
DATABASE = Path("/var/spool/websms/websms.db")
PROFILES = Path("/usr/share/websms/profiles")
