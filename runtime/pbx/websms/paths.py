"""Paths of the service, which the command uses, too."""

from pathlib import Path

FOLDER = Path("/run/websms")
SOCKET = FOLDER / "control"
DATABASE = Path("/var/spool/websms/websms.db")
