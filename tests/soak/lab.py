"""A PBX with all that it talks to: phones, an SMS provider, a mail server, an attacker."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import docker

from factory.build.engine import Engine
from factory.build.networks import make_network, remove_network
from factory.waiting import wait_for
from fixtures.attacker import Attacker, running_attacker
from fixtures.itsp import Provider, running_provider
from fixtures.mail import MailServer, running_mail_server
from fixtures.softphone import Account, Softphones
from fixtures.traefik import Authority, Issued, acme_json, rewrite
from tests.integration.voicemail import MailSettings
from tests.integration.websms import await_service
from tests.pbx import LABELS, Pbx, create_container
from tests.soak.blame import TIMEOUT
from tests.soak.samples import Sample, parse

HOST = "pbx.example.com"
ATTACKERS = 40
JAIL, WATCH = 45, 40
"""Seconds of AutoBan's jailtime and watchtime."""
NUMBERS = {
    "ann": "+12025550141",  # … and ben: short calls
    "ben": "+12025550142",
    "cora": "+12025550143",  # … and dan: long calls
    "dan": "+12025550144",
    "eve": "+12025550145",  # … and finn: messages, all the time
    "finn": "+12025550146",
    "gus": "+12025550147",  # leaves messages for hana, who is never there
    "hana": "+12025550148",
}
_PROBE = Path(__file__).with_name("probe.py").read_text()
_EMPTY_QUEUES = {"websms queue": "no pending messages", "minivm-send --queue": "no pending mails"}


class SoakLab:
    """Everything that takes part.

    Attributes:
        pbx: What is proven.
        accounts: Users by name.
        provider: Web service of the SMS provider.
        mail: Mail server.
        attacker: With addresses of its own.
        authority: Who signs the certificates.
        asterisk_runs: Set while Asterisk has not just been killed.
        asterisk_starts: How often it was started again.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        reference: str,
        softphone: str,
        folder: Path,
        stack: ExitStack,
    ) -> None:
        self._client = client
        self._softphone = softphone
        self._stack = stack
        self._acme = folder / "acme.json"
        self._network = f"soak-{secrets.token_hex(4)}"
        network = make_network(Engine(client), self._network, LABELS, prefix=26)
        stack.callback(remove_network, network)
        self.asterisk_runs = threading.Event()
        self.asterisk_runs.set()
        self.asterisk_starts = 0
        self.authority = Authority()
        self._names = [HOST]
        self.renew()
        password = secrets.token_hex(8)
        self.accounts = {name: Account(name, password, number) for name, number in NUMBERS.items()}
        self.provider: Provider = self._enter(running_provider)
        self.mail: MailServer = self._enter(running_mail_server)
        self.attacker: Attacker = self._enter(running_attacker, more=ATTACKERS)
        self.pbx = self._start(reference)
        self._names.append(self.pbx.address())  # which phones that verify it want to see
        self._configure()

    def phones(self) -> Softphones:
        """Makes a group of phones, of which each hears only the others."""
        phones = Softphones(self._client, self._network, labels=LABELS, image=self._softphone)
        self._stack.callback(phones.close)
        phones.names[self.pbx.address()] = "pbx"
        return phones

    def renew(self) -> Issued:
        """Has Traefik get a new certificate; returns it."""
        issued = self.authority.issue(*self._names)
        rewrite(self._acme, acme_json({HOST: issued}))
        return issued

    def jailed(self) -> dict[str, dict[str, Any]]:
        """Who is in AutoBan's jail, by address; waits for AutoBan, should it have been killed."""
        _, (output, _) = wait_for(
            lambda: self.pbx.container.exec_run(["autoban", "--json"], demux=True),
            lambda result: result.exit_code == 0,
            seconds=TIMEOUT,
            otherwise="autoban --json does not work",
        )
        members = json.loads(cast(bytes, output))["members"]
        return {row["address"]: row for row in members if row["set"] == "jail"}

    def services(self) -> list[str]:
        """The names of the image's services."""
        return self.pbx.run("ls /etc/service").split()

    def sample(self) -> Sample:
        """Looks how the PBX is."""
        probe = ["python3", "-IS", "-c", _PROBE]
        result = self.pbx.container.exec_run(probe)
        output = cast(bytes, result.output).decode()
        assert result.exit_code == 0, output
        return parse(output)

    def await_queues(self, seconds: float) -> None:
        """Retry all that is pending, and wait until nothing is.

        Raises:
            TimeoutError: something is; the message has the queues.
        """

        def waiting() -> Mapping[str, str]:
            self.pbx.container.exec_run(["minivm-send", "--retry"])
            said = {command: self.pbx.run(command) for command in _EMPTY_QUEUES}
            return {x: said[x] for x, nothing in _EMPTY_QUEUES.items() if said[x] != nothing}

        wait_for(waiting, lambda said: not said, seconds=seconds, otherwise="messages are pending")

    def _enter(self, running: Any, **options: Any) -> Any:
        return self._stack.enter_context(
            running(self._client, self._network, image=self._softphone, labels=LABELS, **options)
        )

    def _start(self, reference: str) -> Pbx:
        volume = self._client.volumes.create(labels=LABELS)
        self._stack.callback(volume.remove, force=True)
        container = create_container(
            self._client,
            reference,
            self._stack,
            network_mode=None,
            network=self._network,
            hostname=HOST,
            environment={"SYSLOG_LEVEL": "7"},
            cap_add=["NET_ADMIN", "SYS_PTRACE"],  # the latter for the probe
            volumes=[f"{volume.name}:/srv", f"{self._acme.parent}:/acme:ro"],
            healthcheck=None,  # the image's own, every ten seconds
        )
        container.start()
        return Pbx(container).await_health()

    def _configure(self) -> None:
        users = "".join(_user(account) for account in self.accounts.values())
        login = self.provider.login
        websms = (
            f"[websms]\nurl_host = http://{self.provider.name}\nurl_path = /basic\n"
            f"auth_user = {login.user}\nauth_secret = {login.secret}\n"
            "[websmsd]\nkey_id = id\n"
            "[astqueue]\nchannel_context = dp_entry_answer\ncontext = dp_entry_text_in\n"
        )
        self.pbx.run(
            f"cat >> /etc/asterisk/pjsip_endpoint.conf << 'END'\n{users}\nEND\n"
            f"cat > /etc/asterisk/websms.conf << 'END'\n{websms}\nEND\n"
            f"sed -i 's/^jailtime.*/jailtime = {JAIL}/; s/^watchtime.*/watchtime = {WATCH}/' "
            "/etc/asterisk/autoban.conf\n"
            "sv restart websms autoban"
        )
        self.pbx.asterisk("module reload res_pjsip.so")
        MailSettings(self.pbx, self.mail).starttls()
        await_service(self.pbx)
        self.pbx.await_health()


def _user(account: Account) -> str:
    mailbox = "endpoint/mailboxes = hana@example.com\n" if account.user == "hana" else ""
    return (
        f"\n[{account.user}](w_term_io)\n"
        f"hint_exten = {account.number}\n"
        f"endpoint/callerid = {account.user.title()} <{account.number}>\n"
        f"inbound_auth/username = {account.user}\n"
        f"inbound_auth/password = {account.password}\n{mailbox}"
    )
