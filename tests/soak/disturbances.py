"""What disturbs the others: kills of services, new certificates, fixture services that go away."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, cast

from cryptography import x509

from factory.waiting import wait_for
from tests.soak.journal import Journal, Kill, Outage
from tests.soak.lab import SoakLab

RETURN_SECONDS = 30.0
"""For a killed service to be back and well."""
CERTIFICATE_SECONDS = 15.0
AWAY_SECONDS = 6.0
_PID = r"^run: .*?\(pid (\d+)\)"


def order(services: Sequence[str], seed: int) -> Iterator[str]:
    """Gives services for ever: in each round each of them once, in an order drawn anew."""
    draw = random.Random(f"{seed} kills")  # noqa: S311 # a course, no secret
    while True:
        yield from draw.sample(services, len(services))


class Kills:
    """Kills one service after the other.

    Args:
        lab: The PBX, and all that it talks to.
        journal: Where each kill is noted.
        seed: Of the order.
    """

    def __init__(self, lab: SoakLab, journal: Journal, seed: int) -> None:
        self._lab = lab
        self._journal = journal
        self._services = lab.services()
        self._order = order(self._services, seed)

    def all_killed(self) -> bool:
        """Says whether each service was killed at least once."""
        return {kill.service for kill in self._journal.of(Kill)} == set(self._services)

    def kill(self) -> None:
        """Kills the next service with SIGKILL, and waits until the container is healthy again.

        Raises:
            AssertionError: the health check passed while the service was gone.
            TimeoutError: it did not come back.
        """
        service = next(self._order)
        before = self._pid(service)
        if service == "asterisk":
            self._lab.asterisk_runs.clear()
        at = back = time.time()
        try:
            said = self._kill(service, before)
            back = self._await_return(service, before)
            self._await_health(service)
        finally:
            self._journal.note(Kill(service, at, back, time.time()))
            if service == "asterisk":
                self._lab.asterisk_starts += 1
                self._lab.asterisk_runs.set()
        if said is not None and not restarted(said, service, time.time() - at):
            raise AssertionError(f"the health check passed without {service}: {said}")

    def _kill(self, service: str, pid: str) -> str | None:
        """Kills a service; returns what the health check says then, None if it fails.

        The supervisor is told of the death by the kernel, on a busy machine some time after it.
        """
        known = f"while sv status {service} | grep -q 'pid {pid})'; do :; done"
        command = f'kill -9 {pid} && timeout 5 sh -c "{known}"; healthcheck'
        result = self._lab.pbx.container.exec_run(["sh", "-c", command])
        return cast(bytes, result.output).decode() if result.exit_code == 0 else None

    def _await_return(self, service: str, before: str) -> float:
        wait_for(
            lambda: self._pid(service) not in ("", before),
            seconds=RETURN_SECONDS,
            otherwise=f"{service} did not come back",
        )
        return time.time()

    def _await_health(self, service: str) -> None:
        wait_for(
            self._lab.pbx.is_healthy,
            seconds=RETURN_SECONDS,
            otherwise=f"the container is not healthy after a kill of {service}",
        )

    def _pid(self, service: str) -> str:
        found = re.match(_PID, self._lab.pbx.run(f"sv status {service} || true"))
        return found[1] if found else ""


def restarted(said: str, service: str, seconds: float) -> bool:
    """Says whether a health check that passed saw a service that had come back meanwhile.

    Args:
        said: What the health check printed.
        service: What was killed.
        seconds: Since then.
    """
    up = re.search(rf"^ok\tservice {service}\tup for (\d+) s$", said, re.MULTILINE)
    return up is not None and int(up[1]) <= seconds


class Renewals:
    """Renews the certificate, as Traefik does."""

    def __init__(self, lab: SoakLab) -> None:
        self._lab = lab

    def renew(self) -> None:
        """Waits until a new connection is shown the new certificate."""
        issued = self._lab.renew()
        wait_for(
            self._serial,
            lambda serial: serial == issued.serial,
            seconds=CERTIFICATE_SECONDS,
            otherwise="the new certificate is not in use",
        )

    def _serial(self) -> int:
        try:
            return x509.load_pem_x509_certificate(self._lab.pbx.certificate()).serial_number
        except AssertionError:  # nobody listens for a moment
            return 0


class Outages:
    """Has a fixture service go away, and come back."""

    def __init__(self, lab: SoakLab, journal: Journal, over: threading.Event) -> None:
        self._servers: list[tuple[str, Any]] = [
            ("provider", lab.provider),
            ("mail server", lab.mail),
        ]
        self._journal = journal
        self._over = over

    def go_away(self) -> None:
        """The provider, or the mail server, cannot be reached for some seconds."""
        who, server = self._servers[0]
        self._servers.reverse()
        begun = time.time()
        server.service.go_down()
        self._over.wait(AWAY_SECONDS)
        server.service.come_up()
        self._journal.note(Outage(who, begun, time.time()))
