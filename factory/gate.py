"""The gate: starts a candidate and proves that it works. No image gets a tag without it.

This is the gate's first form: it asks the container itself and speaks SIP to it. Everything
it starts is on an internal network of its own, with nothing published, and is removed again.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from factory import sip
from factory.catalog import Catalog, Listener
from factory.console import Console
from factory.engine import Container, Engine, Network, remove_container, remove_network
from factory.errors import EngineError, ProofError
from factory.waiting import wait_for

LABELS = {"asterisk-image-factory": "gate"}
STOP_SECONDS = 10


@dataclass(frozen=True)
class Expectation:
    """What a candidate has to show."""

    listeners: tuple[Listener, ...]
    modules: tuple[str, ...]
    services: tuple[str, ...]
    supervised: bool

    @classmethod
    def of(cls, catalog: Catalog, image: str) -> Expectation:
        """Returns what the catalog promises of an image."""
        components = catalog.components_of(image)
        services = tuple(name for c in components for name in c.services)
        return cls(
            listeners=tuple(x for c in components for x in c.settings.listeners if x.sip),
            modules=tuple(x for c in components for x in c.settings.proven_modules),
            services=services,
            supervised=any("DOCKER_RUNSV_DIR" in c.settings.environment for c in components),
        )


@dataclass(frozen=True)
class Check:
    """One thing proven: what, what was seen, and how long it took."""

    name: str
    seen: str
    seconds: float


def fingerprint(expected: Expectation) -> str:
    """Returns a digest of the gate itself: what passed another gate has to pass this one, too."""
    sources = (Path(__file__), Path(sip.__file__))
    text = b"".join(path.read_bytes() for path in sources) + repr(expected).encode()
    return hashlib.sha256(text).hexdigest()[:12]


def prove(engine: Engine, image: str, expected: Expectation, console: Console) -> tuple[Check, ...]:
    """Runs all checks on a candidate, in order; stops at the first that fails.

    Raises:
        ProofError: says which check failed and why; the candidate's log is in the log file.
    """
    checks: list[Check] = []
    with _candidate(engine, image) as candidate:
        for check in (
            candidate.gets_healthy,
            candidate.answers_options,
            candidate.runs_its_modules,
            candidate.starts_without_complaint,
            candidate.keeps_the_manager_interface_to_itself,
            candidate.runs_asterisk_without_privileges,
            candidate.restarts_its_services,
            candidate.keeps_configuration_over_a_restart,
            candidate.stops_in_time,
        ):
            name = check.__name__.replace("_", " ")
            console.line(f"gate: {name}")
            start = time.monotonic()
            try:
                seen = check(expected)
            except (ProofError, TimeoutError) as error:
                for line in candidate.logs().splitlines():
                    console.line(f"candidate: {line}")
                raise ProofError(f"the gate refuses: {name}: {error}") from error
            checks.append(Check(name, seen, round(time.monotonic() - start, 3)))
    return tuple(checks)


class Candidate:
    """A running container of the image to be proven."""

    def __init__(self, container: Container, network: str) -> None:
        self._container = container
        self._network = network

    def logs(self) -> str:
        """Returns all that the container printed."""
        return self._container.logs().decode("utf-8", "replace")

    def gets_healthy(self, _: Expectation) -> str:
        """The image's own health check says so."""
        status = wait_for(
            self._health,
            lambda status: status != "starting",
            seconds=60,
            otherwise="it did not get healthy",
        )
        if status != "healthy":
            raise ProofError(f"its health is '{status}': {self._health_output()}")
        return self._health_output()

    def answers_options(self, expected: Expectation) -> str:
        """A SIP OPTIONS from outside the container is answered over every transport."""
        seen = []
        for listener in expected.listeners:
            transport = f"{listener.protocol}/{listener.port}"
            try:
                answer = sip.options(self._address(), listener.port, listener.protocol)
            except (OSError, sip.NoAnswerError) as error:
                raise ProofError(f"no answer to OPTIONS over {transport}: {error}") from error
            seen.append(f"{transport} {answer}")
        return ", ".join(seen)

    def runs_its_modules(self, expected: Expectation) -> str:
        """Every module that is promised is loaded, and every one that is loaded runs."""
        lines = [line.split() for line in self._asterisk("module show").splitlines()]
        modules = {words[0]: "Not" not in words for words in lines if words and ".so" in words[0]}
        missing = [name for name in expected.modules if name not in modules]
        idle = [name for name, running in modules.items() if not running]
        if missing:
            raise ProofError(f"modules not loaded: {', '.join(missing)}")
        if idle:
            raise ProofError(f"modules loaded but not running: {', '.join(idle)}")
        return f"{len(modules)} modules"

    def starts_without_complaint(self, _: Expectation) -> str:
        """Asterisk printed no warning and no error."""
        bad = [line for line in self.logs().splitlines() if "WARNING[" in line or "ERROR[" in line]
        if bad:
            raise ProofError(f"{len(bad)} warnings and errors at the start, first: {bad[0]}")
        return "no WARNING, no ERROR"

    def keeps_the_manager_interface_to_itself(self, _: Expectation) -> str:
        """AMI does not answer from outside."""
        if sip.connects(self._address(), 5038):
            raise ProofError("the manager interface (port 5038) is open to the network")
        return "port 5038 closed"

    def runs_asterisk_without_privileges(self, _: Expectation) -> str:
        """The Asterisk process is not root and holds no capability."""
        status = self._run("cat /proc/$(pidof asterisk)/status")
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        uid, capabilities = fields["Uid"].split()[0], int(fields["CapEff"], 16)
        if uid == "0" or capabilities:
            raise ProofError(f"asterisk runs as uid {uid} with capabilities {capabilities:#x}")
        return f"uid {uid}, no capability"

    def restarts_its_services(self, expected: Expectation) -> str:
        """A service that is killed comes back, and the PBX gets well again."""
        if not expected.supervised:
            return "not supervised"
        for service in expected.services:
            self._kill_and_await(service)
        wait_for(
            lambda: self._container.exec_run(["healthcheck"]).exit_code,
            lambda status: status == 0,
            seconds=15,
            otherwise="the PBX did not get well after its services were killed",
        )
        return ", ".join(expected.services)

    def keeps_configuration_over_a_restart(self, _: Expectation) -> str:
        """A change in the volume is there after a restart, and so are the passwords."""
        mark = f"; {secrets.token_hex(8)}"
        self._run(f"echo '{mark}' >> /etc/asterisk/extensions_local.conf")
        before = self._run("cat /etc/asterisk/*.conf | sha256sum")
        self._stop()
        self._container.start()
        wait_for(
            lambda: self._container.exec_run(["healthcheck"]).exit_code,
            lambda status: status == 0,
            seconds=30,
            otherwise="it did not get healthy after a restart",
        )
        if mark not in self._run("cat /etc/asterisk/extensions_local.conf"):
            raise ProofError("a changed configuration was gone after a restart")
        if self._run("cat /etc/asterisk/*.conf | sha256sum") != before:
            raise ProofError("the configuration was changed by a restart")
        return "kept"

    def stops_in_time(self, _: Expectation) -> str:
        """`docker stop` ends it with status 0 before the engine has to kill it."""
        return f"status 0 after {self._stop():.1f} s"

    def _kill_and_await(self, service: str) -> None:
        def state() -> str:
            return self._run(f"sv status {service}")

        before = _pid(state())
        self._run(f"sv kill {service}")
        wait_for(
            state,
            lambda now: now.startswith("run:") and _pid(now) != before,
            seconds=10,
            otherwise=f"service {service} did not come back after it was killed",
        )

    def _stop(self) -> float:
        start = time.monotonic()
        self._container.stop(timeout=STOP_SECONDS)
        seconds = time.monotonic() - start
        status = self._container.wait()["StatusCode"]
        if status != 0:
            raise ProofError(f"it stopped with status {status} after {seconds:.1f} s")
        return seconds

    def _asterisk(self, command: str) -> str:
        return self._run(f"asterisk -rx '{command}'")

    def _run(self, script: str) -> str:
        result = self._container.exec_run(["sh", "-c", script])
        return cast(bytes, result.output).decode("utf-8", "replace")

    def _address(self) -> str:
        self._container.reload()
        networks = self._container.attrs["NetworkSettings"]["Networks"]
        return str(networks[self._network]["IPAddress"])

    def _health(self) -> str:
        self._container.reload()
        state = self._container.attrs["State"]
        if not state["Running"]:
            raise ProofError(f"it ended with status {state['ExitCode']}")
        if "Health" not in state:
            raise ProofError("the image has no health check")
        return str(state["Health"]["Status"])

    def _health_output(self) -> str:
        log = self._container.attrs["State"]["Health"]["Log"]
        lines = log[-1]["Output"].strip().splitlines() if log else []
        return "; ".join(" ".join(line.split("\t")) for line in lines)


