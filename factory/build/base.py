"""The distribution's base image: pulled where a registry answers, else bootstrapped.

Either way it is kept in the engine under a name that holds a digest of all that it was made
from, so that the same inputs are never made twice.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from factory.build.containers import runs_programs_of
from factory.build.engine import Engine, OnLine
from factory.build.image_archive import Label
from factory.errors import BaseError, EngineError
from factory.plan.machine import Machine
from factory.plan.models import Distribution
from factory.plan.snapshot import Snapshot, sources_line

REPOSITORY = "asterisk-image-base"
EMULATION_HINT = (
    "on Debian `make arm64` sets that up as root; elsewhere install QEMU's user emulation and "
    "register it with binfmt_misc, with the flag F"
)


@dataclass(frozen=True)
class BaseRecipe:
    """What a base is made of.

    Attributes:
        distribution: Which suite, and what to pull.
        stages: Folder with apt.conf and dpkg.cfg.
        mirror: URL of a Debian archive; empty for that of this machine.
        snapshot: Instead of a mirror. A registry has only the base of today, so it is made here.
        machine: For which it is; None for the engine's own kind.
    """

    distribution: Distribution
    stages: Path
    mirror: str = ""
    snapshot: Snapshot | None = None
    machine: Machine | None = None

    @property
    def archive(self) -> str:
        """URL of the Debian archive; empty for that of this machine."""
        return self.snapshot.url if self.snapshot else self.mirror

    @property
    def moment(self) -> datetime.datetime | None:
        """The latest time that a file may show; None for that of now."""
        return self.snapshot.moment if self.snapshot else None

    def tag(self) -> str:
        """Return the tag that holds a digest of all this."""
        apt, dpkg = self._apt_conf(), self._dpkg_cfg()
        suite = self.distribution.suite
        parts = [suite, self.distribution.pull, self.archive, apt, dpkg]
        tag = f"{suite}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:12]}"
        return f"{self.machine.name}-{tag}" if self.machine else tag

    def settings(self) -> list[str]:
        """Return the options of mmdebstrap."""
        found = [f"--aptopt={line}" for line in self._apt_conf()]
        found += [f"--dpkgopt={line}" for line in self._dpkg_cfg()]
        return [*found, f"--architectures={self.machine.name}"] if self.machine else found

    def _apt_conf(self) -> list[str]:
        return _settings(self.stages / "apt.conf", comment="//")

    def _dpkg_cfg(self) -> list[str]:
        return _settings(self.stages / "dpkg.cfg", comment="#")


def ensure_base(engine: Engine, wanted: BaseRecipe, on_line: OnLine, *, renew: bool = False) -> str:
    """Return the name of a base image in the engine, made now if it was not there.

    Args:
        engine: Where it is kept.
        wanted: What it is made of.
        on_line: Called with each line of progress.
        renew: Make it again even if it is there.

    Raises:
        BaseError: neither a registry nor the archive gave one.
    """
    tag = wanted.tag()
    name = f"{REPOSITORY}:{tag}"
    if not renew and engine.find_image(name):
        return name
    if wanted.snapshot is None:
        reference = wanted.distribution.base
        on_line(f"pulling {reference}")
        if pulled := _pull(engine, reference, wanted.machine):
            engine.tag(pulled, REPOSITORY, tag)
            return name
        on_line(f"no registry gives {reference}")
        if not wanted.distribution.bootstrap:
            raise BaseError(
                f"no registry gives {reference}, and there is no way to make it here",
                "make the registry reachable, or load that image into the engine's own",
            )
    on_line(f"bootstrapping {wanted.distribution.suite} from its archive")
    with tempfile.TemporaryDirectory(prefix="base-") as folder:
        tree = Path(folder) / "base.tar"
        bootstrap(
            wanted.distribution.suite,
            tree,
            _source(wanted),
            wanted.settings(),
            on_line,
            wanted.moment,
        )
        with tree.open("rb") as file:
            engine.load_tree(file, _label(name, engine, wanted.machine, wanted.moment))
    return name


def ensure_nothing(engine: Engine, machine: Machine) -> str:
    """Return the name of an image without files that is marked as of a machine, made if need be.

    What stands on it inherits the mark; on `scratch` engines of old put their own.
    """
    name = f"{REPOSITORY}:{machine.name}-nothing"
    if not engine.find_image(name):
        engine.load_tree(None, _label(name, engine, machine))
    return name


def check_emulation(engine: Engine, base: str, machine: Machine) -> None:
    """Do nothing if the engine can run what a base of another kind of machine holds.

    Raises:
        EngineError: it cannot; says what to do.
    """
    if not runs_programs_of(engine, base):
        raise EngineError(
            f"the engine's machine cannot run programs of {machine.platform}", EMULATION_HINT
        )


def bootstrap(
    suite: str,
    tree: Path,
    mirror: str,
    settings: Sequence[str],
    on_line: OnLine,
    moment: datetime.datetime | None = None,
) -> None:
    """Write a minimal Debian as a tar archive, with mmdebstrap.

    Args:
        suite: Codename, e.g. `forky`.
        tree: The archive to write.
        mirror: URL of the archive or a line of sources.list; empty for what mmdebstrap knows.
        settings: More options of mmdebstrap.
        on_line: Called with each line that mmdebstrap prints.
        moment: The latest time that a file may show; None for that of now.

    Raises:
        BaseError: mmdebstrap is missing or failed.
    """
    program = shutil.which("mmdebstrap")
    if program is None:
        raise BaseError(
            "no registry answers, and mmdebstrap, which makes a base without one, is missing",
            "install mmdebstrap (apt-get install mmdebstrap), or make the registry reachable",
        )
    command = [program, "--variant=minbase", "--format=tar", *settings]
    command += [suite, str(tree), *([mirror] if mirror else [])]
    epoch = {"SOURCE_DATE_EPOCH": str(int(moment.timestamp()))} if moment else {}
    lines = []
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | epoch,
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            on_line(lines[-1])
    if process.returncode:
        reasons = [line for line in lines if line.startswith("E:")] or lines[-1:]
        raise BaseError(
            f"bootstrapping {suite} failed: {'; '.join(reasons)}",
            EMULATION_HINT
            if any(re.search(r"qemu|arch-test", line) for line in reasons)
            else "check that the mirror is reachable and has this suite (--mirror names another)",
        )


def machine_mirror() -> str:
    """Return the URL of the Debian archive that this machine installs from, or ''."""
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


def _source(wanted: BaseRecipe) -> str:
    """Return the archive as mmdebstrap takes it; empty for what that knows."""
    if wanted.snapshot:
        return sources_line(wanted.archive, wanted.distribution.suite, fixed=True)
    return wanted.archive or machine_mirror()


def _pull(engine: Engine, reference: str, machine: Machine | None) -> str | None:
    """Pull an image for a machine; None where no registry gives it for that one."""
    if machine is None:
        return engine.pull(reference)
    pulled = engine.pull(reference, machine.platform)
    if pulled and engine.image(pulled).architecture == machine.architecture:
        return pulled
    return None


def _label(
    name: str, engine: Engine, machine: Machine | None, moment: datetime.datetime | None = None
) -> Label:
    architecture = machine.architecture if machine else engine.architecture
    return Label(name, architecture, moment or datetime.datetime.now(datetime.UTC))


def _settings(file: Path, comment: str) -> list[str]:
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith(comment)]
