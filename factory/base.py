"""The distribution's base image: pulled where a registry answers, else bootstrapped.

Either way it is kept in the engine under a name that holds a digest of all that it was made
from, so that the same inputs are never made twice.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from factory.catalog import Distribution
from factory.engine import Engine, OnLine
from factory.errors import BaseError
from factory.snapshot import sources_line

REPOSITORY = "asterisk-image-base"


def ensure_base(
    engine: Engine,
    distribution: Distribution,
    stages: Path,
    *,
    mirror: str,
    fixed: bool = False,
    renew: bool,
    on_line: OnLine,
) -> str:
    """Returns the name of a base image in the engine, made now if it was not there.

    Args:
        engine: Where it is kept.
        distribution: Which suite, and what to pull.
        stages: Folder with apt.conf and dpkg.cfg.
        mirror: URL of a Debian archive; empty for that of this machine.
        fixed: The mirror is a snapshot. A registry has only the base of today, so it is made here.
        renew: Make it again even if it is there.
        on_line: Called with each line of progress.

    Raises:
        BaseError: neither a registry nor the archive gave one.
    """
    apt_conf = _settings(stages / "apt.conf", comment="//")
    dpkg_cfg = _settings(stages / "dpkg.cfg", comment="#")
    recipe = [distribution.suite, distribution.pull, mirror, apt_conf, dpkg_cfg]
    tag = f"{distribution.suite}-{hashlib.sha256(repr(recipe).encode()).hexdigest()[:12]}"
    name = f"{REPOSITORY}:{tag}"
    if not renew and engine.find_image(name):
        return name
    if not fixed:
        reference = distribution.base
        on_line(f"pulling {reference}")
        if pulled := engine.pull(reference):
            engine.tag(pulled, REPOSITORY, tag)
            return name
        on_line(f"no registry gives {reference}")
        if not distribution.bootstrap:
            raise BaseError(
                f"no registry gives {reference}, and there is no way to make it here",
                "make the registry reachable, or load that image into the engine's own",
            )
    on_line(f"bootstrapping {distribution.suite} from its archive")
    source = sources_line(mirror, distribution.suite, fixed=True) if fixed else mirror
    with tempfile.TemporaryDirectory(prefix="base-") as folder:
        tree = Path(folder) / "base.tar"
        bootstrap(distribution.suite, tree, source or machine_mirror(), apt_conf, dpkg_cfg, on_line)
        with tree.open("rb") as file:
            engine.load_tree(file, REPOSITORY, tag)
    return name


def bootstrap(
    suite: str,
    tree: Path,
    mirror: str,
    apt_conf: Sequence[str],
    dpkg_cfg: Sequence[str],
    on_line: OnLine,
) -> None:
    """Writes a minimal Debian as a tar archive, with mmdebstrap.

    Args:
        suite: Codename, e.g. `forky`.
        tree: The archive to write.
        mirror: URL of the archive or a line of sources.list; empty for what mmdebstrap knows.
        apt_conf: Settings for apt, a line each.
        dpkg_cfg: Options for dpkg, a line each.
        on_line: Called with each line that mmdebstrap prints.

    Raises:
        BaseError: mmdebstrap is missing or failed.
    """
    program = shutil.which("mmdebstrap")
    if program is None:
        raise BaseError(
            "no registry answers, and mmdebstrap, which makes a base without one, is missing",
            "install mmdebstrap (apt-get install mmdebstrap), or make the registry reachable",
        )
    command = [program, "--variant=minbase", "--format=tar"]
    command += [f"--aptopt={line}" for line in apt_conf]
    command += [f"--dpkgopt={line}" for line in dpkg_cfg]
    command += [suite, str(tree), *([mirror] if mirror else [])]
    lines = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            on_line(lines[-1])
    if process.returncode:
        reasons = [line for line in lines if line.startswith("E:")] or lines[-1:]
        raise BaseError(
            f"bootstrapping {suite} failed: {'; '.join(reasons)}",
            "check that the mirror is reachable and has this suite (--mirror names another)",
        )


def machine_mirror() -> str:
    """Returns the URL of the Debian archive that this machine installs from, or ''."""
    try:
        listing = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(LABEL)"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    for line in listing.splitlines():
        uri, _, source = line.partition(" ")
        if source == "Debian Debian":
            return uri
    return ""


def _settings(file: Path, comment: str) -> list[str]:
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith(comment)]