@contextmanager
def _candidate(engine: Engine, image: str) -> Iterator[Candidate]:
    with ExitStack() as stack:
        name = f"gate-{secrets.token_hex(4)}"
        network = make_network(engine, name, LABELS)
        stack.callback(remove_network, network)
        volume = engine.create_volume(LABELS)
        stack.callback(engine.remove_volume, volume)
        container = engine.create_container(
            image,
            name=name,
            hostname="pbx.example",
            labels=LABELS,
            network=name,
            volumes={volume: {"bind": "/srv", "mode": "rw"}},
            environment={"SYSLOG_LEVEL": "5"},
            # The image's own test, only more often, so that the proof takes seconds.
            healthcheck={"interval": 500_000_000},
        )
        stack.callback(remove_container, container)
        container.start()
        yield Candidate(container, name)


def make_network(engine: Engine, name: str, labels: Mapping[str, str]) -> Network:
    """Makes an internal network in the range for benchmarks (RFC 2544) that nobody uses."""
    for _ in range(20):
        number = secrets.randbelow(1 << 13)
        subnet = f"198.{18 + (number >> 12)}.{(number >> 4) & 255}.{(number & 15) << 4}/28"
        try:
            return engine.create_network(name, [subnet], labels)
        except EngineError as error:
            if "overlap" not in error.cause:
                raise
    raise EngineError("found no free network for the gate in 198.18.0.0/15")


def _pid(status: str) -> str:
    return status.partition("(pid ")[2].partition(")")[0]
