"""Where the service and the command meet."""

from pathlib import Path

FOLDER = Path("/run/autoban")
SOCKET = FOLDER / "control"
METRICS = FOLDER / "autoban.prom"
