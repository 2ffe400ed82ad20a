"""The containers: Asterisk with AutoBan, Asterisk with fail2ban, and an attacker."""

from __future__ import annotations

import io
import json
import secrets
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.autoban.inside import knocker
from bench.autoban.inside.subjects import AMI_PORT, SECURITY_LOG
from bench.autoban.results import MAXCOUNT
from bench.bench import LABELS, ROOT, BenchSetting
from factory.build.containers import (
    Container,
    create_container,
    create_volume,
    remove_container,
    remove_volume,
    run_in,
    start_container,
)
from factory.build.fixture_image import FixtureImage, ensure_fixture_image
from factory.build.networks import make_network, remove_network
from factory.build.softphone import ensure_softphone
from factory.errors import ProofError
from factory.waiting import wait_for
from fixtures.attacker import Attacker, running_attacker

ADDRESSES = 200
USER = "john.doe"
_HERE = Path(__file__).parent
_START_SECONDS = 30
_CRACK = "timeout 6 svcrack --maximumtime=2 -r 100000-199999"
_OWN_AMI_PORT = 5038
_LOGGER = "sed -i 's/^.logfiles.$/&\\nsecurity.log => security/' /etc/asterisk/logger.conf"


_LOG = f"touch {SECURITY_LOG}; chown asterisk:asterisk {SECURITY_LOG}"


class Pbx:
    """A container with Asterisk, and a program that watches it.

    Attributes:
        name: Of that program: AutoBan or fail2ban.
        address: Of the container.
    """

    def __init__(self, name: str, asterisk: Container, watcher: Container) -> None:
        self.name = name
        self._asterisk = asterisk
        self._watcher = watcher
        asterisk.reload()
        (network,) = asterisk.attrs["NetworkSettings"]["Networks"].values()
        self.address = str(network["IPAddress"])

    def measure(self, what: str, on_line: Callable[[str], None], **arguments: object) -> Any:
        """Measures beside the program; return the result.

        Args:
            what: A function of inside.measures.
            on_line: Called with lines of progress.
            arguments: For the function.

        Raises:
            ProofError: it failed.
        """
        module = "bench.autoban.inside.measures"
        command = ["python3", "-Bm", module, self.name, what, json.dumps(arguments)]
        output: Iterable[bytes] = self._watcher.exec_run(
            command, stream=True, environment={"PYTHONPATH": "/bench-inside"}
        ).output  # type: ignore[assignment] # whose types know nothing of streams
        rest = b""
        lines: list[str] = [""]
        for data in output:
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                lines.append(line.decode("utf-8", "replace"))
                on_line(lines[-1])
        try:
            return json.loads(lines[-1])
        except ValueError as error:
            raise ProofError(f"{self.name}, {what}: {lines[-1] or 'no result'}") from error

    def restart(self, backend: str = "") -> None:
        """Has the program begin anew, with nobody known and its log empty.

        Args:
            backend: How fail2ban follows the log.
        """
        if self.name == "AutoBan":
            self._run(
                self._watcher,
                "sv -w 20 stop autoban; rm -f /var/lib/nftables/*; sv start autoban",
            )
            return
        self._run(
            self._watcher,
            "fail2ban-client stop; nft flush ruleset; rm -f /var/lib/fail2ban/*; "
            f": > {SECURITY_LOG}; "
            f"printf '[asterisk]\\nbackend = {backend}\\n' > /etc/fail2ban/jail.d/zz-bench.conf; "
            "fail2ban-client start",
        )
        wait_for(
            lambda: self._run(self._watcher, "fail2ban-client status asterisk"),
            lambda said: "Total banned" in said,
            seconds=_START_SECONDS,
            otherwise="fail2ban does not start",
        )

    def rest(self) -> None:
        """End Asterisk: AutoBan is to listen to the bench, and the processor to be idle."""
        self._run(self._asterisk, f"sv -w 20 stop asterisk; {_LOGGER}; {_LOG}")
        if self.name == "AutoBan":
            self._set_port(AMI_PORT)
        else:
            self._run(self._asterisk, "sv -w 20 stop autoban")

    def work(self) -> None:
        """Start Asterisk again; the program is to be restarted then, to watch it."""
        if self.name == "AutoBan":
            self._set_port(_OWN_AMI_PORT)
        self._run(self._asterisk, "sv start asterisk")
        await_boot(self._asterisk)

    def await_watch(self) -> None:
        """Wait until the restarted program is connected to Asterisk, if it is one that has to."""
        if self.name == "AutoBan":
            wait_for(
                lambda: self._run(self._watcher, "autoban stats"),
                lambda said: "connected to Asterisk yes" in " ".join(said.split()),
                seconds=_START_SECONDS,
                otherwise="AutoBan does not connect",
            )

    def guesses(self, source: str) -> int:
        """Return how many wrong passwords from an address Asterisk has noted."""
        pattern = f"ChallengeResponseFailed.*/{source}/"
        return int(self._run(self._asterisk, f"grep -c '{pattern}' {SECURITY_LOG}") or 0)

    def _set_port(self, port: int) -> None:
        self._run(self._watcher, f"sed -i 's/^port = .*/port = {port}/' /etc/asterisk/autoban.conf")

    def _run(self, container: Container, script: str) -> str:
        return run_in(container, ["sh", "-c", script])


