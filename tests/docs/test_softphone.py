"""The softphone package stands by itself: its wheel works in an empty virtual environment."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from tests.docs.commands import Kind
from tests.docs.rules import ROOT, blocks_of, commands_of
from tests.docs.workspace import START, Surroundings

pytestmark = [pytest.mark.image("full", only=True), pytest.mark.xdist_group("documents")]

FOLDER = "fixtures/softphone"
(EXAMPLE,) = blocks_of("python", f"{FOLDER}/README.md")
INSTALL, BUILD, RUN = (command.text for command in commands_of(Kind.SOFTPHONE))


@dataclass(frozen=True)
class Environment:
    """A virtual environment with nothing in it but the wheel and what that depends on.

    Attributes:
        folder: An empty one to work in.
        wheel: The package as it would be published.
    """

    folder: Path
    wheel: Path

    def execute(self, command: str) -> str:
        """Execute a command with the programs of the environment; return what it prints."""
        return execute(command, self.folder, self.folder.parent / "venv" / "bin")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    root = tmp_path_factory.mktemp("softphone")
    source = shutil.copytree(ROOT / FOLDER, root / FOLDER)  # a build leaves files in it
    execute(f"{sys.executable} -m venv venv", root, Path(sys.executable).parent)
    programs = root / "venv" / "bin"
    execute(f"pip wheel -q --no-deps --wheel-dir . {source}", root, programs)
    (wheel,) = root.glob("*.whl")
    execute(f"pip install -q {wheel}", root, programs)
    (root / "work").mkdir()
    return Environment(root / "work", wheel)


def test_wheel_has_the_library_and_what_its_image_is_built_from(environment: Environment) -> None:
    assert f"pip install ./{FOLDER}" == INSTALL  # which makes the same wheel, and installs it
    assert BUILD == 'docker build -t asterisk-softphone "$(python -m softphone)"'
    folder = Path(environment.execute("python -m softphone").strip())
    assert folder.is_relative_to(environment.folder.parent / "venv")
    dockerfile = (folder / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, re.MULTILINE)
    assert copied
    assert all((folder / name).exists() for names in copied for name in names.split())
    assert not [n for n in zipfile.ZipFile(environment.wheel).namelist() if "tests/" in n]


def test_wheel_is_a_plugin_of_pytest(environment: Environment) -> None:
    (environment.folder / "test_example.py").write_text(EXAMPLE.text)
    assert "test_a_call" in environment.execute(f"{RUN} --setup-plan -p no:cacheprovider")


def test_wheel_runs_its_example(
    environment: Environment, around: Surroundings, client: docker.DockerClient, stack: ExitStack
) -> None:
    # As the fixture `softphone` has done, from the same files; it takes minutes.
    assert client.images.get("asterisk-softphone")
    workspace = around.workspace("softphone", stack)
    workspace.run(START)
    pbx = workspace.pbx()
    text = EXAMPLE.text.replace("192.0.2.10", pbx.address())
    users = pbx.run("cat /etc/asterisk/pjsip_endpoint.conf")
    for user in re.findall(r'Account\("([^"]+)", "secret"', text):
        password = re.search(rf"auth/username = {user}\n.*/password = (\S+)", users)
        assert password
        text = text.replace(f'"{user}", "secret"', f'"{user}", "{password[1]}"')
    (environment.folder / "test_example.py").write_text(text)
    run = RUN.replace("=bridge", f"={around.world.network}")
    assert "1 passed" in environment.execute(f"{run} -p no:cacheprovider")


def execute(command: str, folder: Path, programs: Path) -> str:
    """Execute a command; return what it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PY")}
    program, *arguments = shlex.split(command)
    result = subprocess.run(
        [programs / program, *arguments],
        cwd=folder,
        env=kept,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, f"{command}: {result.stdout}"
    return result.stdout
