"""Where things are, from the variables of the image."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_ACME_FILE = "/acme/acme.json"


@dataclass(frozen=True)
class Places:
    """Paths.

    Attributes:
        acme: Traefik's file.
        kept: Folder for all that is in it.
        used: Folder of what Asterisk uses.
        run: Folder of what Asterisk and we need while the container lives.
    """

    acme: Path
    kept: Path
    used: Path
    run: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Places":
        """Reads the variables; an empty ACME_FILE counts as not given."""
        return cls(
            Path(environment.get("ACME_FILE") or DEFAULT_ACME_FILE),
            Path(environment["DOCKER_ACME_SSL_DIR"]),
            Path(environment["DOCKER_AST_SSL_DIR"]),
            Path(environment["DOCKER_RUN_DIR"]) / "asterisk",
        )