class BanLab:
    """All of them.

    Attributes:
        autoban: Ours.
        fail2ban: The peer, on an Asterisk of its own.
        sources: Addresses to attack from.
        knocker_host: Where packets come from.
    """

    def __init__(self, autoban: Pbx, fail2ban: Pbx, attacker: Attacker) -> None:
        self.autoban = autoban
        self.fail2ban = fail2ban
        self._attacker = attacker
        own, *others = (address for address in attacker.addresses if ":" not in address)
        self.knocker_host = own
        self.sources = others
        script = Path(knocker.__file__).read_text()
        attacker.run(["sh", "-c", 'setsid python3 -c "$0" > /knocker.log 2>&1 &', script])
        look = f"import socket; socket.create_connection(('127.0.0.1', {knocker.PORT}))"
        wait_for(
            lambda: attacker.run(["sh", "-c", f'python3 -c "{look}" 2>&1 || true']),
            lambda said: not said,
            seconds=10,
            otherwise="the sender of packets does not start",
        )

    def crack(self, pbx: Pbx) -> int:
        """Run sipvicious' svcrack at full speed; return how many guesses came through.

        It comes from the address that packets come from: it takes none of its own choice.

        Raises:
            ProofError: fewer than have anybody banned.
        """
        before = pbx.guesses(self.knocker_host)
        crack = f"{_CRACK} -u {USER} {pbx.address} 2>&1 || true"
        said = self._attacker.run(["sh", "-c", crack])
        guesses = pbx.guesses(self.knocker_host) - before
        if guesses < MAXCOUNT:  # nothing was measured; what looks like success is none
            raise ProofError(f"svcrack made {guesses} guesses only: {said}")
        return guesses


@contextmanager
def running_lab(setting: BenchSetting) -> Iterator[BanLab]:
    """Start everything, and remove it at the end.

    Args:
        setting: Its image is one with AutoBan; the peer has the same Asterisk.

    Raises:
        FactoryError: something does not start.
    """
    engine, console = setting.engine, setting.console
    with console.activity("build fail2ban and the attacker"):
        softphone, peer = _images(setting)
    name = f"bench-{secrets.token_hex(4)}"
    with ExitStack() as stack, ExitStack() as steps:
        steps.enter_context(console.activity("start"))
        network = make_network(engine, name, LABELS, prefix=23)
        stack.callback(remove_network, network)

        def start(image: str, **options: Any) -> Container:
            container = create_container(engine, image, labels=LABELS, **options)
            stack.callback(remove_container, container)
            container.put_archive("/", _archive())
            start_container(container)
            return container

        ours = start(setting.image, network=name, cap_add=["NET_ADMIN"])
        volume = create_volume(engine, LABELS)
        stack.callback(remove_volume, engine, volume)
        volumes = {volume: {"bind": "/srv", "mode": "rw"}}
        theirs = start(setting.image, network=name, volumes=volumes)
        for container in (ours, theirs):
            await_boot(container)
        watcher = start(
            peer, network_mode=f"container:{theirs.id}", cap_add=["NET_ADMIN"], volumes=volumes
        )
        autoban = Pbx("AutoBan", ours, ours)
        fail2ban = Pbx("fail2ban", theirs, watcher)
        attacker = stack.enter_context(
            running_attacker(engine.client, name, image=softphone, labels=LABELS, more=ADDRESSES)
        )
        for pbx in (autoban, fail2ban):
            pbx.rest()
        lab = BanLab(autoban, fail2ban, attacker)
        steps.close()
        yield lab


def _images(setting: BenchSetting) -> tuple[str, str]:
    engine, console = setting.engine, setting.console
    softphone = ensure_softphone(engine, ROOT, setting.base, mirror="", on_line=console.line)
    image = FixtureImage("fail2ban", "asterisk-fail2ban", _HERE / "fail2ban", ["jail.local"])
    peer = ensure_fixture_image(engine, image, setting.base, mirror="", on_line=console.line)
    return softphone, peer


def await_boot(container: Container) -> None:
    """Wait until Asterisk serves in a container."""
    wait_for(
        lambda: run_in(container, ["timeout", "5", "asterisk", "-rx", "core waitfullybooted"]),
        lambda said: "fully booted" in said,
        seconds=_START_SECONDS,
        otherwise="Asterisk does not start",
    )


def _archive() -> bytes:
    """Return what runs inside, as the package that it is."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted((_HERE / "inside").glob("*.py")):
            tar.add(path, f"bench-inside/{path.relative_to(ROOT)}")
    return buffer.getvalue()
