"""Where things are, from the variables of the image."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_ACME_FILE = "/acme/acme.json"
MOVED = Path("/run/certificates.mounted/asterisk")
"""Where the start moves a pair that is mounted where Asterisk looks (lib/certificates.sh)."""


@dataclass(frozen=True)
class TlsPaths:
    """Paths.

    Attributes:
        acme: Traefik's file.
        own: A certificate of the user's that was mounted, or that TLS_CERT_FILE names; None if
            there is none.
        own_key: The key that belongs to it.
        kept: Folder for what is in Traefik's file.
        used: Folder of what Asterisk uses.
        run: Folder of what Asterisk and we need while the container lives.
    """

    acme: Path
    own: Path | None
    own_key: Path | None
    kept: Path
    used: Path
    run: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "TlsPaths":
        """Read the variables; empty ones count as not given."""
        own, own_key = environment.get("TLS_CERT_FILE"), environment.get("TLS_KEY_FILE")
        return cls(
            Path(environment.get("ACME_FILE") or DEFAULT_ACME_FILE),
            Path(own) if own else None,
            Path(own_key) if own_key else None,
            Path(environment["DOCKER_ACME_SSL_DIR"]),
            Path(environment["DOCKER_AST_SSL_DIR"]),
            Path(environment["DOCKER_RUN_DIR"]) / "asterisk",
        )

    def own_names(self) -> tuple[str, str]:
        """Return the paths by which the user knows the own certificate and its key."""
        return self._name(self.own), self._name(self.own_key)

    def _name(self, path: Path | None) -> str:
        if path is None:
            return "(none)"
        return str(self.used / path.name if path.parent == MOVED else path)
