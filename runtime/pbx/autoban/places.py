"""Paths of the service and the command."""

import os
from pathlib import Path

FOLDER = Path("/run/autoban")
SOCKET = FOLDER / "control"
METRICS = FOLDER / "autoban.prom"
CONFIGURATION = Path(os.environ.get("DOCKER_CONF_DIR", "/etc/asterisk"))
HEALTH = FOLDER / "health"
