"""The files with the evidence of an image: build/IMAGE/."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from factory.evidence.measure import Evidence
from factory.evidence.packages import Package
from factory.proof.gate import Passed


class Folder:
    """The folder with an image's evidence."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Evidence | None:
        """Return the evidence of the last build; None if it cannot be read."""
        try:
            data: dict[str, Any] = json.loads((self.path / "manifest.json").read_text())
            data["proof"] = tuple(Passed(**check) for check in data["proof"])
            data["packages"] = {
                name: Package(**fields | {"licences": tuple(fields["licences"])})
                for name, fields in data["packages"].items()
            }
            data["layers"], data["tags"] = tuple(data["layers"]), tuple(data["tags"])
            return Evidence(**data)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def write(self, known: Evidence, dockerfile: str, files: Mapping[str, str]) -> None:
        """Write manifest.json, the Dockerfile, a list of packages, and more files by name."""
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "Dockerfile").write_text(dockerfile)
        lines = (f"{name} {p.version}\n" for name, p in sorted(known.packages.items()))
        (self.path / "packages.txt").write_text("".join(lines))
        for name, text in files.items():
            (self.path / name).write_text(text)
        partial = self.path / "manifest.json.partial"
        partial.write_text(json.dumps(asdict(known), indent=1) + "\n")
        partial.rename(self.path / "manifest.json")
