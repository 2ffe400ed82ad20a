"""The distribution's base image: pulled if a registry answers, else bootstrapped.

Its tag in the engine contains a digest of its inputs, so the same inputs are never made twice.
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
from factory.build.renewal import KnownBase, mark_renewed, read_base
from factory.errors import BaseError, EngineError
from factory.plan.foreign_platform import ForeignPlatform
from factory.plan.models import Distribution
from factory.plan.snapshot import Snapshot, sources_line

REPOSITORY = "asterisk-image-base"
EMULATION_HINT = (
    "on Debian `make arm64` sets that up as root; elsewhere install QEMU's user emulation and "
    "register it with binfmt_misc, with the flag F"
)


@dataclass(frozen=True)
class BaseRecipe:
    """The inputs of a base image.

    Attributes:
        distribution: Which suite, and what to pull.
        stages: Folder with apt.conf and dpkg.cfg.
        mirror: URL of a Debian archive; empty for that of this machine.
        snapshot: Instead of a mirror. Registries have only today's base, so it is bootstrapped.
        foreign: Its platform, if it is not the engine's own.
    """

    distribution: Distribution
    stages: Path
    mirror: str = ""
    snapshot: Snapshot | None = None
    foreign: ForeignPlatform | None = None

    @property
    def archive(self) -> str:
        """URL of the Debian archive; empty for that of this machine."""
        return self.snapshot.url if self.snapshot else self.mirror

    @property
    def moment(self) -> datetime.datetime | None:
        """The latest modification time of a file; None for now."""
        return self.snapshot.moment if self.snapshot else None

    def tag(self) -> str:
        """Return the tag, which contains a digest of the inputs."""
        apt, dpkg = self._apt_conf(), self._dpkg_cfg()
        suite = self.distribution.suite
        parts = [suite, self.distribution.pull, self.archive, apt, dpkg]
        tag = f"{suite}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:12]}"
        return f"{self.foreign.name}-{tag}" if self.foreign else tag

    def settings(self) -> list[str]:
        """Return the options of mmdebstrap."""
        found = [f"--aptopt={line}" for line in self._apt_conf()]
        found += [f"--dpkgopt={line}" for line in self._dpkg_cfg()]
        return [*found, f"--architectures={self.foreign.name}"] if self.foreign else found

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
        BaseError: neither a registry nor the archive has one.
    """
    tag = wanted.tag()
    name = f"{REPOSITORY}:{tag}"
    if not renew and engine.find_image(name):
        return name
    _make(engine, wanted, name, on_line)
    today = datetime.datetime.now(datetime.UTC).date()
    mark_renewed(engine, name, REPOSITORY, tag, today)
    return name


def known_base(engine: Engine, wanted: BaseRecipe) -> KnownBase | None:
    """Return what is known of the base image in the engine; None if it has none."""
    name = f"{REPOSITORY}:{wanted.tag()}"
    return base_data(engine, wanted, name) if engine.find_image(name) else None


def base_data(engine: Engine, wanted: BaseRecipe, name: str) -> KnownBase:
    """Return what is known of a base image.

    Raises:
        EngineError: the engine does not have it.
    """
    return read_base(engine.image(name), REPOSITORY, wanted.tag(), wanted.distribution)


def _make(engine: Engine, wanted: BaseRecipe, name: str, on_line: OnLine) -> None:
    """Pull or bootstrap a base, and give it its name."""
    if wanted.snapshot is None:
        reference = wanted.distribution.base
        on_line(f"pulling {reference}")
        if pulled := _pull(engine, reference, wanted.foreign):
            engine.tag(pulled, REPOSITORY, wanted.tag())
            return
        on_line(f"no registry has {reference}")
        if not wanted.distribution.bootstrap:
            raise BaseError(
                f"no registry has {reference}, and it cannot be bootstrapped here",
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
            engine.load_tree(file, _label(name, engine, wanted.foreign, wanted.moment))


def ensure_nothing(engine: Engine, foreign: ForeignPlatform) -> str:
    """Return the name of an empty image for a platform, made now if it was not there.

    Images built on it inherit its platform. On `scratch`, old engines set their own.
    """
    name = f"{REPOSITORY}:{foreign.name}-nothing"
    if not engine.find_image(name):
        engine.load_tree(None, _label(name, engine, foreign))
    return name


def check_emulation(engine: Engine, base: str, foreign: ForeignPlatform) -> None:
    """Check that the engine can run programs of a base image for a foreign platform.

    Raises:
        EngineError: it cannot; the hint says what to do.
    """
    if not runs_programs_of(engine, base):
        raise EngineError(
            f"the engine's machine cannot run programs of {foreign.platform}", EMULATION_HINT
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
        mirror: URL of the archive or a line of sources.list; empty for mmdebstrap's default.
        settings: More options of mmdebstrap.
        on_line: Called with each line that mmdebstrap prints.
        moment: The latest modification time of a file; None for now.

    Raises:
        BaseError: mmdebstrap is missing or failed.
    """
    program = shutil.which("mmdebstrap")
    if program is None:
        raise BaseError(
            "no registry answers, and mmdebstrap, which could bootstrap a base, is missing",
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
    """Return the archive for mmdebstrap; empty for its default."""
    if wanted.snapshot:
        return sources_line(wanted.archive, wanted.distribution.suite, fixed=True)
    return wanted.archive or machine_mirror()


def _pull(engine: Engine, reference: str, foreign: ForeignPlatform | None) -> str | None:
    """Pull an image for a platform; return None if no registry has it for that platform."""
    if foreign is None:
        return engine.pull(reference)
    pulled = engine.pull(reference, foreign.platform)
    if pulled and engine.image(pulled).architecture == foreign.architecture:
        return pulled
    return None


def _label(
    name: str,
    engine: Engine,
    foreign: ForeignPlatform | None,
    moment: datetime.datetime | None = None,
) -> Label:
    architecture = foreign.architecture if foreign else engine.architecture
    return Label(name, architecture, moment or datetime.datetime.now(datetime.UTC))


def _settings(file: Path, comment: str) -> list[str]:
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith(comment)]
