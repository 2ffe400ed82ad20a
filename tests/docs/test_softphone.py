"""The phones' own documentation: its example calls a PBX from outside of this checkout."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import docker
import pytest

from tests.docs.commands import Kind
from tests.docs.rules import ROOT, blocks_of, commands_of
from tests.docs.stage import START, Surroundings

pytestmark = [pytest.mark.image("full", only=True), pytest.mark.xdist_group("documents")]

DOCUMENT = "fixtures/softphone/README.md"
FOLDER = "fixtures/softphone"
(EXAMPLE,) = blocks_of("python", DOCUMENT)
COMMANDS = [command.text for command in commands_of(Kind.SOFTPHONE)]


def test_the_example_works_in_a_folder_of_its_own(
    around: Surroundings,
    client: docker.DockerClient,
    stack: ExitStack,
    tmp_path: Path,
) -> None:
    """The steps of the document: build the phones, install the library, run the test."""
    build, install, run = COMMANDS
    assert build == f"docker build -t asterisk-softphone {FOLDER}"
    # As the fixture `softphone` has done, from the same folder; it takes minutes.
    assert client.images.get("asterisk-softphone")
    assert (ROOT / FOLDER / "Dockerfile").is_file()
    shutil.copytree(ROOT / FOLDER, tmp_path / FOLDER)  # pip leaves files beside what it installs
    assert install == f"pip install ./{FOLDER}"
    libraries = tmp_path / "libraries"
    execute(f"{install} --no-deps --target {libraries}", tmp_path)
    scene = around.stage("softphone", stack)
    scene.run(START)
    pbx = scene.pbx()
    text = EXAMPLE.text.replace("192.0.2.10", pbx.address())
    users = pbx.run("cat /etc/asterisk/pjsip_endpoint.conf")
    for user in re.findall(r'Account\("([^"]+)", "secret"', text):
        password = re.search(rf"auth/username = {user}\n.*/password = (\S+)", users)
        assert password
        text = text.replace(f'"{user}", "secret"', f'"{user}", "{password[1]}"')
    (tmp_path / "test_example.py").write_text(text)
    run = run.replace("=bridge", f"={around.world.network}")
    assert "1 passed" in execute(f"{run} -p no:cacheprovider", tmp_path, PYTHONPATH=str(libraries))


def execute(command: str, folder: Path, **environment: str) -> str:
    """Executes a command with this Python's programs; returns what it prints."""
    clean = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    result = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)],
        cwd=folder,
        env={**clean, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, f"{command}: {result.stdout}"
    return result.stdout
