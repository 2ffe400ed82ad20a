"""The demo as a person has it: a folder, a shell, and what Docker keeps for it."""

from __future__ import annotations

import os
import pty
import re
import secrets
import select
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import docker

from factory.build.engine import Engine
from factory.build.networks import make_network, remove_network
from fixtures.compose import Compose
from tests.conftest import ROOT
from tests.pbx import LABELS

SECONDS = 90
RTP_PORTS = 20
"""Enough for two calls; a hundred would take Docker seconds to open."""
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Named in the shell, these would count more than what is tested.
_OURS = re.compile("MAKE|MFLAGS|COMPOSE_|(TO|FROM|BODY|NAME|NUMBER|CMD|COMPOSE|WEBSMSD_PORT)$")


class Demo:
    """A copy of the folder demo/, which is not started yet.

    Attributes:
        folder: Where it is.
        sip, sips: Ports on which it is going to listen.
        rtp: The same of sound.

    Args:
        client: The engine.
        folder: Where to copy it; must not be there.
        image: The image to start.
        compose: Which Compose to use.
        address: How phones are going to reach it.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        folder: Path,
        image: str,
        compose: Compose,
        address: str,
    ) -> None:
        self.folder = shutil.copytree(ROOT / "demo", folder, ignore=shutil.ignore_patterns("pulse"))
        self.address = address
        self.sip, self.sips, self.sms = (_free_port() for _ in range(3))
        first = _free_range(RTP_PORTS)
        self.rtp = range(first, first + RTP_PORTS)
        self._client = client
        self._project = f"test-demo-{secrets.token_hex(4)}"
        self._before = self._files()
        override = folder.with_name(f"{folder.name}.yml")
        override.write_text(_OVERRIDE.format(subnet=_free_subnet(client), labels=_labels()))
        self._environment = {
            **{name: value for name, value in os.environ.items() if not _OURS.match(name)},
            **compose.environment,
            "COMPOSE": compose.command,
            "COMPOSE_PROJECT_NAME": self._project,
            "COMPOSE_FILE": f"docker-compose.yml:{override}",
            "IMAGE": image,
            "ADDRESS": address,
            "PUBLISH": address,
            "SIP_PORT": str(self.sip),
            "SIPS_PORT": str(self.sips),
            "SMS_PORT": str(self.sms),
            "RTP_PORTS": f"{self.rtp[0]}-{self.rtp[-1]}",
            "PULSE_SERVER": "unix:/nowhere",  # no test makes noise on this machine
        }

    def commands(self) -> list[str]:
        """What README.md tells people to type, in order; what goes on in further lines in one."""
        blocks = _COMMANDS.findall((self.folder / "README.md").read_text())
        return [line for block in blocks for line in re.sub(r"\\\n *", "", block).splitlines()]

    def type(
        self, command: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a line of shell in the folder, without a terminal."""
        return subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env={**self._environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def do(self, command: str) -> str:
        """Runs a line of shell that has to go well; returns what it printed."""
        result = self.type(command)
        assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
        return result.stdout

    def fail(self, command: str, environment: Mapping[str, str] | None = None) -> str:
        """Runs a line of shell that has to fail with one line of error; returns that."""
        result = self.type(command, environment)
        assert result.returncode != 0, result.stdout
        lines = [line for line in result.stderr.splitlines() if not line.startswith("make:")]
        assert len(lines) == 1, result.stderr
        assert lines[0].startswith("error: ")
        return lines[0]

    def at_terminal(self, command: str, talk: list[tuple[str, str]]) -> str:
        """Runs a command on a terminal; returns all that was on the screen.

        Args:
            command: What to type.
            talk: What to wait for, and what to type then; when that is over it has to end well.
        """
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env={**self._environment, "TERM": "xterm"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as process:
            os.close(theirs)
            try:
                screen = ""
                for wanted, typed in talk:
                    screen += _read(ours, wanted)
                    os.write(ours, typed.encode())
                screen += _read(ours, None)
                assert process.wait(SECONDS) == 0, screen
            finally:
                process.kill()
                os.close(ours)
        return screen

    def left(self) -> list[str]:
        """Names of all that is there because of the demo."""
        mine: dict[str, str | list[str] | bool] = {
            "label": f"com.docker.compose.project={self._project}"
        }
        containers = self._client.containers.list(all=True, filters=mine)
        networks = self._client.networks.list(filters=mine)
        volumes = self._client.volumes.list(filters=mine)
        found = [str(thing.id) for thing in (*containers, *networks, *volumes)]
        return sorted({*found, *(self._files() ^ self._before)})

    def log(self) -> str:
        """All that its container printed; empty if there is none."""
        return self.type("bin/compose logs --no-color").stdout

    def _files(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}


_OVERRIDE = """
services:
  tele:
    labels: {labels}
networks:
  default:
    labels: {labels}
    ipam:
      config:
        - subnet: {subnet}
volumes:
  tele-conf:
    labels: {labels}
"""


def _labels() -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in LABELS.items()) + "}"


def _free_subnet(client: docker.DockerClient) -> str:
    """Returns one that nobody uses now; Compose makes the network, and is to remove it."""
    network = make_network(Engine(client), f"demo-{secrets.token_hex(4)}", LABELS)
    network.reload()
    remove_network(network)
    return str(network.attrs["IPAM"]["Config"][0]["Subnet"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def _free_range(size: int) -> int:
    """Returns the first of free UDP ports; below those that the kernel gives to others."""
    while True:
        first = 20000 + secrets.randbelow(10000 // size) * size
        probes = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(size)]
        try:
            for number, probe in enumerate(probes):
                probe.bind(("", first + number))
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
        return first


def _read(terminal: int, wanted: str | None) -> str:
    """Reads from a terminal until a text was there, or with None until it is closed."""
    screen = ""
    end = time.monotonic() + SECONDS
    while wanted is None or wanted not in screen:
        ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
        assert ready, f"{wanted or 'the end'} does not come: {screen}"
        try:
            screen += os.read(terminal, 4096).decode("utf-8", "replace")
        except OSError:  # closed by the other side
            assert wanted is None, screen
            return screen
    return screen
