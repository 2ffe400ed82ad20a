"""Executes workflows with act, on this machine itself, with stand-ins for the actions."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

ACTIONS = Path(__file__).parent / "actions"
RUNNER = "ubuntu-24.04"
SECONDS = 1800
"""After this it hangs."""
needs_jq = pytest.mark.skipif(
    shutil.which("jq") is None, reason="jq is not installed, which GitHub's machines have"
)
NO_TERMINAL = {"TERM": "dumb", "NO_COLOR": "1", "TTY_COMPATIBLE": "0"}
"""act gives jobs a terminal, which GitHub does not: for mypy, for pytest, and for rich."""
GATED = pytest.mark.xdist_group("workflows")
"""For tests that build and prove an image: one after the other, as each needs the machine."""
_USES = re.compile(r"uses: (actions/([\w-]+)@[0-9a-f]{40})")


@dataclass(frozen=True)
class Act:
    """act, and where it works.

    Attributes:
        checkout: The repository whose workflows are executed.
        folder: Of its own: workspaces of jobs, artifacts, attestations, HOME.
        log: File that gets all that is printed.
    """

    checkout: Path
    folder: Path
    log: Path

    @property
    def artifacts(self) -> Path:
        """The folder with a folder for each artifact that was uploaded."""
        return self.folder / "artifacts"

    @property
    def attestations(self) -> list[str]:
        """What would have been signed: `KIND REPOSITORY@DIGEST`."""
        return (self.folder / "attestations").read_text().splitlines()

    def run(
        self,
        event: str,
        workflow: str,
        job: str,
        *,
        matrix: Mapping[str, str] | None = None,
        payload: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        actor: str = "tests",
        token: str = "no token",  # noqa: S107 - none
    ) -> str:
        """Execute a job of a workflow, after those that it needs; return all that was printed.

        Args:
            event: Name of GitHub's event.
            workflow: Name of the workflow's file, without its suffix.
            job: Name of the job.
            matrix: Of a job's matrix, only the entries with these values.
            payload: Of the event.
            environment: Takes the place of what the workflow sets.
            actor: Who started it.
            token: GITHUB_TOKEN.
        """
        self.artifacts.mkdir(parents=True)
        home = self.folder / "home"
        home.mkdir()
        file = self.folder / "event.json"
        file.write_text(json.dumps(payload or {}))
        given = {**self._stand_ins(), **(environment or {})}
        command = [
            str(Path(sys.executable).with_name("act")),
            *(event, "--workflows", f".github/workflows/{workflow}.yml", "--job", job),
            *("--eventpath", str(file), "--platform", f"{RUNNER}=-self-hosted"),
            *("--no-skip-checkout", "--no-cache-server", "--pull=false", "--actor", actor),
            *("--action-cache-path", str(self.folder / "cache"), "--secret", "GITHUB_TOKEN"),
            *(word for pair in given.items() for word in ("--env", "=".join(pair))),
            *(word for pair in (matrix or {}).items() for word in ("--matrix", ":".join(pair))),
            *(word for uses in self._actions() for word in ("--local-repository", uses)),
        ]
        variables = {**os.environ, "HOME": str(home), "GITHUB_TOKEN": token}
        variables.pop("XDG_CACHE_HOME", None)
        with (
            self.log.open("w") as log,
            subprocess.Popen(
                command,
                cwd=self.checkout,
                env=variables,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            log.write(f"$ {shlex.join(command)}\n")
            log.flush()
            try:
                status = process.wait(SECONDS)
            except BaseException:  # such as Ctrl-C
                self._interrupt_jobs()
                process.wait(60)
                raise
            finally:
                process.kill()
        said = self.log.read_text(errors="replace")
        assert status == 0, said[-4000:]
        return said

    def _interrupt_jobs(self) -> None:
        """Have Python's programs in jobs remove what they made; then act ends.

        act kills only a step's shell, and by that the program loses its terminal: it would die of
        SIGHUP and leave containers behind.
        """
        for folder in Path("/proc").glob("[0-9]*/cwd"):
            with suppress(OSError):  # it has ended, or is not ours
                here = folder.resolve().is_relative_to(self.folder.resolve())
                if here and (folder.parent / "comm").read_text().startswith("python"):
                    os.kill(int(folder.parent.name), signal.SIGTERM)

    def _actions(self) -> list[str]:
        """Return each action of the workflows as act wants it: what it is used by, and where."""
        files = sorted((self.checkout / ".github/workflows").glob("*.yml"))
        found = {match for file in files for match in _USES.findall(file.read_text())}
        return [f"{uses}={ACTIONS / name}" for uses, name in sorted(found)]

    def _stand_ins(self) -> dict[str, str]:
        pip = self.folder / "pip"
        script = Path(__file__).with_name("link_packages.py")
        pip.write_text(f'#!/bin/sh\nexec {sys.executable} {script} "$0" "$@"\n')
        pip.chmod(0o755)
        return {
            **NO_TERMINAL,
            "STAND_IN_CHECKOUT": str(self.checkout),
            "STAND_IN_PYTHON": sys.executable,
            "STAND_IN_PIP": str(pip),
            "STAND_IN_ARTIFACTS": str(self.artifacts),
            "STAND_IN_ATTESTATIONS": str(self.folder / "attestations"),
        }


def lines_of(said: str, job: str, beginning: str) -> list[str]:
    """Return the lines with a beginning that the steps of a job printed.

    Args:
        said: All that act printed.
        job: Names of workflow and job: `Proof/Plan`.
        beginning: Of the lines.
    """
    start = rf"^\[{re.escape(job)}\s*\] +\| "
    return re.findall(rf"{start}({re.escape(beginning)}.*)$", said, re.MULTILINE)


def has_buildx() -> bool:
    """Return whether docker has its plugin buildx."""
    command = ["docker", "buildx", "version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
