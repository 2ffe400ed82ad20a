"""A PBX with users and a trunk, phones beside it, and a record of what they said."""

from __future__ import annotations

import io
import re
import secrets
import tarfile
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from factory.build.engine import Engine
from factory.build.networks import make_network, remove_network
from factory.plan.catalog import Catalog
from factory.waiting import wait_for
from fixtures.service import archive
from fixtures.softphone import Account, Hearing, Phone, Softphones, ladder
from fixtures.softphone.capture import Capture, datagrams
from tests.pbx import LABELS, Pbx, create_container
from tests.report.attachments import WARNINGS
from tests.targets import Target

from .accounts import accounts, configuration

CONFIGURATIONS = Path(__file__).with_name("configurations")
BEGIN = "; ---- users of a test: whatever follows is removed by the next one"
ENDPOINTS = "/etc/asterisk/pjsip_endpoint.conf"


class Lab:
    """One PBX and what is around it; lives as long as the run, while phones come and go.

    Attributes:
        pbx: The container that is tested.
        target: What is tested.
        softphone: The softphone's image.
        network: Name of the network that phones are on.
        components: Names of the components that the image has.
        trunk: A provider's server: a phone with an address of its own, which the PBX
            takes for the trunk that all users have.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        catalog: Catalog,
        target: Target,
        softphone: str,
        stack: ExitStack,
    ) -> None:
        self.client = client
        self.target = target
        self.softphone = softphone
        self.components = {component.name for component in catalog.components_of(target.image)}
        if target.container:
            container = client.containers.get(target.container)
            self.network = next(iter(container.attrs["NetworkSettings"]["Networks"]))
        else:
            self.network = f"lab-{secrets.token_hex(4)}"
            network = make_network(Engine(client), self.network, LABELS)
            stack.callback(remove_network, network)
            container = create_container(
                client,
                target.reference,
                stack,
                network_mode=None,
                network=self.network,
                hostname="pbx.example",
                environment={"SYSLOG_LEVEL": "7"},
                cap_add=["NET_ADMIN"],
            )
            container.start()
        self.pbx = Pbx(container).await_boot()
        self.capture = Capture(client, container, labels=LABELS, image=softphone)
        stack.callback(self.capture.close)
        self.phones = self._softphones(stack)
        self._trunks = self._softphones(stack)
        self.trunk = self._trunks.phone("trunk")
        self._accounts = accounts(secrets.token_hex(8))
        self._configure(stack)
        self.trunk.take_account(Account("trunk"), self.server())

    def server(self, version: int = 4) -> str:
        """The PBX's address as phones are given it."""
        address = self.pbx.address(version)
        return f"[{address}]" if version == 6 else address

    def visit(self, stack: ExitStack, on_heard: Callable[[Hearing], None]) -> Visit:
        """Opens the lab to one test."""
        self.phones.heard = on_heard
        return Visit(self, stack)

    def account(self, name: str) -> Account:
        """The account of a user."""
        return self._accounts[name]

    def contacts(self) -> set[str]:
        """Addresses of the phones that are registered with our users."""
        lines = self.pbx.asterisk("pjsip show contacts").splitlines()
        return {line.split()[1] for line in lines if "proof-" in line}

    def messages_of_trunk(self) -> list[Any]:
        """SIP messages of the trunk."""
        return self._trunks.messages()

    def _softphones(self, stack: ExitStack) -> Softphones:
        phones = Softphones(self.client, self.network, labels=LABELS, image=self.softphone)
        phones.names.update({self.pbx.address(version): "pbx" for version in (4, 6)})
        stack.callback(phones.close)
        return phones

    def _configure(self, stack: ExitStack) -> None:
        before = self.pbx.run(f"cat {ENDPOINTS}").partition(BEGIN)[0]
        stack.callback(self.write_endpoints, before)
        last = [*self._accounts.values()][-1]
        added = configuration(
            self._accounts, self.trunk.address(), encryption="tls" in self.components
        )
        self.write_endpoints(f"{before}\n{BEGIN}\n{added}")
        wait_for(
            lambda: self.pbx.asterisk(f"pjsip show aor {last.user}"),
            lambda text: "Unable to find" not in text,
            seconds=5,
            otherwise="the PBX did not take the users of the tests",
        )

    def write_endpoints(self, text: str) -> None:
        """Gives the PBX other users."""
        script = f"cat > {ENDPOINTS} << 'END OF FILE'\n{text}\nEND OF FILE\n"
        self.pbx.run(script)
        self.pbx.asterisk("module reload res_pjsip.so")


