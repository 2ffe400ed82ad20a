"""A running container of an image that is to be proven, on a network of its own."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from factory.build.containers import (
    Container,
    run_in,
    start_container,
    start_in,
    temporary_container,
)
from factory.build.engine import Engine
from factory.errors import ProofError
from factory.proof.users import read_users
from factory.waiting import wait_for
from fixtures.softphone import Account, Softphones

START_SECONDS = 10
STOP_SECONDS = 10
HEALTH_CHECK_SECONDS = 5
KILLED = 128 + signal.SIGKILL
CONFIGURATION = "/etc/asterisk"
USERS = f"{CONFIGURATION}/pjsip_endpoint.conf"
HOST_NAME = "pbx.example"
_Value = TypeVar("_Value")


class Candidate:
    """The container, and phones beside it.

    Attributes:
        phones: Softphones on the same network.

    Args:
        engine: Where it runs.
        container: The container.
        network: Name of its network.
        phones: Softphones on it.
        timeout_factor: How many times as long as usual anything may take.
    """

    def __init__(
        self,
        engine: Engine,
        container: Container,
        network: str,
        phones: Softphones,
        *,
        timeout_factor: float = 1,
    ) -> None:
        self.phones = phones
        self._timeout_factor = timeout_factor
        self._engine = engine
        self._container = container
        self._network = network

    def wait_for(
        self,
        probe: Callable[[], _Value],
        wanted: Callable[[_Value], bool] = bool,
        *,
        seconds: float,
        otherwise: str,
    ) -> _Value:
        """Wait for something as factory.waiting does, longer by the timeout factor.

        Raises:
            TimeoutError: with the text `otherwise`.
        """
        limit = seconds * self._timeout_factor
        return wait_for(probe, wanted, seconds=limit, otherwise=otherwise)

    def logs(self) -> str:
        """Return all that the container printed."""
        return self._container.logs().decode("utf-8", "replace")

    def start(self) -> None:
        """Start the container.

        Raises:
            EngineError: the engine cannot.
        """
        start_container(self._container)

    def check_that_it_runs(self) -> None:
        """Do nothing as long as the container runs.

        Raises:
            ProofError: it ended; with the last line of its log.
        """
        self._container.reload()
        state = self._container.attrs["State"]
        if state["Status"] == "exited":
            said = next((line for line in reversed(self.logs().splitlines()) if line.strip()), "")
            words = f"last log line: {said.strip()}" if said else "it logged nothing"
            raise ProofError(f"it ended with status {state['ExitCode']}, {words}")

    def await_health_status(self, *wanted: str) -> str:
        """Wait until the engine calls the container healthy or unhealthy; return that.

        Args:
            wanted: Wait for one of these instead.

        Raises:
            ProofError: it ended, or has no health check.
            TimeoutError: there was no verdict within a minute, times the timeout factor.
        """
        return self.wait_for(
            self._health,
            lambda status: status in (wanted or ("healthy", "unhealthy")),
            seconds=60,
            otherwise="it did not become healthy",
        )

    def await_boot(self) -> None:
        """Wait until Asterisk itself says that it has booted, whatever the health check says.

        Raises:
            TimeoutError: it did not.
        """
        ask = f"timeout {5 * self._timeout_factor:g} asterisk -rx 'core waitfullybooted'"
        self.wait_for(
            lambda: self.run(ask).strip(),
            lambda said: "fully booted" in said,
            seconds=START_SECONDS,
            otherwise="its health check passes, but Asterisk does not boot",
        )

    def health_lines(self) -> list[str]:
        """Return what the last health check printed."""
        log = self._container.attrs["State"]["Health"]["Log"]
        lines = log[-1]["Output"].strip().splitlines() if log else []
        return [" ".join(line.split("\t")) for line in lines]

    def is_healthy(self) -> bool:
        """Run the image's own health check; return whether it passes, and in time."""
        test = self._container.attrs["Config"]["Healthcheck"]["Test"]
        command = ["sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:]
        status = start_in(self._engine, self._container, command)
        try:
            ended = self.wait_for(
                status,
                lambda number: number is not None,
                seconds=HEALTH_CHECK_SECONDS,
                otherwise="the health check did not end",
            )
        except TimeoutError:
            return False
        return ended == 0

    def run(self, script: str) -> str:
        """Run a shell script as root in the container; return what it printed."""
        return run_in(self._container, ["sh", "-c", script])

    def asterisk_pid(self) -> int:
        """Return the process id of Asterisk.

        It looks for the kernel's name of the process. Some versions of `pidof` look at the
        program's file instead, which is the emulator's in an emulated container.

        Raises:
            ProofError: it does not run.
        """
        found = self.run("grep -lxs asterisk /proc/[0-9]*/comm || true").split()
        if not found:
            raise ProofError("there is no process 'asterisk'")
        return min(int(path.split("/")[2]) for path in found)

    def asterisk(self, command: str) -> str:
        """Return the output of a command of the Asterisk console."""
        return self.run(f"asterisk -rx '{command}'")

    def configuration(self) -> dict[str, str]:
        """Return a digest of each file of the configuration."""
        lines = self.run(f"cd {CONFIGURATION}; sha256sum *.conf").splitlines()
        return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}

    def listening_ports(self) -> list[int]:
        """Return the TCP ports on which something in the container listens."""
        lines = [line.split() for line in self.run("cat /proc/net/tcp*").splitlines()]
        # number, local address, remote address, state: 0A is LISTEN
        return sorted({int(line[1].rpartition(":")[2], 16) for line in lines if line[3] == "0A"})

    def stop(self) -> float:
        """Stop the container as `docker stop` does; return the seconds that took.

        Raises:
            ProofError: it had to be killed, or its exit status was not 0.
        """
        limit = round(STOP_SECONDS * self._timeout_factor)
        start = time.monotonic()
        self._container.stop(timeout=limit)
        seconds = time.monotonic() - start
        status = self._container.wait()["StatusCode"]
        if status == KILLED:
            raise ProofError(f"it had to be killed (status {status}), {limit} s after SIGTERM")
        if status != 0:
            raise ProofError(f"it stopped with status {status} after {seconds:.1f} s")
        return seconds

    def start_again(self) -> None:
        """Start the stopped container and wait until it is healthy.

        Raises:
            ProofError: it ended.
            TimeoutError: it runs, but did not become healthy.
        """
        self.start()

        def is_healthy() -> bool:
            self.check_that_it_runs()
            return self.is_healthy()

        self.wait_for(is_healthy, seconds=20, otherwise="it did not become healthy after a restart")

    def address(self) -> str:
        """Return the container's IP address."""
        self._container.reload()
        networks = self._container.attrs["NetworkSettings"]["Networks"]
        return str(networks[self._network]["IPAddress"])

    def users(self) -> tuple[Account, ...]:
        """Return the users of the configuration that the container made for itself.

        Raises:
            ProofError: there are fewer than two.
        """
        users = read_users(self.run(f"cat {USERS}"))
        if len(users) < 2:
            raise ProofError(
                f"{USERS} has {len(users)} users with number, name and password; two are needed "
                "for a call"
            )
        return users

    def users_of_another(self, labels: Mapping[str, str]) -> tuple[Account, ...]:
        """Return the users that a second container of the image makes for itself.

        Raises:
            TimeoutError: it made none.
        """
        image = self._container.attrs["Image"]
        with temporary_container(
            self._engine, image, labels, hostname=HOST_NAME, network_mode="none"
        ) as other:
            start_container(other)
            return self.wait_for(
                lambda: read_users(run_in(other, ["cat", USERS])),
                seconds=START_SECONDS,
                otherwise="another container of the image made no users",
            )

    def _health(self) -> str:
        self.check_that_it_runs()
        state = self._container.attrs["State"]
        if "Health" not in state:
            raise ProofError("the image has no health check")
        return str(state["Health"]["Status"])
