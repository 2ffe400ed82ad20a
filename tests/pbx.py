"""A running container of an image, for tests."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from typing import Any, cast

import docker
import testinfra
from docker.models.containers import Container

from factory.build.containers import remove_container
from factory.waiting import wait_for

LABELS = {"asterisk-image-factory": "tests"}
START_SECONDS = 30


class Pbx:
    """A container of one of the images."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.host: Any = testinfra.get_host(f"docker://{container.id}")

    def run(self, script: str, user: str = "root") -> str:
        """Runs a shell script in the container; returns what it printed."""
        result = self.container.exec_run(["sh", "-c", script], user=user)
        output = cast(bytes, result.output).decode()
        assert result.exit_code == 0, f"{script}: status {result.exit_code}: {output}"
        return output.strip()

    def asterisk(self, command: str) -> str:
        """Asks the Asterisk console."""
        return self.run(f"asterisk -rx '{command}'")

    def logs(self) -> str:
        """All that the container printed."""
        return self.container.logs().decode()

    def is_healthy(self) -> bool:
        """Whether the health check passes now."""
        return bool(self.container.exec_run(["healthcheck"]).exit_code == 0)

    def await_health(self) -> Pbx:
        """Waits until the health check passes."""

        def state() -> tuple[bool, str]:
            self.container.reload()
            assert self.container.status == "running", self.logs()
            result = self.container.exec_run(["healthcheck"])
            return result.exit_code == 0, str(result.output)

        wait_for(state, lambda s: s[0], seconds=START_SECONDS, otherwise="not healthy")
        return self

    def await_boot(self) -> Pbx:
        """Waits until Asterisk has booted; also in an image that has no health check of ours."""

        def booted() -> tuple[bool, str]:
            self.container.reload()
            assert self.container.status == "running", self.logs()
            result = self.container.exec_run(["asterisk", "-rx", "core waitfullybooted"])
            return result.exit_code == 0, str(result.output)

        wait_for(booted, lambda s: s[0], seconds=START_SECONDS, otherwise="not booted")
        return self

    def await_end(self, seconds: float = 20) -> int:
        """Waits until the container has ended; returns its exit status."""

        def status() -> str:
            self.container.reload()
            return self.container.status

        wait_for(status, lambda s: s == "exited", seconds=seconds, otherwise="did not end")
        return int(self.container.attrs["State"]["ExitCode"])

    def pid(self, program: str) -> str:
        """The id of the one process of a program."""
        return self.run(f"pidof {program}")

    def certificate(self, address: str = "127.0.0.1:5061") -> bytes:
        """What a new connection over TLS is shown, in PEM; of the whole chain, the first."""
        ask = f"openssl s_client -connect {address} < /dev/null 2> /dev/null"
        return self.run(f"{ask} | openssl x509").encode()

    def address(self, version: int = 4) -> str:
        """The first IP address that it has, of version 4 or 6; '' if it has none."""
        self.container.reload()
        key = "IPAddress" if version == 4 else "GlobalIPv6Address"
        networks = self.container.attrs["NetworkSettings"]["Networks"].values()
        return next((str(network[key]) for network in networks if network[key]), "")


def create_container(
    client: docker.DockerClient, reference: str, stack: ExitStack, **options: Any
) -> Container:
    """Makes a container that the stack removes, without a network unless the options name one."""
    container = client.containers.create(
        reference,
        name=f"test-{secrets.token_hex(4)}",
        labels=LABELS,
        # Asked by hand where a test wants to know, so that nothing else runs in between.
        **{"healthcheck": {"test": ["NONE"]}, "network_mode": "none", **options},
    )
    stack.callback(remove_container, container)
    return container