class Visit:
    """The lab as one test sees it: its own phones, and what they leave behind."""

    def __init__(self, lab: Lab, stack: ExitStack) -> None:
        self.lab = lab
        self.pbx = lab.pbx
        self.trunk = lab.trunk
        lab.trunk.settle()
        self.phones = lab.phones
        self._stack = stack
        self._more: list[Pbx] = []
        self._log_before = len(lab.pbx.logs())
        self._start = lab.capture.now()

    def phone(self, name: str, *, version: int = 4, **registration: Any) -> Phone:
        """Starts a phone and registers it.

        Args:
            name: User, such as `bob`; `bob-2` is a second phone of the same.
            version: Of IP.
            registration: As for Phone.register.
        """
        if version == 6 and self.lab.target.container and not self.pbx.address(6):
            pytest.skip("the container has no IPv6 address")
        phone = self.phones.phone(name)
        account = self.lab.account(name.partition("-")[0])
        phone.register(account, self.lab.server(version), **registration)
        return phone

    def start(self, *names: str, **registration: Any) -> list[Phone]:
        """Starts and registers several phones at the same time."""
        with ThreadPoolExecutor(len(names)) as pool:
            return list(pool.map(lambda name: self.phone(name, **registration), names))

    def another_pbx(
        self, folder: str, replacing: Mapping[str, str] | None = None, **options: Any
    ) -> Pbx:
        """Starts one more container of the image on the same network, with a configuration.

        Args:
            folder: In configurations/.
            replacing: What to put in the place of words in it.
            options: Of the container, such as `hostname` and `volumes`.
        """
        container = create_container(
            self.lab.client,
            self.lab.target.reference,
            self._stack,
            network_mode=None,
            network=self.lab.network,
            **{"hostname": "another.example", "environment": {"SYSLOG_LEVEL": "6"}, **options},
        )
        container.put_archive("/srv", _configuration(folder, replacing or {}, _seed(container)))
        container.start()
        pbx = Pbx(container)
        self._more.append(pbx)
        return pbx.await_boot()

    def add_user(self, name: str, number: str) -> dict[str, str]:
        """Adds a user with `pbx user add` until the test is over; returns what that printed."""
        self._stack.callback(self.lab.write_endpoints, self.pbx.run(f"cat {ENDPOINTS}"))
        shown = self.pbx.run(f"pbx user add {name} {number} --server {self.lab.server()}")
        return dict(re.findall(r"^(\S[a-z ]*?)  +(\S.*)$", shown, re.MULTILINE))

    def set_global(self, name: str, value: str) -> None:
        """Changes a global of the dialplan until the test is over."""
        before = self.pbx.asterisk("dialplan show globals")
        old = next(
            (x.partition("=")[2] for x in before.splitlines() if x.strip().startswith(f"{name}=")),
            "",
        )
        self._stack.callback(self.pbx.asterisk, f'dialplan set global {name} "{old}"')
        self.pbx.asterisk(f'dialplan set global {name} "{value}"')

    def captured(self) -> bytes:
        """What went through the PBX's network during the test, as a pcap file."""
        return self.lab.capture.since(self._start)

    def warnings(self) -> list[str]:
        """Warnings and errors that Asterisk printed during the test."""
        lines = self.pbx.logs()[self._log_before :].splitlines()
        return [line for line in lines if "WARNING[" in line or "ERROR[" in line]

    def keep(self, folder: Path) -> None:
        """Writes the evidence of a failure into a folder."""
        messages = sorted(
            [*self.phones.messages(), *self.lab.messages_of_trunk()], key=lambda m: m.time
        )
        mine = [message for message in messages if message.time >= self._start]
        (folder / "ladder.txt").write_text(ladder.text(mine, self.phones.names))
        (folder / "ladder.svg").write_text(ladder.svg(mine, self.phones.names))
        if warnings := self.warnings():
            (folder / WARNINGS).write_text("".join(f"{line}\n" for line in warnings))
        (folder / "pbx.log").write_text(self.pbx.logs()[self._log_before :])
        for number, pbx in enumerate(self._more, 2):
            (folder / f"pbx-{number}.log").write_text(pbx.logs())
        (folder / "cli.txt").write_text("".join(self._cli(command) for command in _CLI))
        captured = self.captured()
        (folder / "capture.pcap").write_bytes(captured)
        flows = Counter(f"{x.source} > {x.target}" for x in datagrams(captured))
        (folder / "flows.txt").write_text("".join(f"{way}: {n}\n" for way, n in flows.items()))
        for phone in [*self.phones.phones, self.trunk]:
            (folder / f"{phone.name}.log").write_text(phone.log())
            self._keep_sound(phone, folder)

    def _keep_sound(self, phone: Phone, folder: Path) -> None:
        from tests.report.spectrogram import write_spectrogram  # noqa: PLC0415 # slow to import

        path = folder / f"{phone.name}.wav"
        if phone.save_recording(path):
            title = f"what {phone.name} heard; its own tone is {phone.tone} Hz"
            write_spectrogram(path, path.with_suffix(".png"), title)

    def _cli(self, command: str) -> str:
        return f"*CLI> {command}\n{self.pbx.asterisk(command)}\n\n"


_CLI = (
    "core show channels verbose",
    "pjsip show contacts",
    "pjsip show endpoints",
    "pjsip show transports",
    "core show hints",
    "dialplan show globals",
)


def wait_until_gone(lab: Lab, before: set[str]) -> None:
    """Waits until no phone is registered that was not before, and no call is left."""

    def left() -> set[str]:
        channels = lab.pbx.asterisk("core show channels concise").splitlines()
        return (lab.contacts() - before) | {line for line in channels if "proof" in line}

    wait_for(left, lambda lines: not lines, seconds=10, otherwise="phones or calls are left")


def _seed(container: Container) -> dict[str, bytes]:
    """Returns the files of the image's sample configuration."""
    variables = dict(entry.split("=", 1) for entry in container.attrs["Config"]["Env"])
    chunks, _ = container.get_archive(variables["DOCKER_SEED_CONF_DIR"])
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        found = ((entry.name, tar.extractfile(entry)) for entry in tar)
        return {Path(name).name: file.read() for name, file in found if file}


def _configuration(folder: str, replacing: Mapping[str, str], seed: dict[str, bytes]) -> bytes:
    """Returns an archive for /srv: the files of a configuration, and of the sample the others."""
    files = dict(seed)
    for path in sorted((CONFIGURATIONS / folder).iterdir()):
        text = path.read_text()
        for word, value in replacing.items():
            text = text.replace(word, value)
        files[path.name] = text.encode()
    return archive({f"etc/asterisk/{name}": data for name, data in files.items()})
